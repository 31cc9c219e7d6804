"""Backtests that run by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from justpaid.insights import BacktestWorker
from justpaid.installation.installation import Installation

_LOOK_EVERY: Final = timedelta(seconds=1)


@contextmanager
def backtests_by_themselves(installation: Installation) -> Iterator[None]:
    """Run what was asked for, and what an earlier process left, while the block runs."""
    worker = BacktestWorker(installation.database, installation.metering, installation.clock, interval=_LOOK_EVERY)
    worker.start()
    try:
        yield
    finally:
        worker.stop()
