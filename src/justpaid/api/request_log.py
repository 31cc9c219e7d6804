"""The request log: what an organisation's keys and members asked for, and how it went.

Noting a request costs a list append, or for events one addition in a dictionary; a thread writes what was noted, in
batches, every few seconds. A log is no book: what was noted in the last seconds is lost if the process is killed, and
while PostgreSQL is away so much is kept and no more. Bodies, addresses with what is in them, and secrets are not noted.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from justpaid.accounts import Identity, Organisation
from justpaid.api.installation import Installation
from justpaid.api.tables import RequestLogEntry
from justpaid.kernel.ids import new_id

_WRITE_EVERY_S: Final = 2.0
_TRIM_EVERY: Final = timedelta(minutes=10)
#: About ten seconds of a busy server; what is beyond while nothing can be written is dropped.
_MOST_WAITING: Final = 20_000
_AT_ONCE: Final = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was answered, or what is alike in several."""

    organisation_id: str
    method: str
    path: str
    status: int
    error_code: str | None
    actor_type: str
    actor_id: str
    actor_name: str


@dataclass(slots=True)
class _Tally:
    count: int = 0
    seconds: float = 0.0


class RequestLog:
    """`start` and `stop` run the thread; `write` does its work at once. Thread-safe. How much is kept is a setting."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._waiting: list[dict[str, Any]] = []
        self._minutes: dict[tuple[datetime, Asked], _Tally] = {}
        self._dropped = 0
        self._trimmed_at: datetime | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_on(self) -> bool:
        return self._installation.settings.request_log_days > 0

    def note(self, asked: Asked, request_id: str, seconds: float) -> None:
        row = _row(asked, request_id, self._installation.clock.now(), seconds, 1)
        with self._lock:
            if len(self._waiting) < _MOST_WAITING:
                self._waiting.append(row)
            else:
                self._dropped += 1

    def count(self, asked: Asked, seconds: float) -> None:
        """Note one of many, to be kept as one row a minute."""
        minute = self._installation.clock.now().replace(second=0, microsecond=0)
        with self._lock:
            tally = self._minutes.setdefault((minute, asked), _Tally())
            tally.count += 1
            tally.seconds += seconds

    def start(self) -> None:
        if self.is_on:
            self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write what is noted, the minute that runs too."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._attempt(whole=True)

    def write(self, *, whole: bool = False) -> None:
        """Insert what was noted; of minutes only those that are over, unless `whole`. And trim, now and then."""
        rows = self._taken(whole)
        try:
            for start in range(0, len(rows), _AT_ONCE):
                with self._installation.database.system() as session:
                    session.execute(sa.insert(RequestLogEntry), rows[start : start + _AT_ONCE])
        except Exception:
            with self._lock:
                self._waiting = (rows[start:] + self._waiting)[:_MOST_WAITING]
            raise
        now, settings = self._installation.clock.now(), self._installation.settings
        if self._trimmed_at is None or now - self._trimmed_at >= _TRIM_EVERY:
            self._trimmed_at = now
            with self._installation.database.system() as session:
                trim(session, now - timedelta(days=settings.request_log_days), settings.request_log_rows)

    def _run(self) -> None:
        while not self._stopping.wait(_WRITE_EVERY_S):
            self._attempt()

    def _attempt(self, *, whole: bool = False) -> None:
        try:
            self.write(whole=whole)
        except Exception as error:
            log.warning("request_log.not_written", error=str(error), retry_s=_WRITE_EVERY_S)

    def _taken(self, whole: bool) -> list[dict[str, Any]]:
        this_minute = self._installation.clock.now().replace(second=0, microsecond=0)
        with self._lock:
            rows, self._waiting = self._waiting, []
            over = [key for key in self._minutes if whole or key[0] != this_minute]
            for key in over:
                (minute, asked), tally = key, self._minutes.pop(key)
                rows.append(_row(asked, new_id("req"), minute, tally.seconds / tally.count, tally.count))
            dropped, self._dropped = self._dropped, 0
        if dropped:
            log.warning("request_log.dropped", requests=dropped)
        return rows


def list_requests(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[RequestLogEntry]:
    """Newest first."""
    query = sa.select(RequestLogEntry).order_by(RequestLogEntry.id.desc()).limit(limit)
    return session.scalars(query.where(RequestLogEntry.id < before_id) if before_id else query).all()


def trim(session: Session, since: datetime, rows: int) -> None:
    """Forget what is older than `since`, and of each organisation all but the newest `rows`. Needs a system session."""
    session.execute(sa.delete(RequestLogEntry).where(RequestLogEntry.at < since))
    for organisation_id in session.scalars(sa.select(Organisation.id)).all():
        of_organisation = RequestLogEntry.organisation_id == organisation_id
        oldest_kept = sa.select(RequestLogEntry.id).where(of_organisation).order_by(RequestLogEntry.id.desc())
        beyond = oldest_kept.offset(rows).limit(1).scalar_subquery()
        session.execute(sa.delete(RequestLogEntry).where(of_organisation, RequestLogEntry.id <= beyond))


def asked_by(identity: Identity, route: str, status: int, error_code: str | None) -> Asked:
    """`route`: the method and the path's template."""
    method, _, path = route.partition(" ")
    kind = "member" if identity.person else "api_key"
    return Asked(identity.organisation_id, method, path, status, error_code, kind, identity.actor_id, identity.name)


def _row(asked: Asked, id: str, at: datetime, seconds: float, count: int) -> dict[str, Any]:
    fields = {name: getattr(asked, name) for name in Asked.__slots__}
    return fields | {"id": id, "at": at, "duration_ms": round(seconds * 1000), "count": count}
