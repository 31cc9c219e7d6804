"""How fast receipts are given, by organisation: how many events a minute, and how long senders wait.

It is of this process and since its start: what moves on a screen, not what anybody is billed by.
"""

import math
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

#: Bounds of the histogram grow by a tenth, from 0.1 ms to more than a minute.
_GROWTH: Final = math.log(1.1)
_LEAST_S: Final = 0.0001
_BUCKETS: Final = 144
#: Quantiles are of the last five to ten minutes: of two windows, the older is dropped when the newer is full.
_WINDOW_S: Final = 300.0
_MINUTE_S: Final = 60


class Pace:
    """Thread-safe. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._of: dict[str, _OfOrganisation] = {}
        self._lock = threading.Lock()

    def note(self, organisation_id: str, accepted: int, began_at: float) -> None:
        """A receipt was given for a request that came at `began_at`, by the same clock."""
        now = self._monotonic()
        with self._lock:
            of = self._of.get(organisation_id)
            if of is None:
                of = self._of[organisation_id] = _OfOrganisation(now)
            of.note(now, accepted, now - began_at)

    def events_per_minute(self, organisation_id: str) -> int:
        """Events accepted in the last 60 seconds."""
        with self._lock:
            of = self._of.get(organisation_id)
            return of.last_minute(self._monotonic()) if of else 0

    def latency_ms(self, organisation_id: str, quantiles: Sequence[float]) -> list[float | None]:
        """How long receipts took, exact to a tenth; None where none was given lately."""
        with self._lock:
            of = self._of.get(organisation_id)
            return of.latency_ms(self._monotonic(), quantiles) if of else [None for _ in quantiles]


class _OfOrganisation:
    def __init__(self, now: float) -> None:
        self._seconds: deque[tuple[int, int]] = deque()
        self._began_at = now
        self._newer, self._older = _empty(), _empty()

    def note(self, now: float, accepted: int, took_s: float) -> None:
        self._turn(now)
        self._newer[_bucket(took_s)] += 1
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            second, accepted = second, accepted + self._seconds.pop()[1]
        self._seconds.append((second, accepted))
        self._forget(now)

    def last_minute(self, now: float) -> int:
        self._forget(now)
        return sum(accepted for _, accepted in self._seconds)

    def latency_ms(self, now: float, quantiles: Sequence[float]) -> list[float | None]:
        self._turn(now)
        counts = [newer + older for newer, older in zip(self._newer, self._older, strict=True)]
        return [_quantile(counts, quantile) for quantile in quantiles]

    def _forget(self, now: float) -> None:
        while self._seconds and self._seconds[0][0] <= int(now) - _MINUTE_S:
            self._seconds.popleft()

    def _turn(self, now: float) -> None:
        elapsed = now - self._began_at
        if elapsed >= _WINDOW_S:
            self._older = self._newer if elapsed < 2 * _WINDOW_S else _empty()
            self._newer = _empty()
            self._began_at = now


def _empty() -> "array[int]":
    return array("Q", bytes(8 * _BUCKETS))


def _bucket(seconds: float) -> int:
    return 0 if seconds <= _LEAST_S else min(_BUCKETS - 1, int(math.log(seconds / _LEAST_S) / _GROWTH) + 1)


def _quantile(counts: Sequence[int], quantile: float) -> float | None:
    """In milliseconds: the upper bound of the bucket that it lies in."""
    total = sum(counts)
    seen = 0
    for bucket, count in enumerate(counts):
        seen += count
        if count and seen >= quantile * total:
            return round(_LEAST_S * math.exp(_GROWTH * bucket) * 1000, 2)
    return None
