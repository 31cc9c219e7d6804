"""Sends the usage of last month and of this month so far. What an earlier run has sent counts as duplicates."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import Final

from justpaid.demo.client import Api
from justpaid.demo.placing import place
from justpaid.demo.trace import Call
from justpaid.demo.usage import Event, cache_events, events_of
from justpaid.kernel.errors import Conflict

BATCH: Final = 2000


@dataclass(frozen=True, slots=True)
class Sent:
    """What the receipts of a history add up to."""

    accepted: int
    duplicates: int
    seconds: float

    @property
    def events(self) -> int:
        return self.accepted + self.duplicates


@dataclass(frozen=True, slots=True)
class History:
    """`events` are made while they are read, once; `count` is how many there will be."""

    count: int
    events: Iterator[Event]

    @classmethod
    def of(cls, calls: Sequence[Call], now: datetime, starts: Mapping[str, datetime]) -> "History":
        placed = place(calls, now, starts)
        caches = list(cache_events(placed, now))
        usage = chain.from_iterable(map(events_of, placed))
        return cls(2 * len(placed) + len(caches), chain(usage, caches))


def send(api: Api, history: History, progress: Callable[[int], None]) -> Sent:
    """`progress` is told the number of events after each batch.

    Raises: Conflict if an event was refused, which the demo's own never are on a data directory that it made.
    """
    began = time.monotonic()
    accepted = duplicates = 0
    for batch in _batches(history.events):
        receipt = api.send_events(batch)
        accepted += receipt["accepted"]
        duplicates += receipt["duplicates"]
        if receipt["errors"]:
            first = receipt["errors"][0]
            raise Conflict(
                f"{len(receipt['errors'])} of the demo's events were refused; the first, {first['id']}: "
                f"{first['message']} Start the demo on an empty data directory."
            )
        progress(len(batch))
    return Sent(accepted, duplicates, time.monotonic() - began)


def _batches(events: Iterable[Event]) -> Iterator[list[Event]]:
    iterator = iter(events)
    while batch := list(islice(iterator, BATCH)):
        yield batch
