"""The past of a new rollup, filled in by a thread of its own, so that live metering never waits for it.

One rollup at a time, in slices of the journal's sequence: each slice is one atomic insert, small enough for memory and
for a stop to wait for. What a crash or an error interrupts is not continued: nothing tells whether the last slice came
to be, so the meter is registered anew, with a new generation.
"""

import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog

from justpaid.metering.effects import Effects
from justpaid.metering.expired import Expired
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.rollups import Rollup, Rollups, rollup_insert
from justpaid.platform.failpoints import failpoint
from justpaid.platform.warehouse import Warehouse

log = structlog.get_logger(__name__)

SLICE_EVENTS: Final = 2_000_000
_RETRY_S: Final = 1.0
# Live metering and usage questions keep the other cores.
_IN_BACKGROUND: Final = "SETTINGS max_threads = 1"


class Filling:
    """`register_again` is called when a rollup has failed: it has to get a new generation."""

    def __init__(
        self,
        warehouse: Warehouse,
        rollups: Rollups,
        expired: Expired,
        effects: Effects,
        register_again: Callable[[], None],
        *,
        slice_events: int = SLICE_EVENTS,
    ) -> None:
        self._warehouse = warehouse
        self._rollups = rollups
        self._expired = expired
        self._effects = effects
        self._register_again = register_again
        self._slice_events = slice_events
        self._waiting: queue.SimpleQueue[tuple[MeterDefinition, Rollup] | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="filling", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns after the slice that is being written; what is left is begun anew by the next start."""
        self._stopping.set()
        self._waiting.put(None)
        self._thread.join()

    def add(self, meter: MeterDefinition, rollup: Rollup) -> None:
        self._waiting.put((meter, rollup))

    def _run(self) -> None:
        while (task := self._waiting.get()) is not None and not self._stopping.is_set():
            meter, rollup = task
            try:
                self._fill(meter, rollup)
            except Exception as error:
                log.error("metering.filling_failed", meter=meter.key, error=str(error), retry_s=_RETRY_S)
                self._stopping.wait(_RETRY_S)
                self._rollups.abandon(rollup)
                self._register_again()

    def _fill(self, meter: MeterDefinition, rollup: Rollup) -> None:
        """Roll up all events before `live_from` and declare the rollup complete."""
        for start in range(0, rollup.live_from, self._slice_events):
            if self._stopping.is_set() or not self._rollups.is_current(rollup):
                return
            end = min(start + self._slice_events, rollup.live_from)
            insert = rollup_insert([(meter, rollup)], self._effects, start, end, upto=0)
            self._warehouse.execute(f"{insert} {_IN_BACKGROUND}")
            self._rollups.filled(rollup, end)
            failpoint("metering.between_slices")
        failpoint("metering.after_filling")
        # Asked at the end: events that went meanwhile were announced before.
        self._rollups.complete(rollup, since=self._expired.until(meter.organisation_id, meter.event))
        log.info("metering.rollup_complete", meter=meter.key, events_before=rollup.live_from)
