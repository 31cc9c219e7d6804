"""What a server does again and again by itself, each on a thread of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

log = structlog.get_logger(__name__)


@contextmanager
def repeated(
    work: Callable[[threading.Event], object], every: timedelta, *, name: str, at_once: bool = False
) -> Iterator[None]:
    """Call `work` while the block runs; never where `every` is nothing. The first time comes after `every` too, unless
    `at_once`.

    `work` is given what is set once it should end early. What it raises is logged, and the next time tries again.
    """
    if not every:
        yield
        return
    stopping = threading.Event()
    wait_s = every.total_seconds()

    def run() -> None:
        if not at_once:
            stopping.wait(wait_s)
        while not stopping.is_set():
            try:
                work(stopping)
            except Exception as error:
                log.error("background.failed", work=name, error=str(error), retry_s=wait_s)
            stopping.wait(wait_s)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
