"""Answers to usage questions: exact quantities per window, dimension values and owner.

Whole 5-minute buckets come from `usage` (for everyone at once, whole quarter hours do) and, for what is not rolled up
yet, from the newest `events` and the tail; where a boundary (of the question, or of what a backfill replaces) cuts a
bucket or an event in it was withdrawn, that bucket comes from `events`. A meter whose rollup is not complete yet, and a
question as of a cut-off, are answered from `events` and the tail alone. All paths share the meter's SQL.

Nothing stands still meanwhile. What comes from `events` is bounded by a sequence; rows of `usage` say up to which one
they go, and where a row goes further than the newest events were left out for, the answer is dropped (`RolledUp`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.instants import EPOCH, ceil_to, floor_to, seconds_of
from justpaid.kernel.period import Period
from justpaid.metering.bands import IN_ORDER, band_of, ordered
from justpaid.metering.effects import Effects, counting, counting_in_usage, edges
from justpaid.metering.everyone import Quarters, quarters_of
from justpaid.metering.expressions import (
    dimension_at,
    matches,
    merged_columns,
    named_as,
    parsed_once,
    path_of,
    taken_by,
    taken_columns,
    usage_columns,
)
from justpaid.metering.levels import average_levels
from justpaid.metering.meter import Aggregation, MeterDefinition
from justpaid.metering.quantity import Quantity, Row
from justpaid.metering.rollups import Rollups
from justpaid.metering.schema import BUCKET, BUCKET_OF_EVENT, EVERYONE
from justpaid.metering.tail import Tail
from justpaid.metering.voids import Voids, not_withdrawn, touched, untouched
from justpaid.platform.warehouse import GIVEN, Warehouse, quote, quote_instant, quote_second
from justpaid.pricing import Band

#: The name by which a group tells its band; no property has it.
BAND: Final = ""
#: SQL: where a row's window starts.
_WINDOW: Final = "roundDown(at, {boundaries:Array(UInt32)})"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one meter.

    `customers` maps each key that events carry to its owner (None: everyone's, as one). `windows` are consecutive.
    `group_by` names dimensions of the meter. `cutoff` (a journal sequence) asks for the answer as it was there.
    `bands` takes the events of each group apart by their own value and, for an allowance, by their order, which rollups
    don't know: it is answered from `events`. Groups then have one more name, `BAND`, and come by it first.
    """

    meter: MeterDefinition
    windows: Sequence[Period]
    customers: Mapping[str, str] | None = None
    group_by: tuple[str, ...] = ()
    cutoff: int | None = None
    bands: tuple[Band, ...] = ()


class RolledUp(Exception):
    """Rows of `usage` include events below `upto`, more than were taken to be rolled up: ask again."""

    def __init__(self, upto: int) -> None:
        super().__init__(upto)
        self.upto = upto


