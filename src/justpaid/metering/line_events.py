"""The events behind a quantity: each with what the meter took from it, and with its part of the quantity.

Parts sum to the quantity, exactly, for every aggregation but `average`, whose value is no sum:

    count          1 each
    sum            the value
    unique         1 for the first event with its text, 0 for the others
    max, min       the value, for the first event that has it; 0 for the others
    latest         the value, for the last event; 0 for the others
    weighted_sum   what the level's average grows by; events before the period are there too, for they make the level
                   that it begins with
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.errors import EventsExpired
from justpaid.kernel.instants import EPOCH, microseconds_of
from justpaid.kernel.period import Period
from justpaid.metering.effects import Effects, counting
from justpaid.metering.expired import Expired
from justpaid.metering.expressions import distinct_of, source_condition, value_of
from justpaid.metering.meter import Aggregation, MeterDefinition
from justpaid.metering.voids import not_withdrawn
from justpaid.platform.warehouse import Warehouse, quote, quote_instant

_PLACES: Final = Decimal(1).scaleb(-PLACES)
_AT_ONCE: Final = 2_000

#: Where an event stands in a list: its timestamp and its sequence.
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class State:
    """Whose events counted (by these keys), as of a sequence."""

    keys: tuple[str, ...]
    cutoff: int


@dataclass(frozen=True, slots=True)
class Counting:
    """What a meter counted over a period. With `before`, only what has changed from that state to `state`.

    `share`: a level counts for this share of its full period.
    """

    meter: MeterDefinition
    period: Period
    state: State
    before: State | None = None
    share: Fraction = Fraction(1)

    @property
    def span(self) -> Period:
        """Where its events lie: a level is the sum of all changes there ever were."""
        is_level = self.meter.aggregation is Aggregation.WEIGHTED_SUM
        return Period(EPOCH, self.period.end) if is_level else self.period


@dataclass(frozen=True, slots=True)
class CountedEvent:
    """`value` is the number that the meter took, `text` what a `unique` meter did; both None where it found none, or
    needs none. `part` is its part of the quantity. `change` tells what came from what went, where that was asked."""

    id: str
    customer_key: str
    event: str
    timestamp: datetime
    quantity: Decimal
    properties: str
    received_at: datetime
    sequence: int
    value: Decimal | None
    text: str | None
    part: Decimal | None
    change: Literal["added", "taken_back"] | None

    @property
    def place(self) -> Place:
        return self.timestamp, self.sequence


class CountedEvents:
    """Raises: EventsExpired where some may be gone; EngineUnavailable."""

    def __init__(self, warehouse: Warehouse, effects: Effects, expired: Expired) -> None:
        self._warehouse = warehouse
        self._effects = effects
        self._expired = expired

    def page(self, counting: Counting, limit: int, after: Place | None = None) -> list[CountedEvent]:
        """In the order of timestamps, then of acceptance; those after a place where it is given."""
        self.require(counting)
        condition = self._counted(counting)
        rows = self._rows(counting, f"{condition} {_after(after)} ORDER BY timestamp, seq LIMIT {limit:d}")
        parts = self._parts(counting, condition, rows, after)
        return [_event(counting.meter, row, part) for row, part in zip(rows, parts, strict=True)]

    def every(self, counting: Counting) -> Iterator[CountedEvent]:
        """All of them, a page in memory at a time."""
        after: Place | None = None
        while True:
            page = self.page(counting, _AT_ONCE, after)
            yield from page
            if len(page) < _AT_ONCE:
                return
            after = page[-1].place

    def require(self, counting: Counting) -> None:
        """Raises: EventsExpired."""
        until = self._expired.until(counting.meter.organisation_id, counting.meter.event)
        if until is not None and counting.span.start < until:
            raise EventsExpired.before(until)

    def _rows(self, counting: Counting, rest: str) -> list[dict[str, Any]]:
        meter = counting.meter
        change = (
            "''" if counting.before is None else f"if({self._counts(counting, counting.state)}, 'added', 'taken_back')"
        )
        sql = f"""SELECT id, customer, event, timestamp, quantity, properties, received_at, seq,
                {value_of(meter)} AS value, {distinct_of(meter)} AS text, {change} AS change
            FROM events WHERE {rest}"""
        rows: list[dict[str, Any]] = self._warehouse.query(sql).to_pylist()
        return rows

    def _counted(self, counting: Counting) -> str:
        span, now = counting.span, self._counts(counting, counting.state)
        if counting.before is not None:
            then = self._counts(counting, counting.before)
            now = f"({now}) != ({then})"
        return f"""{source_condition(counting.meter)} AND timestamp >= {quote_instant(span.start)}
            AND timestamp < {quote_instant(span.end)} AND customer IN ({_all_keys(counting)}) AND ({now})"""

    def _counts(self, counted: Counting, state: State) -> str:
        """A condition on rows of `events`: it counted as of the state."""
        meter, keys = counted.meter, f"customer IN ({_quoted(state.keys)})"
        effects = counting(self._effects.of(meter.organisation_id), state.cutoff, meter.event)
        voids = not_withdrawn(meter, counted.span, f"AND {keys}", state.cutoff)
        return f"({keys} AND seq < {state.cutoff:d} {effects} {voids})"

    def _parts(
        self, counting: Counting, condition: str, rows: Sequence[Mapping[str, Any]], after: Place | None
    ) -> list[Decimal | None]:
        aggregation = counting.meter.aggregation
        if not rows:
            return []
        if aggregation is Aggregation.COUNT:
            return [_signed(row, Decimal(1)) for row in rows]
        if aggregation is Aggregation.SUM:
            return [_signed(row, row["value"] or Decimal(0)) for row in rows]
        if aggregation is Aggregation.AVERAGE or counting.before is not None:
            return [None] * len(rows)
        if aggregation is Aggregation.WEIGHTED_SUM:
            return list(self._level_parts(counting, condition, rows, after))
        if aggregation is Aggregation.UNIQUE:
            firsts = self._firsts(counting, condition, rows)
            return [Decimal(int(row["text"] != "" and firsts[row["text"]] == row["seq"])) for row in rows]
        decisive = self._decisive(counting, condition)
        return [row["value"] if row["seq"] == decisive else Decimal(0) for row in rows]

    def _firsts(self, counting: Counting, condition: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
        """By text, the sequence of the first event that has it."""
        texts = ", ".join(quote(text) for text in {row["text"] for row in rows})
        sql = f"""SELECT {distinct_of(counting.meter)} AS text, argMin(seq, (timestamp, seq)) AS first
            FROM events WHERE {condition} AND text IN ({texts}) GROUP BY text"""
        return {row["text"]: row["first"] for row in self._warehouse.query(sql).to_pylist()}

    def _decisive(self, counting: Counting, condition: str) -> int | None:
        order = {
            Aggregation.MAX: "value DESC, timestamp, seq",
            Aggregation.MIN: "value, timestamp, seq",
            Aggregation.LATEST: "timestamp DESC, seq DESC",
        }[counting.meter.aggregation]
        sql = f"""SELECT seq, {value_of(counting.meter)} AS value FROM events
            WHERE {condition} AND isNotNull(value) ORDER BY {order} LIMIT 1"""
        found = self._warehouse.query(sql).to_pylist()
        return found[0]["seq"] if found else None

    def _level_parts(
        self, counting: Counting, condition: str, rows: Sequence[Mapping[str, Any]], after: Place | None
    ) -> Iterator[Decimal]:
        """Each rounded so that all of them, in order, sum to the rounded average."""
        period = counting.period
        start, end = microseconds_of(period.start), microseconds_of(period.end)
        area = Decimal(0)
        if after is not None:
            sql = f"""SELECT sum(toDecimal256(ifNull({value_of(counting.meter)}, toDecimal128(0, 12)), 12)
                    * ({end} - greatest(toUnixTimestamp64Micro(timestamp), {start}))) AS area
                FROM events WHERE {condition} AND (timestamp, seq) <= {_place(after)}"""
            area = self._warehouse.query(sql).to_pylist()[0]["area"] or Decimal(0)
        average = _average(end - start, counting.share)
        for row in rows:
            left = end - max(microseconds_of(row["timestamp"]), start)
            before, area = area, EXACT.add(area, EXACT.multiply(row["value"] or Decimal(0), Decimal(left)))
            yield EXACT.subtract(average(area), average(before))


def _average(length: int, share: Fraction) -> Callable[[Decimal], Decimal]:
    """From level × microseconds to what an invoice shows: rounded once as the average, and once for its share."""

    def of(area: Decimal) -> Decimal:
        level = EXACT.quantize(EXACT.divide(area, Decimal(length)), _PLACES)
        if share == 1:
            return level
        part = EXACT.divide(EXACT.multiply(level, Decimal(share.numerator)), Decimal(share.denominator))
        return EXACT.quantize(part, _PLACES)

    return of


def _signed(row: Mapping[str, Any], part: Decimal) -> Decimal:
    return EXACT.minus(part) if row["change"] == "taken_back" else part


def _event(meter: MeterDefinition, row: Mapping[str, Any], part: Decimal | None) -> CountedEvent:
    return CountedEvent(
        id=row["id"],
        customer_key=row["customer"],
        event=row["event"],
        timestamp=row["timestamp"].astimezone(UTC),
        quantity=row["quantity"],
        properties=row["properties"],
        received_at=row["received_at"].astimezone(UTC),
        sequence=row["seq"],
        value=row["value"],
        text=row["text"] or None,
        part=part,
        change=row["change"] or None,
    )


def _all_keys(counting: Counting) -> str:
    before = counting.before.keys if counting.before else ()
    return _quoted(dict.fromkeys((*counting.state.keys, *before)))


def _quoted(keys: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(map(quote, keys)) or "''"


def _after(place: Place | None) -> str:
    return "" if place is None else f"AND (timestamp, seq) > {_place(place)}"


def _place(place: Place) -> str:
    return f"({quote_instant(place[0])}, toUInt64({place[1]:d}))"
