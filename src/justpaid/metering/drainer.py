"""The drainer moves accepted events from the journal into the warehouse; `roller` adds them to the rollups.

It inserts all that is pending as one block, at a pace that takes a tenth of its time: low load gives small blocks at
once, high load large efficient ones. Usage does not wait for it (see `tail`). A crash at any step repeats that step:
the warehouse itself says how far it is, because each insert is atomic and carries its sequence.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from justpaid.metering.effects import Effects
from justpaid.metering.records import Records, records_of
from justpaid.metering.roller import Roller
from justpaid.metering.tail import Tail, TailReader
from justpaid.metering.voids import Voids
from justpaid.platform.failpoints import failpoint
from justpaid.platform.journal import Block, Journal
from justpaid.platform.warehouse import Warehouse

log = structlog.get_logger(__name__)

_DRAINED: Final = "metering.drained"
_IDLE_S: Final = 0.5
_RETRY_S: Final = 1.0
# A block costs some 15 ms of a core however few its rows are, and its part has to be merged: without a pace a trickle
# of single events would keep a core busy. What comes after a pause is taken at once; so is, but for the shortest pace,
# what somebody waits for.
_SHORTEST_PACE_S: Final = 0.1
_LONGEST_PACE_S: Final = 1.0
_SHARE_OF_TIME: Final = 0.1


class Drainer:
    """One thread. `roller` is told what it has drained; `moved` is given what each pass moved, and returns at once."""

    def __init__(
        self,
        journal: Journal,
        warehouse: Warehouse,
        voids: Voids,
        effects: Effects,
        roller: Roller,
        *,
        max_rows: int,
        moved: Callable[[Records], None] = lambda _records: None,
    ) -> None:
        self._journal = journal
        self._warehouse = warehouse
        self._voids = voids
        self._effects = effects
        self._roller = roller
        self._moved = moved
        self._stopping = threading.Event()
        self._progress = threading.Condition()
        self._draining = False
        self._pauses = 0
        self._awaited = 0
        self._began = self._took = 0.0
        self._position = int(journal.mark(_DRAINED) or b"0")
        self._tail = TailReader(journal, self._position, max_rows=max_rows)
        self._sure = False
        self._thread = threading.Thread(target=self._run, name="drainer", daemon=True)

    @property
    def position(self) -> int:
        """Every record below this sequence is in the warehouse, and usage counts it."""
        return self._position

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        """Finish what a crash left undone, then follow the journal."""
        self._make_sure()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        with self._progress:
            self._progress.notify_all()
        self._journal.wake()
        self._thread.join()

    def tail(self) -> Tail:
        """What usage counts besides the warehouse: nothing while that is held still.  Raises: EngineUnavailable."""
        return Tail(self._position) if self._pauses else self._tail.read()

    @contextmanager
    def paused(self) -> Iterator[int]:
        """Hold the warehouse still between two blocks, and usage with it, for reads that must agree; yields the
        position."""
        with self._progress:
            self._pauses += 1
            self._progress.wait_for(lambda: not self._draining)
        try:
            yield self._position
        finally:
            with self._progress:
                self._pauses -= 1
                self._progress.notify_all()

    def wait_until(self, sequence: int, timeout_s: float) -> bool:
        """Have every record below `sequence` moved soon; False when the time ran out first."""
        with self._progress:
            self._awaited = max(self._awaited, sequence)
            self._progress.notify_all()
            return self._progress.wait_for(lambda: self._position >= sequence or self._stopping.is_set(), timeout_s)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Pauses go first: a plain lock would let a busy drainer take it again before a reader wakes."""
        with self._progress:
            self._progress.wait_for(lambda: not self._pauses)
            self._draining = True
        try:
            yield
        finally:
            with self._progress:
                self._draining = False
                self._progress.notify_all()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._make_sure()
                if self._journal.wait_beyond(self._position, _IDLE_S):
                    self._wait_until_due()
                    with self._writing():
                        self._drain_once()
            except Exception as error:
                self._sure = False
                log.error("metering.drain_failed", error=str(error), position=self._position, retry_s=_RETRY_S)
                self._stopping.wait(_RETRY_S)

    def _wait_until_due(self) -> None:
        pace = min(max(_SHORTEST_PACE_S, self._took / _SHARE_OF_TIME), _LONGEST_PACE_S)
        while not self._stopping.is_set() and (left := self._began + pace - time.monotonic()) > 0:
            self._tail.read()  # decoded a little at a time, which no question then has to wait for
            with self._progress:
                if self._tail.urgent or self._awaited > self._position:
                    pace = _SHORTEST_PACE_S
                self._progress.wait(min(left, _SHORTEST_PACE_S))

    def _drain_once(self) -> None:
        self._began = time.monotonic()
        part = self._tail.next()
        if part is None:
            return
        failpoint("drain.before_events")
        records = part.records
        if records.events.num_rows:
            self._warehouse.insert("events", records.events)
        failpoint("drain.after_events")
        if records.voids.num_rows:
            self._voids.insert(records.voids)
            failpoint("drain.after_voids")
        # Before they are rolled up, which tells what comes after a close from what was before it.
        if records.steps.num_rows:
            self._effects.insert(records.steps)
            failpoint("drain.after_steps")
        self._took = time.monotonic() - self._began
        self._advance(part.end)
        self._moved(records)

    def _advance(self, end: int) -> None:
        self._journal.set_marks({_DRAINED: str(end).encode()})
        failpoint("drain.after_mark")
        self._journal.release(end)
        with self._progress:
            self._position = end
            self._progress.notify_all()
        self._tail.drop(end)
        self._roller.drained(end)

    def _make_sure(self) -> None:
        """After a crash or a failed step the warehouse may be ahead of the mark."""
        if not self._sure:
            with self._writing():
                self._recover()
            self._sure = True

    def _recover(self) -> None:
        """Bring the mark and the warehouse together, by what the warehouse itself says.

        Events, voids and steps of backfills are inserted one after the other, each all at once: of those that were
        drained together either all are there or none.
        """
        done = self._position
        self._voids.load()
        self._effects.load()
        in_events, in_voids, in_steps = (
            self._reached(table, done - 1) + 1 for table in ("events", "voids", "backfills")
        )
        inserted = max(in_events, in_voids, in_steps)
        if inserted > done:
            log.info("metering.recovering", mark=done, inserted=inserted, voids=in_voids, steps=in_steps)
            records, inserted = self._among(done, inserted)
            if in_voids == done and records.voids.num_rows:
                self._voids.insert(records.voids)
            if in_steps == done and records.steps.num_rows:
                self._effects.insert(records.steps)
            self._advance(inserted)
            self._moved(records)

    def _among(self, start: int, inserted: int) -> tuple[Records, int]:
        """The records from `start` on, up to the end of the journal block that holds the last before `inserted` (a
        void may follow an event there), and that end."""
        blocks: list[Block] = []
        end = start
        while end < inserted:
            (block,) = self._journal.read(end, max_records=1)
            blocks.append(block)
            end = block.end
        return records_of(blocks), end

    def _reached(self, table: str, floor: int) -> int:
        row = self._warehouse.query(
            f"SELECT count() AS n, max(seq) AS reached FROM {table} WHERE seq > {{floor:Int64}}",
            {"floor": floor},
        ).to_pylist()[0]
        return int(row["reached"]) if row["n"] else floor