class UsageReader:
    def __init__(self, warehouse: Warehouse, rollups: Rollups, voids: Voids, effects: Effects) -> None:
        self._warehouse = warehouse
        self._rollups = rollups
        self._voids = voids
        self._effects = effects

    def answer(self, question: Question, rolled: int, tail: Tail) -> list[Quantity]:
        """Only windows and groups that have events, or for weighted_sum a level; by window, then owner, then group.

        The answer is as of the end of `tail`; below `rolled`, at most its start, all is in the rollups.

        Raises: InvalidRequest for a group that is no dimension of the meter; RolledUp; EngineUnavailable.
        """
        if question.customers is not None and not question.customers:
            return []
        rows = self._rows(question, rolled, tail)
        if question.meter.aggregation is Aggregation.WEIGHTED_SUM:
            return average_levels(question.windows, self._levels_before(question, rolled, tail), rows)
        return [
            Quantity(row.window, _value(question.meter.aggregation, row.merged), row.events, row.owner, row.group)
            for row in rows
        ]

    def _levels_before(self, question: Question, rolled: int, tail: Tail) -> list[Row]:
        """What weighted_sum starts the first window with: all changes that ever came before it."""
        start = question.windows[0].start
        if start <= EPOCH:
            return []
        return self._rows(replace(question, windows=[Period(EPOCH, start)]), rolled, tail)

    def _rows(self, question: Question, rolled: int, tail: Tail) -> list[Row]:
        meter = question.meter
        windows = {seconds_of(window.start): window for window in question.windows}
        names = (*question.group_by, BAND) if question.bands else question.group_by
        groups = _groups(len(names))
        by_band = groups[-1:] if question.bands else []
        # A constant among the keys would make each row's key a text.
        keys = ["window", *(["owner"] if question.customers else []), *groups]
        newest = tail.events(meter.organisation_id, meter.event, question.customers)
        sql = f"""
            SELECT {_WINDOW} AS window, {_owner(question)} AS owner,
                   {"".join(f"{group}, " for group in groups)}{merged_columns(meter)}, max(upto) AS upto
            FROM ({self._source(question, rolled, tail.start, with_given=newest is not None)})
            GROUP BY {", ".join(keys)}
            ORDER BY {", ".join(["window", "owner", *by_band, *groups])}"""
        parameters: dict[str, Any] = {"boundaries": sorted(windows)}
        if question.customers:
            parameters |= {"keys": list(question.customers), "owners": list(question.customers.values())}
        found = self._warehouse.query(sql, parameters, newest).to_pylist()
        if (upto := max((row["upto"] for row in found), default=0)) > rolled:
            raise RolledUp(upto)
        return [
            Row(
                window=windows[row["window"]],
                owner=row["owner"],
                group={name: row[group] for name, group in zip(names, groups, strict=True)},
                merged=row,
            )
            for row in found
        ]

    def _source(self, question: Question, rolled: int, stored: int, *, with_given: bool) -> str:
        """Below sequence `stored` all is in `events`; `with_given`: what follows is in the given rows."""
        span = Period(question.windows[0].start, question.windows[-1].end)
        meter, customers = question.meter, _customer_condition(question)
        corrected = self._voids.touch(meter.organisation_id, meter.event)
        effects = self._effects.of(meter.organisation_id)
        counted = counting(effects, stored, meter.event)

        def in_events(part: Period, condition: str = "") -> _Read:
            withdrawn = not_withdrawn(meter, part, customers, stored) if corrected else ""
            return _Read("events", part, f"{counted} {withdrawn} AND seq < {stored} {condition}")

        given = [_Read(GIVEN, span, counted)] if with_given else []
        rollup = self._rollups.of(meter)
        whole = _whole_buckets(span)
        if question.bands or question.cutoff is not None or rollup is None or not rollup.complete or whole is None:
            return _from_events(question, [in_events(span), *given])
        if rollup.live_from > rolled:  # it was built meanwhile, and goes that far at least
            raise RolledUp(rollup.live_from)
        cut = edges(effects, stored, meter.event, whole)
        singly = [
            Period(span.start, whole.start),
            Period(whole.end, span.end),
            *(Period(at, at + BUCKET) for at in cut),
        ]
        reads = [*(in_events(part) for part in singly if part.duration), *given]
        rolled_up, newest = counting_in_usage(effects, stored, meter.event), f" AND seq >= {rolled} "
        parts = []
        if question.customers is None:
            quarters = quarters_of(meter, question.windows, effects, stored, corrected=corrected)
            if quarters is not None:
                parts.append(_from_everyones(question, rollup.id, quarters, rolled_up))
            rolled_up += f" AND customer != {EVERYONE}{quarters.others('bucket') if quarters else ''}"
        if corrected:
            rolled_up += untouched(meter, whole, customers, stored, "bucket")
            newest += untouched(meter, whole, customers, stored, BUCKET_OF_EVENT)
            reads.append(in_events(whole, touched(meter, whole, customers, stored) + _apart_from(cut, BUCKET_OF_EVENT)))
        rolled_up += _apart_from(cut, "bucket")
        parts.append(_from_usage(question, rollup.id, whole, rolled_up))
        if rolled < stored:
            reads.append(in_events(whole, newest + _apart_from(cut, BUCKET_OF_EVENT)))
        if reads:
            parts.append(_from_events(question, reads))
        return " UNION ALL ".join(parts)


@dataclass(frozen=True, slots=True)
class _Read:
    """Rows of `events`, or of a table of the same shape, during a span and under a condition that begins with AND."""

    table: str
    span: Period
    condition: str


def dimension_positions(meter: MeterDefinition, group_by: Sequence[str]) -> list[int]:
    """1-based places of the named dimensions.  Raises: InvalidRequest."""
    names = [path_of(name) for name in meter.dimensions]
    for name in group_by:
        if path_of(name) not in names:
            known = ", ".join(meter.dimensions) or "none"
            raise InvalidRequest.of("group_by", f"{name!r} is no dimension of meter {meter.key!r} (it has: {known})")
    return [names.index(path_of(name)) + 1 for name in group_by]


def _groups(count: int) -> list[str]:
    """Columns: the values of the dimensions that are asked for, and the band."""
    return [f"group_{number}" for number in range(count)]


def _grouped(question: Question) -> str:
    """What they are of a row that has `dimensions`, each with a comma after it."""
    positions = dimension_positions(question.meter, question.group_by)
    groups = zip(positions, _groups(len(positions)), strict=True)
    return "".join(f"{dimension_at(position)} AS {group}, " for position, group in groups)


