"""The audit trail: who changed which record when, from what to what.

Entries are written by the session itself, for every record that it inserts, changes or deletes, in the transaction of
the change: a change can't be kept without its entry, and no entry stays of a change that was undone. The database
refuses to change or delete an entry.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, UOWTransaction, mapped_column

from justpaid.kernel.decimals import plain
from justpaid.kernel.ids import new_id
from justpaid.platform.database import Record, TenantRecord
from justpaid.platform.finding import newest_first

Action = Literal["created", "updated", "deleted"]

#: Fields whose values are never written down, only that they changed.
_SECRET: Final = frozenset({"digest", "invitation_digest", "secret"})
_HIDDEN: Final = "(hidden)"
#: In place of a value before that the request did not look at.
_NOT_READ: Final = "(not read)"


class AuditEntry(TenantRecord):
    """`record` is the table, `record_id` the record's id; `changes` holds field → [before, after].

    `actor_type` is `api_key`, `member`, or `system` for what a billing run does by itself, whose id is the actor then;
    `actor_name` how people know it: a key's start and end, a member's e-mail address as it was then; `request` what was
    asked: `POST /v1/plans`.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (sa.Index(None, "organisation_id", "record_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=sa.func.clock_timestamp())
    actor_type: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str | None]
    action: Mapped[Action] = mapped_column(sa.Text)
    record: Mapped[str]
    record_id: Mapped[str]
    changes: Mapped[dict[str, Any]]
    request: Mapped[str]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and by which request."""

    type: Literal["api_key", "member", "system"]
    id: str
    request: str
    name: str | None = None


def audit(session: Session, organisation_id: str, actor: Actor) -> None:
    """From here on, write down what the session changes. What it changes past the mapped classes is not seen."""

    def before_flush(session: Session, _context: UOWTransaction, _instances: object) -> None:
        session.add_all([_entry(organisation_id, actor, *change) for change in list(_changes(session))])

    event.listen(session, "before_flush", before_flush)


def note(
    session: Session,
    organisation_id: str,
    actor: Actor,
    action: Action,
    record: str,
    record_id: str,
    changes: Mapping[str, tuple[object, object]],
) -> None:
    """Write down what the session does not see: a change of the journal, of another transaction, of rows without an id
    of their own. `changes`: field → (before, after); what did not change is left out."""
    told = {
        name: [_plain(name, before), _plain(name, after)]
        for name, (before, after) in changes.items()
        if before != after
    }
    entry = AuditEntry(
        id=new_id("aud"),
        organisation_id=organisation_id,
        actor_type=actor.type,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        record=record,
        record_id=record_id,
        changes=told,
        request=actor.request,
    )
    session.add(entry)


def list_audit_entries(
    session: Session, *, limit: int, before_id: str | None = None, record_id: str | None = None
) -> Sequence[AuditEntry]:
    """Newest first; of one record where `record_id` is given."""
    query = sa.select(AuditEntry)
    if record_id:
        query = query.where(AuditEntry.record_id == record_id)
    return newest_first(session, query, AuditEntry.id, limit, before_id)


def _changes(session: Session) -> Iterator[tuple[Action, Record, dict[str, Any]]]:
    for record in session.new:
        if _is_audited(record):
            yield "created", record, {name: [None, value] for name, value in _values(record) if value is not None}
    for record in session.dirty:
        if _is_audited(record) and (changed := dict(_changed(record))):
            yield "updated", record, changed
    for record in session.deleted:
        if _is_audited(record):
            yield "deleted", record, {name: [value, None] for name, value in _values(record) if value is not None}


def _is_audited(record: object) -> bool:
    """Records with an id of their own; counters and keys of requests have none."""
    return isinstance(record, Record) and not isinstance(record, AuditEntry) and isinstance(_id_of(record), str)


def _id_of(record: Record) -> object:
    return getattr(record, "id", None)


def _values(record: Record) -> Iterator[tuple[str, Any]]:
    for column in sa.inspect(type(record)).column_attrs:
        yield column.key, _plain(column.key, record.__dict__.get(column.key))


def _changed(record: Record) -> Iterator[tuple[str, list[Any]]]:
    state = sa.inspect(record)
    for column in sa.inspect(type(record)).column_attrs:
        history = state.attrs[column.key].history
        if history.has_changes():
            before = history.deleted[0] if history.deleted else _NOT_READ
            after = history.added[0] if history.added else None
            if before != after:
                yield column.key, [_plain(column.key, before), _plain(column.key, after)]


def _plain(name: str, value: object) -> Any:
    """As JSON takes it."""
    if value is not None and name in _SECRET:
        return _HIDDEN
    match value:
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return plain(value)
        case None | bool() | int() | str() | list() | dict():
            return value
        case _:
            return str(value)


def _entry(organisation_id: str, actor: Actor, action: Action, record: Record, changes: dict[str, Any]) -> AuditEntry:
    return AuditEntry(
        id=new_id("aud"),
        organisation_id=organisation_id,
        actor_type=actor.type,
        actor_id=actor.id,
        actor_name=actor.name,
        action=action,
        record=record.__tablename__,
        record_id=str(_id_of(record)),
        changes=changes,
        request=actor.request,
    )
