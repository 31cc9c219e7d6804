"""A few of the events that are accepted, for a screen that can't show them all."""

import threading
from collections.abc import Callable, Sequence

from justpaid.ingest.block import Columns
from justpaid.ingest.feed import LiveEvent, live_event
from justpaid.platform.journal import Verdict


class Sampler:
    """One viewer of one organisation's events, or of these customer keys' alone.

    It keeps at most `most` events between two calls of `take`, spread over the group that they came with, and counts
    the rest. So a group costs what finding its rows costs, however many watch and however slowly they read. `wake` is
    called for each group if `wake_on_events`, else only when the feed closes.
    """

    def __init__(
        self,
        organisation_id: str,
        wake: Callable[[], None],
        *,
        most: int,
        customer_keys: frozenset[str] | None = None,
        wake_on_events: bool = False,
    ) -> None:
        self.organisation_id = organisation_id
        self.wake = wake
        self.closed = False
        self._customer_keys = customer_keys
        self._most = most
        self._wake_on_events = wake_on_events
        self._lock = threading.Lock()
        self._kept: list[LiveEvent] = []
        self._count = 0

    def receive(self, columns: Columns, verdict: Verdict) -> None:
        places = self._places(columns, verdict.accepted)
        if not places:
            return
        with self._lock:
            self._count += len(places)
            free = self._most - len(self._kept)
        if self._wake_on_events:
            self.wake()
        if free <= 0:
            return
        step = max(1, len(places) // free)
        chosen = places[::step][:free]
        events = [live_event(columns, verdict.accepted[place], verdict.first + place) for place in chosen]
        with self._lock:
            self._kept += events[: self._most - len(self._kept)]

    def take(self) -> tuple[list[LiveEvent], int]:
        """The events kept since the last call, and how many there were in all."""
        with self._lock:
            kept, count = self._kept, self._count
            self._kept, self._count = [], 0
        return kept, count

    def _places(self, columns: Columns, rows: Sequence[int]) -> Sequence[int]:
        """Which of the accepted `rows` are this viewer's; by their places among them."""
        organisations = columns.organisation
        if len(rows) < len(organisations):
            organisations = [organisations[row] for row in rows]
        ours = self.organisation_id
        count = organisations.count(ours)
        if not count:
            return ()
        places: Sequence[int] = range(len(rows))
        if count < len(rows):
            places = [place for place, organisation in enumerate(organisations) if organisation == ours]
        if self._customer_keys is not None:
            keys, customers = self._customer_keys, columns.customer
            places = [place for place in places if customers[rows[place]] in keys]
        return places
