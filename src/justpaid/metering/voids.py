"""Events that were withdrawn, and how usage leaves them out.

`usage` is never rewritten: it stays the sum of all rows of `events`, withdrawn ones too. A question leaves out the
buckets of `usage` in which a customer has a withdrawn event, and counts these from `events`, without the withdrawn. So
a correction costs only what it touches, and only who asks about it.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import pyarrow as pa

from justpaid.kernel.errors import EngineUnavailable
from justpaid.kernel.period import Period
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.schema import BUCKET_S
from justpaid.platform.warehouse import Warehouse, quote

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ATTEMPTS: Final = 3
_PATIENCE_S: Final = 5.0


class Voids:
    """Knows which event names have withdrawn events at all, so that the others' questions cost nothing more.

    An amendment moves usage from one row to another. A question that read one of the two before and the other after
    it would count the event twice or not at all; `read_steadily` asks again then.
    """

    def __init__(self, warehouse: Warehouse, *, patience_s: float = _PATIENCE_S) -> None:
        self._warehouse = warehouse
        self._patience_s = patience_s
        self._names: frozenset[tuple[str, str]] = frozenset()
        self._changed = threading.Condition()
        self._changes = 0  # odd while usage takes up a correction

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

    def begin(self) -> None:
        """Usage takes up corrections now, until `settle`; a failure in between leaves it unsettled until repaired."""
        with self._changed:
            self._changes |= 1

    def settle(self) -> None:
        with self._changed:
            self._changes += self._changes & 1
            self._changed.notify_all()

    def read_steadily(
        self, read: Callable[[int], T], position: Callable[[], int], hold: Callable[[], AbstractContextManager[int]]
    ) -> T:
        """`read` as of a position, while no correction is taken up; `hold` keeps metering still where they never end.

        Raises: EngineUnavailable if a correction that failed half-way is not repaired within seconds.
        """
        for _ in range(_ATTEMPTS):
            before = self._settled()
            answer = read(position())
            if before == self._changes:
                return answer
        with hold() as held:
            self._settled()
            return read(held)

    def _settled(self) -> int:
        with self._changed:
            if not self._changed.wait_for(lambda: not self._changes & 1, self._patience_s):
                raise EngineUnavailable("Metering is repairing a correction that failed half-way; ask again shortly.")
            return self._changes


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


def untouched(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    """A condition on rows of `usage`: no event of the customer in the bucket was withdrawn."""
    return f"AND (customer, bucket) NOT IN ({_touched_buckets(meter, span, customers, upto)})"


def touched(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    """The opposite, on rows of `events`; the customers apart, because `events` is ordered by them."""
    buckets = _touched_buckets(meter, span, customers, upto)
    return f"""AND customer IN (SELECT customer FROM ({buckets}))
        AND (customer, toStartOfFiveMinutes(toDateTime(timestamp, 'UTC'))) IN ({buckets})"""


def _touched_buckets(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    return f"SELECT customer, bucket FROM voids WHERE {_voids_of(meter, span, customers, upto)}"


def _voids_of(meter: MeterDefinition, span: Period, customers: str, upto: int) -> str:
    start, end = ((instant - _EPOCH) // timedelta(seconds=1) for instant in (span.start, span.end))
    start -= start % BUCKET_S  # a boundary may cut a bucket
    return f"""organisation = {quote(meter.organisation_id)} AND event = {quote(meter.event)} {customers}
        AND bucket >= fromUnixTimestamp({start}) AND bucket <= fromUnixTimestamp({end}) AND seq < {upto}"""
