"""How far metering is behind receipts, cheap enough to be asked four times a second by each of many viewers."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

from justpaid.kernel.clock import Clock
from justpaid.metering import Metering

#: Finding out how long the oldest event has waited reads a block of the journal.
_KEPT_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class MeteringStanding:
    """Of the whole installation. `behind` events are accepted but not metered; the oldest has waited for `lag_ms`."""

    position: int
    head: int
    behind: int
    lag_ms: int


_lock = threading.Lock()
_last: WeakKeyDictionary[Metering, tuple[float, MeteringStanding]] = WeakKeyDictionary()


def metering_standing(metering: Metering, clock: Clock) -> MeteringStanding:
    """As of now, or of a fifth of a second ago.  Raises: EngineUnavailable."""
    with _lock:
        at, standing = _last.get(metering, (0.0, None))
        if standing is None or time.monotonic() - at > _KEPT_S:
            standing = _read(metering, clock.now())
            _last[metering] = time.monotonic(), standing
        return standing


def _read(metering: Metering, now: datetime) -> MeteringStanding:
    position = metering.drainer.position
    behind = max(0, metering.lag())
    oldest_at = metering.backlog().oldest_at if behind else None
    lag_ms = 0 if oldest_at is None else max(0, round((now - oldest_at).total_seconds() * 1000))
    return MeteringStanding(position, position + behind, behind, lag_ms)
