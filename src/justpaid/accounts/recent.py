"""Identities read lately, so that a request costs no query to authenticate. Known by digest, never by secret."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from weakref import WeakKeyDictionary

from justpaid.accounts.audit import Actor
from justpaid.accounts.roles import Role
from justpaid.accounts.tables import Mode
from justpaid.platform.database import Database

#: Another process's revocation acts here after at most this long.
KEPT_FOR_S = 5.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class SignedIn:
    """By which session a person acts, with which role; `until` is when the session ends unless it is used again."""

    session_id: str
    user_id: str
    member_id: str
    role: Role
    until: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """For whom a request acts: by an API key (`key_id`), or by a person's session (`person`).

    `clock_at`: see `Organisation`. `name`: how people know the key or the person.
    """

    organisation_id: str
    mode: Mode
    key_id: str | None
    clock_at: datetime | None = None
    name: str = ""
    person: SignedIn | None = None

    @property
    def actor_id(self) -> str:
        return self.person.member_id if self.person else self.key_id or ""

    def actor(self, request: str) -> Actor:
        return Actor("member" if self.person else "api_key", self.actor_id, request, self.name)


class Recent:
    """Thread-safe. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kept: dict[str, tuple[float, Identity]] = {}
        self._forgotten = 0
        self._lock = Lock()

    def get(self, digest: str, read: Callable[[], Identity | None]) -> Identity | None:
        """The identity of this digest: as kept, or else by `read`. That none was found is not kept."""
        forgotten = self._forgotten
        identity = self.recall(digest)
        if identity is not None:
            return identity
        started_at = self._monotonic()
        identity = read()
        with self._lock:
            # A revocation while we read may have come too late for what we read.
            if identity is not None and forgotten == self._forgotten:
                if len(self._kept) >= _MOST:
                    self._kept.clear()
                self._kept[digest] = (started_at + KEPT_FOR_S, identity)
        return identity

    def recall(self, digest: str) -> Identity | None:
        with self._lock:
            until, identity = self._kept.get(digest, (0.0, None))
            return identity if self._monotonic() < until else None

    def forget(self, is_outdated: Callable[[Identity], bool]) -> None:
        with self._lock:
            self._forgotten += 1
            self._kept = {digest: kept for digest, kept in self._kept.items() if not is_outdated(kept[1])}


_of_database: WeakKeyDictionary[Database, Recent] = WeakKeyDictionary()
_of_database_lock = Lock()


def recent_of(database: Database) -> Recent:
    with _of_database_lock:
        return _of_database.setdefault(database, Recent())


def forget_key(key_id: str) -> None:
    """Drop a key's identity in every database that this process knows; ids are unique over them."""
    _forget(lambda identity: identity.key_id == key_id)


def forget_organisation(organisation_id: str) -> None:
    """Drop the identities of all keys of an organisation, likewise."""
    _forget(lambda identity: identity.organisation_id == organisation_id)


def forget_member(member_id: str) -> None:
    """Drop the identities of a member's sessions, likewise: its role changed, or it is none any more."""
    _forget(lambda identity: identity.person is not None and identity.person.member_id == member_id)


def forget_session(session_id: str) -> None:
    _forget(lambda identity: identity.person is not None and identity.person.session_id == session_id)


def forget_user(user_id: str) -> None:
    _forget(lambda identity: identity.person is not None and identity.person.user_id == user_id)


def _forget(is_outdated: Callable[[Identity], bool]) -> None:
    with _of_database_lock:
        known = list(_of_database.values())
    for recent in known:
        recent.forget(is_outdated)
