"""Usage that leads to no money: events without a customer, without a meter, and taken by meters but agreed by nobody.

One pass over `events` for each question, for one organisation and a period. What the warehouse can't know (whose key,
which agreement) comes as an argument, so that attribution stays a matter of the moment of asking.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from justpaid.kernel.instants import microseconds_of
from justpaid.kernel.period import Period
from justpaid.metering.effects import NEVER, Effects, counted_at, counting
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.takings import takings
from justpaid.platform.warehouse import Warehouse

MAX_GROUPS: Final = 50
SAMPLE: Final = 5

_NEVER_ENDS: Final = 2**62


class Reason(StrEnum):
    """Why an event is on no invoice; in the order in which an event meets them."""

    NO_CUSTOMER = "no_customer"
    NO_METER = "no_meter"
    FILTERED = "filters_exclude"
    NO_VALUE = "no_value"
    NO_SUBSCRIPTION = "no_subscription"
    NO_PRICE = "no_price"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Group:
    """Events that are unbilled for the same cause. `sample`: the ids of the first few."""

    events: int
    first_at: datetime
    last_at: datetime
    sample: tuple[str, ...]
    customer_key: str | None = None
    event: str | None = None
    meter: str | None = None
    invoice_id: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """`events` counts each event once; it may be in several groups, and only the largest groups are told."""

    reason: Reason
    events: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Events with this customer key and a timestamp in [start, end) are charged for what these meters take."""

    customer_key: str
    start: datetime
    end: datetime | None
    meters: Sequence[str]


@dataclass(frozen=True, slots=True)
class Counted:
    """An invoice has counted what this meter took from events with this key in [start, end) below `cutoff`."""

    customer_key: str
    start: datetime
    end: datetime
    meter: str
    cutoff: int
    invoice_id: str


class UnbilledReader:
    """All answers are of one organisation and a period of timestamps, without withdrawn events and those that a
    backfill leaves out.

    Raises: EngineUnavailable.
    """

    def __init__(self, warehouse: Warehouse, effects: Effects) -> None:
        self._warehouse = warehouse
        self._effects = effects

    def customer_keys(self, organisation_id: str, period: Period) -> dict[str, int]:
        """Every key that events were sent with, and how many; the most frequent first."""
        sql = f"""SELECT customer, count() AS events FROM events WHERE {self._counted(organisation_id)}
            GROUP BY customer ORDER BY events DESC, customer"""
        rows = self._warehouse.query(sql, _within(organisation_id, period)).to_pylist()
        return {row["customer"]: row["events"] for row in rows}

    def without_customer(self, organisation_id: str, period: Period, unowned: Mapping[str, int]) -> Gap:
        """`unowned`: the keys (of `customer_keys`, in its order) that mean no customer."""
        told = list(unowned)[:MAX_GROUPS]
        source = f"""SELECT '{Reason.NO_CUSTOMER}' AS reason, customer, '' AS event, '' AS meter, '' AS invoice,
                1 AS once, id, timestamp
            FROM events WHERE {self._counted(organisation_id)} AND customer IN {{keys:Array(String)}}"""
        groups: tuple[Group, ...] = ()
        if told:
            (gap,) = self._gaps((Reason.NO_CUSTOMER,), source, _within(organisation_id, period) | {"keys": told})
            groups = gap.groups
        return Gap(Reason.NO_CUSTOMER, sum(unowned.values()), groups)

    def without_meter(self, organisation_id: str, period: Period, meters: Sequence[MeterDefinition]) -> list[Gap]:
        """Events of a name that no meter has; that every meter's filters exclude; that a meter found no value in."""
        names = sorted({meter.event for meter in meters})
        source = f"""SELECT '{Reason.NO_METER}' AS reason, '' AS customer, event, '' AS meter, '' AS invoice,
                1 AS once, id, timestamp
            FROM events WHERE {self._counted(organisation_id)} AND NOT has({{names:Array(String)}}, event)"""
        if meters:
            source += f""" UNION ALL
                SELECT if(matched, '{Reason.NO_VALUE}', '{Reason.FILTERED}') AS reason, '' AS customer, event,
                    if(matched, empty[n], '') AS meter, '' AS invoice, n = 1 AS once, id, timestamp
                FROM ({takings(meters, self._counted(organisation_id))})
                ARRAY JOIN if(matched, arrayEnumerate(empty), [toUInt32(1)]) AS n"""
        reasons = Reason.NO_METER, Reason.FILTERED, Reason.NO_VALUE
        return self._gaps(reasons, source, _within(organisation_id, period) | {"names": names})

    def without_agreement(
        self,
        organisation_id: str,
        period: Period,
        meters: Sequence[MeterDefinition],
        owned: Iterable[str],
        agreements: Iterable[Agreement],
    ) -> list[Gap]:
        """Metered events of the keys `owned` by a customer, at a time that no agreement covers, or taken only by meters
        that no agreement charges for."""
        spans = [(a.customer_key, microseconds_of(a.start), _end_of(a), list(a.meters)) for a in agreements]
        # A key without an agreement takes part, with a span that covers nothing.
        spans += [(key, 0, 0, []) for key in owned]
        if not (meters and spans):
            return [Gap(Reason.NO_SUBSCRIPTION, 0, ()), Gap(Reason.NO_PRICE, 0, ())]
        source = f"""
            SELECT if(covered, '{Reason.NO_PRICE}', '{Reason.NO_SUBSCRIPTION}') AS reason, customer, '' AS event,
                if(covered, taken[n], '') AS meter, '' AS invoice, n = 1 AS once, id, timestamp
            FROM (
                SELECT id, customer, timestamp, taken,
                    arrayFilter(s -> s.1 <= toUnixTimestamp64Micro(timestamp)
                        AND toUnixTimestamp64Micro(timestamp) < s.2, spans) AS covering,
                    notEmpty(covering) AS covered
                FROM ({takings(meters, self._counted(organisation_id))}) AS takings INNER JOIN ({_SPANS}) AS agreed
                    ON agreed.key = takings.customer
                WHERE notEmpty(taken) AND NOT hasAny(arrayFlatten(arrayMap(s -> s.3, covering)), taken)
            )
            ARRAY JOIN if(covered, arrayEnumerate(taken), [toUInt32(1)]) AS n"""
        keys, starts, ends, charged = zip(*spans, strict=True)
        parameters = {"keys": keys, "starts": starts, "ends": ends, "charged": charged}
        reasons = Reason.NO_SUBSCRIPTION, Reason.NO_PRICE
        return self._gaps(reasons, source, _within(organisation_id, period) | parameters)

    def late(
        self, organisation_id: str, period: Period, meters: Sequence[MeterDefinition], counted: Sequence[Counted]
    ) -> Gap:
        """Events that came to count after the cut-off of an invoice that counts what a meter takes from them."""
        if not (meters and counted):
            return Gap(Reason.LATE, 0, ())
        effects = self._effects.of(organisation_id)
        # An old event of a backfill comes late too; without one the place in the journal says it all.
        since = "" if effects else f" AND seq >= {min(one.cutoff for one in counted):d}"
        source = f"""
            SELECT '{Reason.LATE}' AS reason, customer, '' AS event, missed[n].3 AS meter, missed[n].5 AS invoice,
                n = 1 AS once, id, timestamp
            FROM (
                SELECT id, customer, timestamp,
                    arrayFilter(s -> s.1 <= toUnixTimestamp64Micro(timestamp)
                        AND toUnixTimestamp64Micro(timestamp) < s.2
                        AND has(taken, s.3) AND NOT ({counted_at(effects, "s.4")}), spans) AS missed
                FROM ({takings(meters, self._counted(organisation_id) + since)}) AS takings
                INNER JOIN ({_COUNTED}) AS counted ON counted.key = takings.customer
            )
            ARRAY JOIN arrayEnumerate(missed) AS n"""
        parameters = {
            "keys": [one.customer_key for one in counted],
            "starts": [microseconds_of(one.start) for one in counted],
            "ends": [microseconds_of(one.end) for one in counted],
            "meters": [one.meter for one in counted],
            "cutoffs": [one.cutoff for one in counted],
            "invoices": [one.invoice_id for one in counted],
        }
        (gap,) = self._gaps((Reason.LATE,), source, _within(organisation_id, period) | parameters)
        return gap

    def _counted(self, organisation_id: str) -> str:
        return f"{_WITHIN} {counting(self._effects.of(organisation_id), NEVER)}"

    def _gaps(self, reasons: Sequence[Reason], source: str, parameters: Mapping[str, Any]) -> list[Gap]:
        """`source` gives a row for each group that an event is in; `once` marks one row of each event."""
        sql = f"""
            SELECT reason, customer, event, meter, invoice, count() AS events,
                min(timestamp) AS first_at, max(timestamp) AS last_at,
                arrayMap(t -> t.2, groupArraySorted({SAMPLE})((timestamp, id))) AS sample,
                sum(countIf(once)) OVER (PARTITION BY reason) AS total
            FROM ({source})
            GROUP BY reason, customer, event, meter, invoice
            ORDER BY reason, events DESC, customer, event, meter, invoice
            LIMIT {MAX_GROUPS} BY reason"""
        rows = self._warehouse.query(sql, dict(parameters)).to_pylist()
        return [_gap(reason, [row for row in rows if row["reason"] == reason]) for reason in reasons]


