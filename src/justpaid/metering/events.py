"""Single events: the list, one by its id, and what was made of it by corrections."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from justpaid.ingest import Version, decode_block, versions_of
from justpaid.kernel.errors import EventsExpired
from justpaid.metering.effects import NEVER, Effect, Effects
from justpaid.metering.expressions import source_condition, value_of
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.standing import Facts, LeftOut, counted_during, left_out
from justpaid.metering.voids import withdrawn_events
from justpaid.platform.journal import Journal
from justpaid.platform.warehouse import Warehouse

_COLUMNS: Final = "id, customer, event, timestamp, quantity, properties, received_at, seq, backfill"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """The version of an event that counts, or that counted last.

    `customer_key` is as the client sent it; `properties` is canonical JSON text; `sequence` its journal place.
    `withdrawn_at` is the journal place of the void that ended it, if one did. `backfill_id` is empty where it belongs
    to none; `left_out` says which backfill keeps it from counting, if one does.
    """

    sequence: int
    id: str
    customer_key: str
    event: str
    timestamp: datetime
    quantity: Decimal
    properties: str
    received_at: datetime
    withdrawn_at: int | None = None
    backfill_id: str = ""
    left_out: LeftOut | None = None

    @property
    def voided(self) -> bool:
        return self.withdrawn_at is not None

    @property
    def counts(self) -> bool:
        return not self.voided and self.left_out is None


@dataclass(frozen=True, slots=True)
class Change:
    """One step in an event's life: `version` is what came to count then, or for a void what counts no longer."""

    kind: Literal["accepted", "amended", "voided"]
    sequence: int
    at: datetime
    version: StoredEvent


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Every condition is optional. `before` (timestamp, sequence) continues a list after that event."""

    customer_keys: tuple[str, ...] | None = None
    event: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    backfill_id: str | None = None
    before: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What one meter took from one event. `value` is None where the property held no number."""

    meter: MeterDefinition
    value: Decimal | None


class EventReader:
    def __init__(self, journal: Journal, warehouse: Warehouse, effects: Effects) -> None:
        self._journal = journal
        self._warehouse = warehouse
        self._effects = effects

    def list_events(self, organisation_id: str, filter_: EventFilter, limit: int) -> list[StoredEvent]:
        """Latest first by timestamp; events that are still in the journal only come within moments."""
        if filter_.customer_keys == ():
            return []
        condition, parameters = _condition(organisation_id, filter_)
        replaced, voided = withdrawn_events(organisation_id, replaced=True), withdrawn_events(organisation_id)
        sql = f"""SELECT {_COLUMNS} FROM events WHERE {condition} AND seq NOT IN ({replaced})
            ORDER BY timestamp DESC, seq DESC LIMIT {{limit:UInt32}}"""
        rows = self._warehouse.query(sql, parameters | {"limit": limit}).to_pylist()
        shown = {"shown": [row["seq"] for row in rows]}
        by = self._warehouse.query(f"{voided} AND target IN {{shown:Array(UInt64)}}", shown).to_pylist() if rows else []
        withdrawn = {row["target"]: row["seq"] for row in by}
        effects = self._effects.of(organisation_id)
        return [_stored(row | {"withdrawn_at": withdrawn.get(row["seq"])}, effects) for row in rows]

    def customer_keys(self, organisation_id: str, filter_: EventFilter) -> list[str]:
        """Every customer key, as sent, that occurs under the filter; in alphabetical order."""
        if filter_.customer_keys == ():
            return []
        condition, parameters = _condition(organisation_id, replace(filter_, before=None))
        sql = f"SELECT DISTINCT customer FROM events WHERE {condition} ORDER BY customer"
        return [row["customer"] for row in self._warehouse.query(sql, parameters).to_pylist()]

    def find(self, organisation_id: str, event_id: str) -> StoredEvent | None:
        """The event with this id, from the moment of its receipt, and as its latest correction left it. Of one that was
        sent more than once, in backfills, the one that counts; or else the last.

        Raises: EventsExpired.
        """
        last = None
        versions = versions_of(self._journal, organisation_id, event_id)
        for version in reversed(versions):
            if version.amended:
                continue
            event = self._read(organisation_id, version)
            if event is not None and event.counts:
                return event
            last = last or event
        if versions and last is None:
            raise EventsExpired(
                f"Event {event_id!r} was accepted and metered, but its content has expired, as "
                "JUSTPAID_EVENTS_RETENTION_DAYS says. Its id stays taken."
            )
        return last

    def versions(self, organisation_id: str, event_id: str) -> list[Version]:
        return versions_of(self._journal, organisation_id, event_id)

    def history(self, organisation_id: str, event_id: str) -> list[Change]:
        """What happened to this event, in order; nothing if its id is unknown."""
        changes: list[Change] = []
        for version in versions_of(self._journal, organisation_id, event_id):
            if (event := self._read(organisation_id, version)) is None:
                continue
            changes.append(Change("accepted" if version.sent else "amended", event.sequence, event.received_at, event))
            if version.withdrawn_at is not None and not version.amended:
                changes.append(Change("voided", version.withdrawn_at, self._withdrawn(organisation_id, event), event))
        return sorted(changes, key=lambda change: change.sequence)

    def counted_during(self, organisation_id: str, event: StoredEvent) -> list[tuple[int, int]]:
        """It counted as of every cut-off above the first and up to the second of one of these pairs of sequences."""
        return counted_during(_facts(event), self._effects.of(organisation_id))

    def measures(self, meters: list[MeterDefinition], event: StoredEvent) -> list[Measure]:
        """Which of these meters take the event, and what each takes; only for an event that is metered already."""
        if not meters:
            return []
        columns = ", ".join(
            f"({source_condition(meter)}) AS matched_{position}, {value_of(meter)} AS value_{position}"
            for position, meter in enumerate(meters)
        )
        rows = self._warehouse.query(
            f"SELECT {columns} FROM events WHERE seq = {{seq:UInt64}}", {"seq": event.sequence}
        ).to_pylist()
        return [
            Measure(meter, row[f"value_{position}"])
            for row in rows
            for position, meter in enumerate(meters)
            if row[f"matched_{position}"]
        ]

    def _read(self, organisation_id: str, version: Version) -> StoredEvent | None:
        """A record leaves the journal only after it came into the warehouse."""
        sequence = version.sequence
        row = self._from_journal(sequence) or self._from_warehouse("events", _COLUMNS, organisation_id, sequence)
        if row is None:
            return None
        return _stored(row | {"withdrawn_at": version.withdrawn_at}, self._effects.of(organisation_id))

    def _withdrawn(self, organisation_id: str, event: StoredEvent) -> datetime:
        """When it was."""
        sequence = event.withdrawn_at
        assert sequence is not None
        row = self._from_journal(sequence) or self._from_warehouse("voids", "received_at", organisation_id, sequence)
        assert row is not None
        at: datetime = row["received_at"]
        return at.astimezone(UTC)

    def _from_journal(self, sequence: int) -> dict[str, Any] | None:
        block = self._journal.block_of(sequence)
        if block is None:
            return None
        row: dict[str, Any] = decode_block(block.payload).slice(sequence - block.start, 1).to_pylist()[0]
        return row | {"seq": sequence, "quantity": Decimal(row["quantity"])}

    def _from_warehouse(self, table: str, columns: str, organisation_id: str, sequence: int) -> dict[str, Any] | None:
        sql = f"SELECT {columns} FROM {table} WHERE organisation = {{organisation:String}} AND seq = {{seq:UInt64}}"
        rows = self._warehouse.query(sql, {"organisation": organisation_id, "seq": sequence}).to_pylist()
        return rows[0] if rows else None


