"""The live feed: accepted events, as they are committed, to whoever watches.

Watching never slows ingest: each watcher has a bounded queue, and one that reads too slowly loses the oldest events
and is told how many. `Sampler` (sampler.py) is a viewer that shows few and counts the rest.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from justpaid.ingest.block import Columns
from justpaid.platform.journal import Verdict

_QUEUE: Final = 1000


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """`sequence` is its place in the journal; `timestamp` in microseconds since 1970 UTC; `properties` JSON text."""

    sequence: int
    id: str
    customer_key: str
    event: str
    timestamp: int
    quantity: str
    properties: bytes


class Viewer(Protocol):
    """Who is shown each group as it is committed, in the committer's thread: `receive` must be quick."""

    closed: bool
    wake: Callable[[], None]

    def receive(self, columns: Columns, verdict: Verdict) -> None: ...


class Watcher:
    """One reader of one organisation's events; of these customer keys and this event name only, where they are given.

    `wake` is called, from other threads, when there is news or the feed has closed.
    """

    def __init__(
        self,
        organisation_id: str,
        wake: Callable[[], None],
        *,
        customer_keys: frozenset[str] | None = None,
        event: str | None = None,
    ) -> None:
        self.organisation_id = organisation_id
        self.wake = wake
        self.closed = False
        self._customer_keys = customer_keys
        self._event = event
        self._lock = threading.Lock()
        self._queue: deque[LiveEvent] = deque(maxlen=_QUEUE)
        self._lost = 0

    def wants(self, columns: Columns, row: int) -> bool:
        return (
            columns.organisation[row] == self.organisation_id
            and (self._event is None or columns.event[row] == self._event)
            and (self._customer_keys is None or columns.customer[row] in self._customer_keys)
        )

    def receive(self, columns: Columns, verdict: Verdict) -> None:
        """Queue the accepted rows that are wanted; of a group, no more than the queue holds."""
        wanted = [
            (row, sequence) for sequence, row in enumerate(verdict.accepted, verdict.first) if self.wants(columns, row)
        ]
        if wanted:
            last = wanted[-_QUEUE:]
            self.offer([live_event(columns, row, sequence) for row, sequence in last], len(wanted) - len(last))
            self.wake()

    def offer(self, events: Sequence[LiveEvent], lost: int) -> None:
        """Add `events`, before which `lost` others were left out already."""
        with self._lock:
            self._lost += lost + max(0, len(self._queue) + len(events) - _QUEUE)
            self._queue.extend(events)

    def take(self) -> tuple[list[LiveEvent], int]:
        """What came since the last call, and how many were lost before it."""
        with self._lock:
            events, lost = list(self._queue), self._lost
            self._queue.clear()
            self._lost = 0
        return events, lost


class Feed:
    def __init__(self) -> None:
        self._watchers: tuple[Viewer, ...] = ()
        self._closed = False
        self._lock = threading.Lock()

    def watch(self, watcher: Viewer) -> None:
        with self._lock:
            watcher.closed = self._closed
            self._watchers = (*self._watchers, watcher)

    def leave(self, watcher: Viewer) -> None:
        with self._lock:
            self._watchers = tuple(other for other in self._watchers if other is not watcher)

    @contextmanager
    def watched_by(self, watcher: Viewer) -> Iterator[None]:
        self.watch(watcher)
        try:
            yield
        finally:
            self.leave(watcher)

    def close(self) -> None:
        """End every watch, present and future: the server stops."""
        with self._lock:
            self._closed = True
            watchers = self._watchers
        for watcher in watchers:
            watcher.closed = True
            watcher.wake()

    def publish(self, columns: Columns, verdict: Verdict) -> None:
        """Show a committed group to everyone."""
        for watcher in self._watchers:
            watcher.receive(columns, verdict)


def live_event(columns: Columns, row: int, sequence: int) -> LiveEvent:
    return LiveEvent(
        sequence=sequence,
        id=columns.id[row],
        customer_key=columns.customer[row],
        event=columns.event[row],
        timestamp=columns.timestamp[row],
        quantity=columns.quantity[row],
        properties=columns.properties[row],
    )
