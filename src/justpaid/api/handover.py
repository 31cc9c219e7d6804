"""Results from another thread to the event loop, those that come together at once.

`asyncio.wrap_future` wakes the loop for each of them, which costs as much as committing an event. Here the first wakes
it, and takes along what has come until the loop is there.
"""

import asyncio
import threading
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Handover(Generic[T]):
    """Of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._done: list[tuple[asyncio.Future[T], Future[T]]] = []
        self._lock = threading.Lock()

    async def wait_for(self, promised: "Future[T]") -> T:
        """Its result. Given up meanwhile, it is cancelled, if it has not begun.  Raises: what it does."""
        waiting: asyncio.Future[T] = self.loop.create_future()
        promised.add_done_callback(lambda done: self._take(waiting, done))
        try:
            return await waiting
        finally:
            promised.cancel()

    def _take(self, waiting: "asyncio.Future[T]", done: "Future[T]") -> None:
        with self._lock:
            self._done.append((waiting, done))
            first = len(self._done) == 1
        if first and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._hand_over)

    def _hand_over(self) -> None:
        with self._lock:
            taken, self._done = self._done, []
        for waiting, done in taken:
            if waiting.done():
                continue  # nobody waits any more
            if done.cancelled():
                waiting.cancel()
            elif (error := done.exception()) is not None:
                waiting.set_exception(error)
            else:
                waiting.set_result(done.result())
