"""Events that were withdrawn, and how usage leaves them out.

`usage` is never rewritten: it stays the sum of all rows of `events`, withdrawn ones too. A question leaves out the
buckets of `usage` in which a customer has a withdrawn event, and counts these from `events`, without the withdrawn. So
a correction costs only what it touches, and only who asks about it.
"""

import pyarrow as pa

from justpaid.kernel.instants import floor_to
from justpaid.kernel.period import Period
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.schema import BUCKET, BUCKET_OF_EVENT
from justpaid.platform.warehouse import Warehouse, quote, quote_second


class Voids:
    """Knows which event names have withdrawn events at all, so that the others' questions cost nothing more."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._names: frozenset[tuple[str, str]] = frozenset()

    def load(self) -> None:
        rows = self._warehouse.query("SELECT DISTINCT organisation, event FROM voids").to_pylist()
        self._names = frozenset((row["organisation"], row["event"]) for row in rows)

    def insert(self, rows: pa.Table) -> None:
        """Add void records; they count once the drainer's position is beyond them."""
        self._names |= {
            (row["organisation"], row["event"]) for row in rows.select(["organisation", "event"]).to_pylist()
        }
        self._warehouse.insert("voids", rows)

    def touch(self, organisation_id: str, event: str) -> bool:
        """Whether any event of this name was ever withdrawn."""
        return (organisation_id, event) in self._names


def withdrawn_events(organisation_id: str, *, replaced: bool = False) -> str:
    """A SELECT of the sequences of an organisation's events that were amended (`replaced`) or voided. It ends in a
    condition, to which more can be added."""
    columns = "target" if replaced else "target, seq"
    return f"SELECT {columns} FROM voids WHERE organisation = {quote(organisation_id)} AND replaced = {int(replaced)}"


def not_withdrawn(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    """A condition on rows of `events`: not withdrawn by a record before sequence `upto`.

    `customers` is a condition on a column `customer`, or empty; it and the span only keep the set small.
    """
    return f"AND seq NOT IN (SELECT target FROM voids WHERE {_voids_of(meter, span, customers, upto)})"


def untouched(meter: MeterDefinition, span: Period, customers: str, upto: int, bucket: str) -> str:
    """A condition on rows of `usage` or `events`, whose five minutes are `bucket`: no event of the customer in them was
    withdrawn."""
    return f" AND (customer, {bucket}) NOT IN ({_touched_buckets(meter, span, customers, upto)})"


def touched(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    """The opposite, on rows of `events`; the customers apart, because `events` is ordered by them."""
    buckets = _touched_buckets(meter, span, customers, upto)
    return f"""AND customer IN (SELECT customer FROM ({buckets}))
        AND (customer, {BUCKET_OF_EVENT}) IN ({buckets})"""


def withdrawn_in(meter: MeterDefinition, quarters: Period, upto: int) -> str:
    """A SELECT of the starts of the quarter hours in which an event of the meter's name was withdrawn before sequence
    `upto`."""
    return f"SELECT toStartOfFifteenMinutes(bucket) FROM voids WHERE {_voids_of(meter, quarters, '', upto)}"


def _touched_buckets(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    return f"SELECT customer, bucket FROM voids WHERE {_voids_of(meter, span, customers, upto)}"


def _voids_of(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    start = floor_to(span.start, BUCKET)  # a boundary may cut a bucket
    return f"""organisation = {quote(meter.organisation_id)} AND event = {quote(meter.event)} {customers}
        AND bucket >= {quote_second(start)} AND bucket <= {quote_second(span.end)} AND seq < {upto}"""
