"""SIGINT (Ctrl-C), SIGTERM, SIGHUP (the terminal closed): the first asks the process to stop, the second makes it."""

import asyncio
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

#: `make` and the like pass on a signal that the whole process group has got already: two so close are one.
_SAME_S: Final = 1.0


class StopSignals:
    """What a signal does now. Before `hand_over` the first interrupts the main thread (KeyboardInterrupt)."""

    def __init__(self, on_second: Callable[[], None]) -> None:
        self._on_first: Callable[[], None] | None = None
        self._on_second = on_second
        self._asked_at: float | None = None
        self._numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
            self._numbers.append(signal.SIGHUP)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals while the block runs. Main thread only."""
        before = {number: signal.getsignal(number) for number in self._numbers}
        self.install()
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def install(self) -> None:
        """Take the signals, also back from an event loop that ended."""

        def handle(_number: int, _frame: FrameType | None) -> None:
            self._receive()

        for number in self._numbers:
            signal.signal(number, handle)

    def hand_over(self, loop: asyncio.AbstractEventLoop, on_first: Callable[[], None]) -> None:
        """Have the loop, which sleeps outside of Python, wake for signals; the first one calls `on_first` in it."""
        self._on_first = on_first
        for number in self._numbers:
            loop.add_signal_handler(number, self._receive)

    def _receive(self) -> None:
        now = time.monotonic()
        if self._asked_at is not None:
            if now - self._asked_at > _SAME_S:
                self._on_second()
            return
        self._asked_at = now
        if self._on_first is None:
            raise KeyboardInterrupt
        self._on_first()
