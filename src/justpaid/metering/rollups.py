"""Which meters have a rollup, from where on it is live, and whether its past has been filled in.

A rollup is one generation of a meter's rows in `usage`. Its rows come from two sides that meet at `live_from`: the
roller adds every event from that sequence on, the filling everything before it. A filling that was interrupted is
not continued, and a rollup of another version of the meter not taken over: a new generation starts, and once it is
complete the old one's rows, ignored by then, are deleted.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from justpaid.metering.effects import Effects, layer
from justpaid.metering.expressions import (
    added_columns,
    matches,
    named_as,
    parsed_once,
    rollup_columns,
    taken_by_each,
)
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.schema import BUCKET_OF_EVENT, EVERYONE, LAYOUT, QUARTER_OF_EVENT
from justpaid.platform.journal import Journal
from justpaid.platform.warehouse import Warehouse, quote

_PREFIX: Final = "metering.rollup."


class Rollup(msgspec.Struct, frozen=True):
    """`id` names its rows in `usage`. Until `complete`, usage is answered from `events`. `version` is the meter's,
    `layout` that of `usage` when its rows were made. `since`: when it was built, events from before that instant were
    gone; None if it holds all there ever were."""

    meter_id: str
    generation: int
    live_from: int
    complete: bool
    version: int = 1
    since: datetime | None = None
    layout: int = 1

    @property
    def id(self) -> str:
        return f"{self.meter_id}.{self.generation}"


class Rollups:
    """The registry, kept as marks of the journal: it describes this node's warehouse and lives beside it.

    Used by the roller, the filling and readers at once. How far a filling is lives in memory alone.
    """

    def __init__(self, journal: Journal, warehouse: Warehouse) -> None:
        self._journal = journal
        self._warehouse = warehouse
        self._lock = threading.Lock()
        stored = (msgspec.json.decode(value, type=Rollup) for value in journal.marks(_PREFIX).values())
        self._rollups = {rollup.meter_id: rollup for rollup in stored}
        self._filled: dict[str, int] = {}

    def of(self, meter: MeterDefinition) -> Rollup | None:
        """The rollup of just this version of the meter, complete or not."""
        rollup = self._rollups.get(meter.id)
        return rollup if rollup and _is_for(rollup, meter) else None

    def progress(self, meter: MeterDefinition) -> Decimal:
        """How much of the past the meter's rollup covers, to two places and rounded down; 1 means complete."""
        rollup = self.of(meter)
        if rollup is None:
            return Decimal(0)
        if rollup.complete:
            return Decimal(1)
        return Decimal(min(99, self._filled.get(rollup.id, 0) * 100 // rollup.live_from)).scaleb(-2)

    def register(self, meters: Iterable[MeterDefinition], position: int) -> list[tuple[MeterDefinition, Rollup]]:
        """Give each meter whose version has no complete rollup, and none in the making, a new one, live from
        `position`; return those that have a past to fill in."""
        fresh = []
        for meter in meters:
            known = self._rollups.get(meter.id)
            if known and _is_for(known, meter) and (known.complete or known.id in self._filled):
                continue
            generation = known.generation + 1 if known else 1
            fresh.append((meter, Rollup(meter.id, generation, position, position == 0, meter.version, layout=LAYOUT)))
        if fresh:
            self._store([rollup for _, rollup in fresh])
        past = [(meter, rollup) for meter, rollup in fresh if not rollup.complete]
        self._filled |= {rollup.id: 0 for _, rollup in past}
        return past

    def is_current(self, rollup: Rollup) -> bool:
        """False once its meter has a newer generation."""
        return self._rollups.get(rollup.meter_id) == rollup

    def filled(self, rollup: Rollup, upto: int) -> None:
        self._filled[rollup.id] = upto

    def abandon(self, rollup: Rollup) -> None:
        """It can't be completed; the next `register` starts a new generation."""
        self._filled.pop(rollup.id, None)

    def complete(self, rollup: Rollup, *, since: datetime | None) -> None:
        """Its past is filled in: from now on it answers, unless its meter has a newer generation."""
        with self._lock:
            if not self.is_current(rollup):
                return
            self._put([msgspec.structs.replace(rollup, complete=True, since=since)])
        self._filled.pop(rollup.id, None)
        if rollup.generation > 1:
            self._delete_generations_before(rollup)

    def _store(self, rollups: list[Rollup]) -> None:
        with self._lock:
            self._put(rollups)

    def _put(self, rollups: list[Rollup]) -> None:
        self._journal.set_marks({_PREFIX + rollup.meter_id: msgspec.json.encode(rollup) for rollup in rollups})
        self._rollups = {**self._rollups, **{rollup.meter_id: rollup for rollup in rollups}}

    def _delete_generations_before(self, rollup: Rollup) -> None:
        stale = [f"{rollup.meter_id}.{generation}" for generation in range(1, rollup.generation)]
        self._warehouse.execute(
            f"ALTER TABLE usage DELETE WHERE rollup IN ({', '.join(map(quote, stale))}) SETTINGS mutations_sync = 0"
        )


def _is_for(rollup: Rollup, meter: MeterDefinition) -> bool:
    return rollup.version == meter.version and rollup.layout == LAYOUT


class _Taken(NamedTuple):
    """What a rollup takes of the events that are read: those of its meter, from sequence `since` on."""

    meter: MeterDefinition
    rollup_id: str
    since: int = 0


def rollup_insert(
    rollups: Iterable[tuple[MeterDefinition, Rollup]], effects: Effects, start: int, end: int, *, upto: int
) -> str:
    """The INSERT that adds the events of sequences [start, end) to these rollups, by customer and for everyone."""
    taken = (
        _Taken(meter, rollup.id, rollup.live_from if start < rollup.live_from < end else 0) for meter, rollup in rollups
    )

    def columns(meters: Sequence[MeterDefinition]) -> str:
        return f"""organisation, rollup, customer, if(customer = {EVERYONE}, quarter, five_minutes) AS bucket,
            dimensions, backfill, layer, {rollup_columns(meters)}, toUInt64({upto}) AS upto"""

    condition, grouping = f"seq >= {start} AND seq < {end}", f"GROUPING SETS (({_BY_CUSTOMER}), ({_BY_QUARTER}))"
    return f"INSERT INTO usage {_select(taken, effects, condition, columns, f'GROUP BY {grouping}')}"


def rollup_select(rollups: Iterable[tuple[MeterDefinition, Rollup]], effects: Effects, end: int, customers: str) -> str:
    """What the customers' rows of these rollups in `usage` ought to be, from all events below sequence `end` under the
    condition `customers`."""

    def columns(meters: Sequence[MeterDefinition]) -> str:
        return f"{_KEY}, {rollup_columns(meters)}"

    return _select(_all_of(rollups), effects, f"seq < {end} AND {customers}", columns, f"GROUP BY {_BY_CUSTOMER}")


def added_select(rollups: Iterable[tuple[MeterDefinition, Rollup]], effects: Effects, end: int, customers: str) -> str:
    """What each single event adds to these rows, for rollups of meters that add up."""

    def columns(meters: Sequence[MeterDefinition]) -> str:
        return f"{_KEY}, {added_columns(meters)}"

    return _select(_all_of(rollups), effects, f"seq < {end} AND {customers}", columns)


_BY_CUSTOMER: Final = "organisation, rollup, customer, five_minutes, dimensions, backfill, layer"
_BY_QUARTER: Final = "organisation, rollup, quarter, dimensions, backfill, layer"
_KEY: Final = "rollup, customer, five_minutes AS bucket, dimensions, backfill, layer"


def _all_of(rollups: Iterable[tuple[MeterDefinition, Rollup]]) -> list[_Taken]:
    return [_Taken(meter, rollup.id) for meter, rollup in rollups]


def _select(
    taken: Iterable[_Taken],
    effects: Effects,
    condition: str,
    columns: Callable[[Sequence[MeterDefinition]], str],
    grouping: str = "",
) -> str:
    """One branch per (organisation, event name), so that a meter costs only where its events are; within a branch each
    event is read once, however many meters take it."""
    groups: dict[tuple[str, str], list[_Taken]] = {}
    for one in taken:
        groups.setdefault((one.meter.organisation_id, one.meter.event), []).append(one)
    return " UNION ALL ".join(
        f"SELECT {columns([one.meter for one in group])} {_rows(group, effects, condition)} {grouping}"
        for group in groups.values()
    )


def _rows(group: Sequence[_Taken], effects: Effects, condition: str) -> str:
    meters = [one.meter for one in group]
    organisation_id, event = meters[0].organisation_id, meters[0].event
    parsed, text = parsed_once(meters)
    matching = (
        f"{matches(one.meter, text)} AND seq >= {one.since}" if one.since else matches(one.meter, text) for one in group
    )
    return f"""FROM (
        SELECT organisation, customer, timestamp, {BUCKET_OF_EVENT} AS five_minutes, {QUARTER_OF_EVENT} AS quarter, seq,
            properties, quantity, backfill, {parsed} {layer(effects.of(organisation_id), event)} AS layer
        FROM events
        WHERE {named_as(meters[0])} AND {condition}
    )
    ARRAY JOIN {taken_by_each(meters, [one.rollup_id for one in group], list(matching), text)}
    WHERE matches"""


Definitions = Callable[[], list[MeterDefinition]]
"""Loads every meter of every organisation."""