def _from_everyones(question: Question, rollup_id: str, quarters: Quarters, condition: str) -> str:
    return _from_usage(
        question, rollup_id, quarters.whole, f"AND customer = {EVERYONE}{quarters.read('bucket')} {condition}"
    )


def _from_usage(question: Question, rollup_id: str, span: Period, condition: str = "") -> str:
    return f"""SELECT customer, toUnixTimestamp(bucket) AS at, {_grouped(question)}{usage_columns(question.meter)}, upto
        FROM usage
        WHERE organisation = {quote(question.meter.organisation_id)} AND rollup = {quote(rollup_id)}
          AND bucket >= {quote_second(span.start)} AND bucket < {quote_second(span.end)}
          {_customer_condition(question)} {condition}"""


def _from_events(question: Question, reads: Sequence[_Read]) -> str:
    in_order = ordered(question.bands)
    meter = question.meter
    parsed, text = parsed_once([meter])
    rows = " UNION ALL ".join(
        f"""SELECT customer, timestamp, seq, id, toUnixTimestamp(timestamp) AS at, {taken_by(meter, text)}
            FROM (SELECT customer, timestamp, seq, id, quantity, {parsed} properties
                  FROM {read.table}
                  WHERE {named_as(meter)} {_customer_condition(question)} {read.condition}
                    AND timestamp >= {quote_instant(read.span.start)} AND timestamp < {quote_instant(read.span.end)})
            WHERE {matches(meter, text)}"""
        for read in reads
    )
    grouped = _grouped(question)
    if question.bands:
        rows = f"SELECT *, {_worth_of(meter)} AS worth FROM ({rows})"
        grouped += f"{band_of(question.bands)} AS {_groups(len(question.group_by) + 1)[-1]}, "
    if in_order:
        # Ties by id: the order in which events arrived is nobody's advantage.
        rows = f"""SELECT *, {IN_ORDER} FROM ({rows})
            WINDOW in_order AS (PARTITION BY {_WINDOW}, {_owner(question)} ORDER BY timestamp, id
                                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"""
    keys = ["customer", "at", *_groups(len(question.group_by) + bool(question.bands))]
    return f"""SELECT customer, at, {grouped}{taken_columns(meter)}, toUInt64(0) AS upto
        FROM ({rows})
        GROUP BY {", ".join(keys)}"""


def _worth_of(meter: MeterDefinition) -> str:
    """SQL: what one event adds to a sum or a count, Decimal(76, 12)."""
    own = "1" if meter.aggregation is Aggregation.COUNT else "ifNull(value, toDecimal128(0, 12))"
    return f"toDecimal256({own}, 12)"


def _owner(question: Question) -> str:
    return "transform(customer, {keys:Array(String)}, {owners:Array(String)}, '')" if question.customers else "''"


def _apart_from(buckets: Sequence[datetime], bucket: str) -> str:
    """A condition on rows whose five minutes are `bucket`."""
    return f" AND {bucket} NOT IN ({', '.join(map(quote_second, buckets))})" if buckets else ""


def _customer_condition(question: Question) -> str:
    return "" if question.customers is None else "AND customer IN {keys:Array(String)}"


def _whole_buckets(span: Period) -> Period | None:
    """The part of `span` that consists of whole buckets, if there is one."""
    start, end = ceil_to(span.start, BUCKET), floor_to(span.end, BUCKET)
    return Period(start, end) if start < end else None


def _value(aggregation: Aggregation, row: Mapping[str, Any]) -> Decimal:
    """Of nothing, every aggregation is 0."""
    match aggregation:
        case Aggregation.COUNT:
            return Decimal(row["events"])
        case Aggregation.SUM:
            return _decimal(row["total"])
        case Aggregation.MAX:
            return _decimal(row["greatest"])
        case Aggregation.MIN:
            return _decimal(row["least"])
        case Aggregation.LATEST:
            return _decimal(row["latest"]) if row["samples"] else Decimal(0)
        case Aggregation.UNIQUE:
            return Decimal(row["distinct"])
        case Aggregation.AVERAGE:
            return _mean(_decimal(row["total"]), row["samples"])
        case Aggregation.WEIGHTED_SUM:
            raise AssertionError("needs the level before the window: see levels.py")


def _mean(total: Decimal, samples: int) -> Decimal:
    """To 12 places, half up: a mean need not end."""
    if not samples:
        return Decimal(0)
    return EXACT.quantize(EXACT.divide(total, Decimal(samples)), Decimal(1).scaleb(-PLACES))


def _decimal(value: Decimal | None) -> Decimal:
    return Decimal(0) if value is None else value