_WITHIN: Final = """organisation = {organisation:String}
    AND timestamp >= {start:DateTime64(6, 'UTC')} AND timestamp < {end:DateTime64(6, 'UTC')}
    AND seq NOT IN (SELECT target FROM voids WHERE organisation = {organisation:String})"""

_SPANS: Final = """
    SELECT t.1 AS key, groupArray((t.2, t.3, t.4)) AS spans
    FROM (SELECT arrayJoin(arrayZip({keys:Array(String)}, {starts:Array(Int64)}, {ends:Array(Int64)},
        {charged:Array(Array(String))})) AS t)
    GROUP BY key"""
_COUNTED: Final = """
    SELECT t.1 AS key, groupArray((t.2, t.3, t.4, t.5, t.6)) AS spans
    FROM (SELECT arrayJoin(arrayZip({keys:Array(String)}, {starts:Array(Int64)}, {ends:Array(Int64)},
        {meters:Array(String)}, {cutoffs:Array(UInt64)}, {invoices:Array(String)})) AS t)
    GROUP BY key"""


def _within(organisation_id: str, period: Period) -> dict[str, Any]:
    return {"organisation": organisation_id, "start": period.start, "end": period.end}


def _end_of(agreement: Agreement) -> int:
    return _NEVER_ENDS if agreement.end is None else microseconds_of(agreement.end)


def _gap(reason: Reason, rows: Sequence[Mapping[str, Any]]) -> Gap:
    return Gap(reason, rows[0]["total"] if rows else 0, tuple(_groups(rows)))


def _groups(rows: Iterable[Mapping[str, Any]]) -> Iterator[Group]:
    for row in rows:
        yield Group(
            events=row["events"],
            first_at=row["first_at"].astimezone(UTC),
            last_at=row["last_at"].astimezone(UTC),
            sample=tuple(row["sample"]),
            customer_key=row["customer"] or None,
            event=row["event"] or None,
            meter=row["meter"] or None,
            invoice_id=row["invoice"] or None,
        )
