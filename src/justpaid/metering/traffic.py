"""What came in, per organisation and time, for those who watch it: counts that a screen can ask for every second.

Rollups are per meter, and `events` is too large to be counted each second. So counts are kept in memory, of those
organisations alone that somebody asks about: the first question reads the past from `events`, and from then on the
drainer adds what it moves. An organisation that nobody asks about any more is forgotten.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from justpaid.kernel.instants import EPOCH
from justpaid.kernel.period import Period
from justpaid.metering.records import Records
from justpaid.metering.schema import QUARTER
from justpaid.platform.warehouse import Warehouse, quote_instant

_MINUTES_KEPT: Final = 120
_FORGOTTEN_AFTER_S: Final = 900.0
_MINUTE: Final = timedelta(minutes=1)
_MICROSECOND: Final = timedelta(microseconds=1)


class Counts:
    """Of one organisation: events that are not withdrawn. Those of backfills count from their receipt on."""

    def __init__(self, asked_at: float) -> None:
        self.asked_at = asked_at
        self._quarters: Counter[int] = Counter()
        self._minutes: Counter[int] = Counter()
        self._customers: dict[str, int] = {}
        self._lock = threading.Lock()
        self.ready: Future[None] = Future()

    def during(self, period: Period) -> int:
        """How many events have a timestamp in `period`, whose ends are on the quarter hour."""
        start, end = _quarter(period.start), _quarter(period.end)
        with self._lock:
            if end - start < len(self._quarters):
                return sum(self._quarters[quarter] for quarter in range(start, end))
            return sum(count for quarter, count in self._quarters.items() if start <= quarter < end)

    def received(self, minute: datetime) -> int:
        """How many events were received in the minute that begins then."""
        with self._lock:
            return self._minutes[(minute - EPOCH) // _MINUTE]

    def customer_keys_since(self, instant: datetime) -> list[str]:
        """The keys of events with a timestamp from then on, on the quarter hour."""
        start = _quarter(instant)
        with self._lock:
            return [key for key, last in self._customers.items() if last >= start]

    def add(self, quarters: Counter[int], minutes: Counter[int], customers: dict[str, int]) -> None:
        with self._lock:
            self._quarters.update(quarters)
            self._minutes.update(minutes)
            for old in sorted(self._minutes)[:-_MINUTES_KEPT]:
                del self._minutes[old]
            for key, last in customers.items():
                if last > self._customers.get(key, -1):
                    self._customers[key] = last


class Traffic:
    """`hold` stops the drainer for the moment in which counting begins, and gives its position."""

    def __init__(
        self,
        warehouse: Warehouse,
        hold: Callable[[], AbstractContextManager[int]],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warehouse = warehouse
        self._hold = hold
        self._now = now
        self._monotonic = monotonic
        self._kept: dict[str, Counts] = {}
        self._lock = threading.Lock()

    def of(self, organisation_id: str) -> Counts:
        """The organisation's counts. The first question takes a scan of its events; others wait for it.

        Raises: EngineUnavailable.
        """
        with self._lock:
            counts = self._kept.get(organisation_id)
            if counts is not None:
                counts.asked_at = self._monotonic()
        if counts is None:
            return self._begin(organisation_id)
        counts.ready.result()
        return counts

    def take(self, records: Records) -> None:
        """Add what the drainer has moved. Costs nothing while nobody asks."""
        self._forget()
        for organisation_id, counts in tuple(self._kept.items()):
            counts.add(*_counted(organisation_id, records))

    def _begin(self, organisation_id: str) -> Counts:
        with self._hold() as position, self._lock:
            counts = self._kept.get(organisation_id)
            if ours := counts is None:
                counts = self._kept[organisation_id] = Counts(self._monotonic())
        assert counts is not None
        if not ours:
            return self.of(organisation_id)
        try:
            counts.add(*self._past(organisation_id, position))
        except BaseException as error:
            with self._lock:
                del self._kept[organisation_id]
            counts.ready.set_exception(error)
            raise
        counts.ready.set_result(None)
        return counts

    def _past(self, organisation_id: str, position: int) -> tuple[Counter[int], Counter[int], dict[str, int]]:
        recent = self._now() - timedelta(minutes=_MINUTES_KEPT)
        parameters = {"organisation": organisation_id, "position": position}

        def found(place: str, value: str, table: str = "events", condition: str = "") -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = self._warehouse.query(
                f"""SELECT {place} AS place, {value} AS value FROM {table}
                WHERE organisation = {{organisation:String}} AND seq < {{position:UInt64}} {condition}
                GROUP BY place""",
                parameters,
            ).to_pylist()
            return rows

        def counted(place: str, table: str = "events", condition: str = "") -> Counter[int]:
            return Counter({row["place"]: row["value"] for row in found(place, "count()", table, condition)})

        received = f"AND received_at >= {quote_instant(recent)}"
        quarters = counted("intDiv(toUnixTimestamp(timestamp), 900)")
        quarters.subtract(counted("intDiv(toUnixTimestamp(bucket), 900)", "voids"))
        minutes = counted("intDiv(toUnixTimestamp(received_at), 60)", condition=received)
        customers = found("customer", "intDiv(toUnixTimestamp(max(timestamp)), 900)")
        return quarters, minutes, {row["place"]: row["value"] for row in customers}

    def _forget(self) -> None:
        if not self._kept:
            return
        until = self._monotonic() - _FORGOTTEN_AFTER_S
        with self._lock:
            for organisation_id in [key for key, counts in self._kept.items() if counts.asked_at < until]:
                del self._kept[organisation_id]


def _counted(organisation_id: str, records: Records) -> tuple[Counter[int], Counter[int], dict[str, int]]:
    events = _of(records.events, organisation_id)
    quarters: Counter[int] = Counter()
    minutes: Counter[int] = Counter()
    customers: dict[str, int] = {}
    if events.num_rows:
        places = _places(events, "timestamp", QUARTER)
        quarters = _tally(places)
        minutes = _tally(_places(events, "received_at", _MINUTE))
        latest = (
            pa.table({"key": events.column("customer"), "place": places}).group_by("key").aggregate([("place", "max")])
        )
        customers = dict(zip(latest.column("key").to_pylist(), latest.column("place_max").to_pylist(), strict=True))
    if records.voids.num_rows:
        quarters.subtract(_tally(_places(_of(records.voids, organisation_id), "bucket", QUARTER)))
    return quarters, minutes, customers


def _of(rows: pa.Table, organisation_id: str) -> pa.Table:
    if not rows.num_rows:
        return rows
    return rows.filter(pc.equal(rows.column("organisation"), organisation_id))


def _places(rows: pa.Table, column: str, unit: timedelta) -> pa.ChunkedArray:
    instants = pc.cast(pc.cast(rows.column(column), pa.timestamp("us", "UTC")), pa.int64())
    return pc.divide(instants, unit // _MICROSECOND)


def _tally(places: pa.ChunkedArray) -> Counter[int]:
    return Counter({row["values"]: row["counts"] for row in pc.value_counts(places).to_pylist()})


def _quarter(instant: datetime) -> int:
    return (instant - EPOCH) // QUARTER
