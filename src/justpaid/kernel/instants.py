"""Instants as whole numbers, counted from the start of 1970 UTC as on Unix. Exact: no float comes near them.

The journal, the warehouse and cursors keep instants so. Every instant has to be aware; its zone makes no difference.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECOND: Final = timedelta(seconds=1)


def microseconds_of(instant: datetime) -> int:
    """Microseconds since 1970; negative before."""
    return (instant - EPOCH) // _MICROSECOND


def seconds_of(instant: datetime) -> int:
    """Whole seconds since 1970, rounded down: half a second before 1970 is -1."""
    return (instant - EPOCH) // _SECOND


def instant_of(microseconds: int) -> datetime:
    """The instant, in UTC, so many microseconds after the start of 1970.

    Raises: OverflowError outside the years 1 to 9999.
    """
    return EPOCH + timedelta(microseconds=microseconds)


def floor_to(instant: datetime, step: timedelta) -> datetime:
    """The last instant, in UTC, that is whole steps from the start of 1970 and not after `instant`."""
    return EPOCH + (instant - EPOCH) // step * step


def ceil_to(instant: datetime, step: timedelta) -> datetime:
    """The first instant, in UTC, that is whole steps from the start of 1970 and not before `instant`."""
    return EPOCH - (EPOCH - instant) // step * step