def _condition(organisation_id: str, filter_: EventFilter) -> tuple[str, dict[str, Any]]:
    conditions = ["organisation = {organisation:String}"]
    parameters: dict[str, Any] = {"organisation": organisation_id}
    if filter_.customer_keys is not None:
        conditions.append("customer IN {keys:Array(String)}")
        parameters["keys"] = list(filter_.customer_keys)
    if filter_.event is not None:
        conditions.append("event = {event:String}")
        parameters["event"] = filter_.event
    if filter_.backfill_id is not None:
        conditions.append("backfill = {backfill:String}")
        parameters["backfill"] = filter_.backfill_id
    for name, instant, sign in (("start", filter_.start, ">="), ("end", filter_.end, "<")):
        if instant is not None:
            conditions.append(f"timestamp {sign} {{{name}:DateTime64(6, 'UTC')}}")
            parameters[name] = instant
    if filter_.before is not None:
        conditions.append("(timestamp, seq) < ({at:DateTime64(6, 'UTC')}, {seq:UInt64})")
        parameters["at"], parameters["seq"] = filter_.before
    return " AND ".join(conditions), parameters


def _stored(row: dict[str, Any], effects: Sequence[Effect]) -> StoredEvent:
    event = StoredEvent(
        sequence=row["seq"],
        id=row["id"],
        customer_key=row["customer"],
        event=row["event"],
        timestamp=row["timestamp"].astimezone(UTC),
        quantity=row["quantity"],
        properties=row["properties"],
        received_at=row["received_at"].astimezone(UTC),
        withdrawn_at=row["withdrawn_at"],
        backfill_id=row.get("backfill") or "",
    )
    return replace(event, left_out=left_out(_facts(event), effects)) if effects or event.backfill_id else event


def _facts(event: StoredEvent) -> Facts:
    withdrawn_at = NEVER if event.withdrawn_at is None else event.withdrawn_at
    return Facts(event.sequence, event.customer_key, event.event, event.timestamp, event.backfill_id, withdrawn_at)
