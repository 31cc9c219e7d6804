"""What backfills make of usage: whose events count as of a sequence, and what they replace.

`events` and `usage` hold the events of every backfill, open, closed or reverted, and `usage` keeps those of each apart.
So to close or to revert one rewrites nothing: it changes which rows a question takes.

An event comes to count at its own sequence or, in a backfill, at the close of that, whichever is later. A closed
backfill that replaces leaves out the events in its scope that came to count before its close, until it is reverted.
What comes later counts. In `usage` the layer tells the two apart: the sequence of the last close before an event that
would have left it out, or 0.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from justpaid.ingest import Backfill, Stage
from justpaid.kernel.instants import floor_to
from justpaid.kernel.period import Period
from justpaid.metering.schema import BUCKET
from justpaid.platform.warehouse import Warehouse, quote, quote_instant, quote_second

#: A sequence after all others.
NEVER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Effect:
    """A backfill with the sequences of its close and of its revert."""

    backfill: Backfill
    closed: int = NEVER
    reverted: int = NEVER

    def holds(self, upto: int) -> bool:
        """Whether its events count as of this sequence."""
        return self.closed < upto <= self.reverted

    def replaces(self, event: str | None) -> bool:
        """Whether it replaces events of this name (None: of any)."""
        return self.backfill.replace and (event is None or self.backfill.event in (None, event))


class Effects:
    """All closed and reverted backfills, of every organisation: few enough to be kept in memory."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._effects: dict[str, tuple[Effect, ...]] = {}

    def load(self) -> None:
        rows = self._warehouse.query("SELECT organisation, id, step, definition, seq FROM backfills ORDER BY seq")
        self._effects = _taken_up({}, rows.to_pylist())

    def insert(self, rows: pa.Table) -> None:
        """Add steps of backfills; they take effect once the drainer's position is beyond them."""
        self._warehouse.insert("backfills", rows)
        self._effects = _taken_up(self._effects, rows.to_pylist())

    def of(self, organisation_id: str) -> tuple[Effect, ...]:
        """In the order of their closes."""
        return self._effects.get(organisation_id, ())

    def cut(self, bucket: str, upto: int) -> Iterator[str]:
        """A condition on rows of `events` for each close before sequence `upto` whose range begins or ends within
        buckets: the row's `bucket` is one of these."""
        for organisation_id, effects in self._effects.items():
            for effect in effects:
                if effect.closed < upto and effect.backfill.replace and (buckets := _cut(effect)):
                    starts = ", ".join(map(quote_second, buckets))
                    named = "" if effect.backfill.event is None else f" AND event = {quote(effect.backfill.event)}"
                    yield f"organisation = {quote(organisation_id)}{named} AND {bucket} IN ({starts})"


def counting(effects: Iterable[Effect], upto: int, event: str | None = None) -> str:
    """A condition on rows of `events`, of this name where one is given: no backfill keeps them from counting as of
    sequence `upto`."""
    return _counting(effects, upto, event, "timestamp", "seq")


def counting_in_usage(effects: Iterable[Effect], upto: int, event: str) -> str:
    """The same on rows of `usage`, but for the buckets of `edges`."""
    return _counting(effects, upto, event, "bucket", "layer")


def counted_at(effects: Sequence[Effect], cutoff: str) -> str:
    """An expression over a row of `events` and the SQL `cutoff`: it came to count before that, and counted there."""
    closed, reverted = ((f"if(backfill = '', {none}, {_transform(effects, of)})") for none, of in ((0, 0), (NEVER, 1)))
    replaced = (
        f"NOT ({effect.closed} < {cutoff} AND {cutoff} <= {effect.reverted} AND seq < {effect.closed} "
        f"AND {closed} < {effect.closed} AND {scope(effect.backfill)})"
        for effect in effects
        if effect.backfill.replace and effect.closed < NEVER
    )
    return " AND ".join([f"seq < {cutoff} AND {closed} < {cutoff} AND {cutoff} <= {reverted}", *replaced])


def layer(effects: Iterable[Effect], event: str) -> str:
    """The layer of a row of `events`. It depends on what was before the row alone, and so never changes."""
    closes = [
        f"if(seq >= {effect.closed} AND {scope(effect.backfill)}, {effect.closed}, 0)"
        for effect in effects
        if effect.replaces(event) and effect.closed < NEVER
    ]
    return f"toUInt64(greatest(0, {', '.join(closes)}))" if closes else "toUInt64(0)"


def edges(effects: Iterable[Effect], upto: int, event: str, whole: Period, size: timedelta = BUCKET) -> list[datetime]:
    """The buckets of `whole`, of that size, that are replaced in part, and so have to be counted otherwise; by their
    starts."""
    replacing = (effect for effect in effects if effect.holds(upto) and effect.replaces(event))
    buckets = {bucket for effect in replacing for bucket in _cut(effect, size)}
    return sorted(bucket for bucket in buckets if whole.start <= bucket < whole.end)


def scope(backfill: Backfill, at: str = "timestamp", *, named: bool = True) -> str:
    """A condition: within the range and the filters of the backfill; of the event's name only if `named`."""
    conditions = [f"{at} >= {quote_instant(backfill.start)}", f"{at} < {quote_instant(backfill.end)}"]
    if named and backfill.event is not None:
        conditions.append(f"event = {quote(backfill.event)}")
    if backfill.customer_keys is not None:
        conditions.append(f"customer IN ({', '.join(map(quote, backfill.customer_keys))})")
    return " AND ".join(conditions)


def _cut(effect: Effect, size: timedelta = BUCKET) -> list[datetime]:
    """The starts of the buckets, at most two, that its range has a part of."""
    bounds = effect.backfill.start, effect.backfill.end
    return [start for bound in bounds if (start := floor_to(bound, size)) < bound]


def _counting(effects: Iterable[Effect], upto: int, event: str | None, at: str, place: str) -> str:
    holding = [effect for effect in effects if effect.holds(upto)]
    ids = ["''", *(quote(effect.backfill.id) for effect in holding)]
    condition = f"AND backfill IN ({', '.join(ids)})"
    for earlier, effect in enumerate(holding, 1):
        if effect.replaces(event):
            condition += f"""
                AND NOT ({scope(effect.backfill, at, named=event is None)}
                    AND {place} < {effect.closed} AND backfill IN ({", ".join(ids[:earlier])}))"""
    return condition


def _transform(effects: Sequence[Effect], of: int) -> str:
    """A backfill's close (0) or revert (1), by its id in a row; an open one has neither."""
    if not effects:
        return str(NEVER)
    ids = ", ".join(quote(effect.backfill.id) for effect in effects)
    sequences = ", ".join(f"toInt64({(effect.closed, effect.reverted)[of]})" for effect in effects)
    return f"transform(backfill, [{ids}], [{sequences}], toInt64({NEVER}))"


def _taken_up(effects: dict[str, tuple[Effect, ...]], steps: Iterable[dict[str, Any]]) -> dict[str, tuple[Effect, ...]]:
    """With these steps, in the order of the journal, taken up."""
    taken = dict(effects)
    for step in steps:
        of = {effect.backfill.id: effect for effect in taken.get(step["organisation"], ())}
        known = of.get(step["id"]) or Effect(Backfill.from_json(step["definition"]))
        changed = {Stage.CLOSED: "closed", Stage.REVERTED: "reverted"}[Stage(step["step"])]
        of[step["id"]] = replace(known, **{changed: step["seq"]})
        taken[step["organisation"]] = tuple(sorted(of.values(), key=lambda effect: effect.closed))
    return taken
