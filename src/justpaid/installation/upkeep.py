"""Expired sessions, links and counts of attempts go by themselves."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import structlog

from justpaid.accounts import forget_expired
from justpaid.installation.installation import Installation

log = structlog.get_logger(__name__)

_INTERVAL_S: Final = 3600.0


@contextmanager
def upkeep_by_itself(installation: Installation) -> Iterator[None]:
    """Look once an hour while the block runs."""
    stopping = threading.Event()
    thread = threading.Thread(target=_run, args=(installation, stopping), name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _run(installation: Installation, stopping: threading.Event) -> None:
    while not stopping.wait(_INTERVAL_S):
        try:
            with installation.database.system() as session:
                forget_expired(session, installation.clock.now())
        except Exception as error:
            log.warning("upkeep.failed", error=str(error), retry_s=_INTERVAL_S)
