"""Backtests that run by themselves."""

from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from typing import Final

from justpaid.insights import run_waiting
from justpaid.installation.installation import Installation
from justpaid.installation.repeated import repeated

_LOOK_EVERY: Final = timedelta(seconds=1)


def backtests_by_themselves(installation: Installation) -> AbstractContextManager[None]:
    """Run what was asked for, and what an earlier process left, while the block runs."""
    engines = installation.database, installation.metering, installation.clock
    return repeated(partial(run_waiting, *engines), _LOOK_EVERY, name="backtests")
