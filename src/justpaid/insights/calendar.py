"""Days and months of a time zone around an instant."""

from datetime import datetime, timedelta
from typing import Final

from justpaid.kernel.instants import ceil_to
from justpaid.kernel.period import Period, timezone
from justpaid.kernel.schedule import Schedule

_ANCHOR: Final = datetime(2000, 1, 1)  # noqa: DTZ001  (midnight of whichever zone)


def day_of(instant: datetime, zone: str) -> Period:
    return Schedule("day", _ANCHOR.replace(tzinfo=timezone(zone)), zone).period_containing(instant)


def month_of(instant: datetime, zone: str) -> Period:
    return Schedule("month", _ANCHOR.replace(tzinfo=timezone(zone)), zone).period_containing(instant)


def month_to_date(now: datetime, zone: str) -> tuple[Period, Period]:
    """From the first of the month to `now`; and as much of the month before, or all of it where that was shorter."""
    months = Schedule("month", _ANCHOR.replace(tzinfo=timezone(zone)), zone)
    start = months.boundary_at_or_before(now)
    before = months.boundary_at_or_before(start - timedelta(microseconds=1))
    return Period(start, now), Period(before, min(start, before + (now - start)))


def last_days(now: datetime, zone: str, count: int) -> list[Period]:
    """Today, whole, and the days before it: oldest first."""
    days = [day_of(now, zone)]
    while len(days) < count:
        days.append(day_of(days[-1].start - timedelta(microseconds=1), zone))
    return days[::-1]


def next_quarter(instant: datetime) -> datetime:
    """The first quarter hour that is not before `instant`."""
    return ceil_to(instant, timedelta(minutes=15))
