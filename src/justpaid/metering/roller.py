"""The roller adds what the drainer has put into `events` to the rollups in `usage`, once a second.

Between two rollups usage questions count the newest events from `events` themselves (see `usage`), so nothing waits for
it: what an event costs falls with the size of the block that it is rolled up in. A crash or a failure at any
step repeats that step: an insert into `usage` is atomic and its rows say up to which sequence it had read.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from justpaid.metering.effects import Effects
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.rollups import Definitions, Rollup, Rollups, rollup_insert
from justpaid.platform.failpoints import failpoint
from justpaid.platform.journal import Journal
from justpaid.platform.warehouse import Warehouse

log = structlog.get_logger(__name__)

_ROLLED_UP: Final = "metering.rolled_up"
# A statement costs some 30 ms of a core before its first row: a tenth of what a block of 60,000 events takes.
_PACE_S: Final = 1.0
_RETRY_S: Final = 1.0


class Roller:
    """One thread. `fill_in` is given each new rollup that has a past, and returns at once."""

    def __init__(
        self,
        journal: Journal,
        warehouse: Warehouse,
        rollups: Rollups,
        effects: Effects,
        definitions: Definitions,
        fill_in: Callable[[MeterDefinition, Rollup], None],
        *,
        max_rows: int,
    ) -> None:
        self._journal = journal
        self._warehouse = warehouse
        self._rollups = rollups
        self._effects = effects
        self._load = definitions
        self._fill_in = fill_in
        self._max_rows = max_rows
        self._meters: list[MeterDefinition] = []
        self._meters_changed = True
        self._drained = self._awaited = self._position = 0
        self._sure = False
        self._stopping = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="roller", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def position(self) -> int:
        """Every event below this sequence is in the rollups of the meters that there were; it may lag behind them."""
        return self._position

    def start(self, drained: int) -> None:
        """`drained`: every event below this sequence is in `events`."""
        self._drained = drained
        self._make_sure()
        self._thread.start()

    def stop(self) -> None:
        with self._news:
            self._stopping = True
            self._news.notify_all()
        self._thread.join()

    def drained(self, upto: int) -> None:
        """Events below this sequence are in `events` now."""
        with self._news:
            self._drained = upto
            self._news.notify_all()

    def meters_changed(self) -> None:
        """A meter was made or changed: take it up soon."""
        with self._news:
            self._meters_changed = True
            self._news.notify_all()

    def wait_until(self, sequence: int, timeout_s: float) -> bool:
        """Have every event below `sequence`, which is drained, rolled up at once; False when the time ran out first."""
        with self._news:
            self._awaited = max(self._awaited, sequence)
            self._news.notify_all()
            return self._news.wait_for(lambda: self._position >= sequence or self._stopping, timeout_s)

    def _run(self) -> None:
        due = 0.0
        while self._wait(due):
            due = time.monotonic() + _PACE_S
            try:
                if self._position < self._drained:
                    self._roll_up(self._drained)
                self._take_up_new_meters()
            except Exception as error:
                self._sure = False
                log.error("metering.rollup_failed", error=str(error), position=self._position, retry_s=_RETRY_S)
                time.sleep(_RETRY_S)

    def _wait(self, due: float) -> bool:
        """Until there is something to do and it is due; False at the end."""
        with self._news:
            self._news.wait_for(lambda: self._urgent() or self._drained > self._position)
            self._news.wait_for(self._urgent, due - time.monotonic())
            return not self._stopping

    def _urgent(self) -> bool:
        return self._stopping or self._meters_changed or self._position < min(self._awaited, self._drained)

    def _take_up_new_meters(self) -> None:
        if not self._meters_changed:
            return
        self._meters_changed = False
        try:
            self._make_sure()
            self._meters = self._load()
            for meter, rollup in self._rollups.register(self._meters, self._position):
                self._fill_in(meter, rollup)
        except Exception:
            self._meters_changed = True
            raise

    def _roll_up(self, drained: int) -> None:
        """One block of what lies between the position and `drained`."""
        self._make_sure()
        start, end = self._position, min(drained, self._position + self._max_rows)
        failpoint("rollup.before_insert")
        live = [(meter, rollup) for meter in self._matching(start, end) if (rollup := self._rollups.of(meter))]
        if live:
            self._warehouse.execute(rollup_insert(live, self._effects, start, end, upto=end))
        failpoint("rollup.after_insert")
        self._journal.set_marks({_ROLLED_UP: str(end).encode()})
        failpoint("rollup.after_mark")
        with self._news:
            self._position = end
            self._news.notify_all()

    def _matching(self, start: int, end: int) -> list[MeterDefinition]:
        """What a block costs grows with the meters that match it, not with all there are."""
        rows = self._warehouse.query(
            "SELECT DISTINCT organisation, event FROM events WHERE seq >= {start:UInt64} AND seq < {end:UInt64}",
            {"start": start, "end": end},
        ).to_pylist()
        present = {(row["organisation"], row["event"]) for row in rows}
        return [meter for meter in self._meters if (meter.organisation_id, meter.event) in present]

    def _make_sure(self) -> None:
        """After a crash or a failed insert `usage` may be ahead of the mark. Of a block's rows either all are there or
        none; where it has none at all, repeating it adds none."""
        if self._sure:
            return
        marked = int(self._journal.mark(_ROLLED_UP) or b"0")
        (row,) = self._warehouse.query(
            "SELECT max(upto) AS reached FROM usage WHERE upto > {marked:UInt64}", {"marked": marked}
        ).to_pylist()
        self._meters = self._load()
        self._sure = True
        with self._news:  # who waits for it must not wait for the next event
            self._position = max(marked, row["reached"])
            self._news.notify_all()
