"""Sessions: a random token in a browser's cookie, kept as a digest, that ends by itself and can be ended.

A session ends at its absolute age, or when it was not used for a while, or when somebody ends it. Where its person is
no member of the organisation in use any more, it goes on in another one of theirs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from justpaid.accounts.people_tables import Member, UserSession
from justpaid.accounts.recent import Identity, SignedIn, forget_session, forget_user, recent_of
from justpaid.accounts.tables import Mode, Organisation
from justpaid.accounts.tokens import new_token, token_digest
from justpaid.kernel.errors import Forbidden, NotFound, Unauthenticated
from justpaid.kernel.ids import new_id
from justpaid.platform.database import Database

#: How exactly a session's last use is noted: one write a minute, not one a request.
_NOTED_EVERY: Final = timedelta(minutes=1)
_MAX_AGENT: Final = 300


class NotSignedIn(Unauthenticated):
    code: ClassVar[str] = "not_signed_in"
    title: ClassVar[str] = "Nobody is signed in"

    def __init__(self, detail: str = "This session has ended, or never was. Sign in again.") -> None:
        super().__init__(detail)


class NoOrganisation(Forbidden):
    code: ClassVar[str] = "no_organisation"
    title: ClassVar[str] = "This user is in no organisation"


@dataclass(frozen=True, slots=True)
class Client:
    """From where somebody signs in: network address and browser, as they told."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """`idle`: ends when it was not used for as long. `most`: ends then in any case."""

    idle: timedelta
    most: timedelta


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """`token` exists nowhere else: it goes into the cookie."""

    id: str
    user_id: str
    organisation_id: str
    expires_at: datetime
    token: str = field(repr=False)


def open_session(
    session: Session,
    user_id: str,
    client: Client,
    now: datetime,
    lifetime: Lifetime,
    organisation_id: str | None = None,
) -> OpenedSession:
    """Sign the user in, with a new token, to the given organisation, else the one used last, else the oldest.

    Needs a system session.  Raises: NoOrganisation.
    """
    last = sa.select(UserSession.organisation_id).where(UserSession.user_id == user_id)
    preferred = organisation_id or session.scalar(last.order_by(UserSession.id.desc()).limit(1))
    chosen = _organisation_of(session, user_id, preferred)
    if chosen is None:
        raise NoOrganisation("You are a member of no organisation. Ask an owner or admin to invite you.")
    token = new_token()
    opened = UserSession(
        id=new_id("ses"),
        digest=token_digest(token),
        user_id=user_id,
        organisation_id=chosen,
        address=client.address,
        user_agent=client.user_agent[:_MAX_AGENT],
        created_at=now,
        last_seen_at=now,
        expires_at=now + lifetime.most,
    )
    session.add(opened)
    session.flush()
    return OpenedSession(opened.id, user_id, chosen, opened.expires_at, token)


def identify_session(database: Database, token: str, now: datetime, idle: timedelta) -> Identity:
    """Who acts by this session. Costs a query only when it was not asked for in the last seconds.

    Raises: NotSignedIn.
    """
    digest = token_digest(token)
    identity = recent_of(database).get(digest, lambda: _read(database, digest, now, idle))
    if identity is None or identity.person is None or identity.person.until <= now:
        raise NotSignedIn
    return identity


def recall_session(database: Database, token: str, now: datetime) -> Identity | None:
    """What `identify_session` found in the last seconds, without a query."""
    identity = recent_of(database).recall(token_digest(token))
    valid = identity is not None and identity.person is not None and now < identity.person.until
    return identity if valid else None


def switch_organisation(session: Session, session_id: str, user_id: str, organisation_id: str) -> None:
    """From now on the session acts for this organisation.  Raises: NotFound where its user is no member there."""
    if _organisation_of(session, user_id, organisation_id) != organisation_id:
        raise NotFound(f"You are in no organisation {organisation_id!r}. GET /v1/auth/session lists yours.")
    record = session.get_one(UserSession, session_id)
    record.organisation_id = organisation_id
    session.flush()
    _after_commit(session, lambda: forget_session(session_id))


def end_session(session: Session, user_id: str, session_id: str, now: datetime) -> None:
    """Raises: NotFound, also for somebody else's."""
    record = session.get(UserSession, session_id)
    if record is None or record.user_id != user_id:
        raise NotFound(f"You have no session {session_id!r}. GET /v1/auth/sessions lists yours.")
    if record.ended_at is None:
        record.ended_at = now
        session.flush()
    _after_commit(session, lambda: forget_session(session_id))


def end_token(session: Session, token: str, now: datetime) -> None:
    """End the session of this token, if there is one: whoever signs in anew leaves the old one."""
    record = session.scalar(sa.select(UserSession).where(UserSession.digest == token_digest(token)))
    if record is not None:
        end_session(session, record.user_id, record.id, now)


def end_sessions(session: Session, user_id: str, now: datetime, but: str | None = None) -> None:
    """End all sessions of a user, `but` the one with this id."""
    ended = sa.update(UserSession).where(UserSession.user_id == user_id, UserSession.ended_at.is_(None))
    session.execute(ended.where(UserSession.id != but) if but else ended, {"ended_at": now})
    _after_commit(session, lambda: forget_user(user_id))


def list_sessions(session: Session, user_id: str, now: datetime, idle: timedelta) -> Sequence[UserSession]:
    """Those of a user that are open, newest first."""
    query = sa.select(UserSession).where(UserSession.user_id == user_id, *_open(now, idle))
    return session.scalars(query.order_by(UserSession.id.desc())).all()


def _open(now: datetime, idle: timedelta) -> tuple[sa.ColumnElement[bool], ...]:
    return (UserSession.ended_at.is_(None), UserSession.expires_at > now, UserSession.last_seen_at > now - idle)


def _read(database: Database, digest: str, now: datetime, idle: timedelta) -> Identity | None:
    with database.system() as session:
        query = sa.select(UserSession).where(UserSession.digest == digest, *_open(now, idle))
        record = session.scalar(query)
        if record is None:
            return None
        chosen = _organisation_of(session, record.user_id, record.organisation_id)
        if chosen is None:
            return None
        if chosen != record.organisation_id:
            record.organisation_id = chosen
        if now - record.last_seen_at >= _NOTED_EVERY:
            record.last_seen_at = now
        member, mode, clock_at = session.execute(_membership(record.user_id, chosen)).one()
        until = min(record.expires_at, record.last_seen_at + idle)
        person = SignedIn(record.id, record.user_id, member.id, member.role, until)
        return Identity(chosen, mode, None, clock_at, member.email, person)


def _membership(user_id: str, organisation_id: str) -> sa.Select[Member, Mode, datetime | None]:
    return (
        sa.select(Member, Organisation.mode, Organisation.clock_at)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Member.user_id == user_id, Member.organisation_id == organisation_id)
    )


def _organisation_of(session: Session, user_id: str, preferred: str | None) -> str | None:
    """The preferred one if the user is a member of it, else the oldest of theirs, one in test mode first."""
    query = sa.select(Member.organisation_id).join(Organisation, Organisation.id == Member.organisation_id)
    is_preferred = Member.organisation_id == (preferred or "")
    order = (is_preferred.desc(), (Organisation.mode == "test").desc(), Member.organisation_id)
    return session.scalar(query.where(Member.user_id == user_id).order_by(*order).limit(1))


def _after_commit(session: Session, act: Callable[[], None]) -> None:
    event.listen(session, "after_commit", lambda _session: act(), once=True)
