"""How often one caller may ask, in this process."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from justpaid.kernel.errors import TooManyAttempts

_MOST_CALLERS: Final = 10_000


class RateLimit:
    """A bucket for each caller that holds `burst` requests and is filled again by `per_second`. Thread-safe."""

    def __init__(self, per_second: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._monotonic = monotonic
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, caller: str) -> None:
        """Raises: TooManyAttempts when the bucket is empty."""
        now = self._monotonic()
        with self._lock:
            left, at = self._left.get(caller, (float(self._burst), now))
            left = min(float(self._burst), left + (now - at) * self._per_second)
            if left >= 1:
                if len(self._left) >= _MOST_CALLERS:
                    self._left.clear()
                self._left[caller] = left - 1, now
                return
            self._left[caller] = left, now
        wait_s = max(1, math.ceil((1 - left) / self._per_second))
        raise TooManyAttempts(f"More than {self._per_second:g} requests a second. Slow down.", retry_after_s=wait_s)
