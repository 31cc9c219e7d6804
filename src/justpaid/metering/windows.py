"""How a span of usage is cut into windows: 5 minutes, hours, days or months, in an IANA time zone."""

from datetime import datetime, timedelta
from typing import Final, Literal

from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.instants import floor_to
from justpaid.kernel.period import Period, timezone
from justpaid.kernel.schedule import Schedule

Window = Literal["none", "5m", "hour", "day", "month"]

MAX_WINDOWS: Final = 10_000
_FIVE_MINUTES: Final = timedelta(minutes=5)


def cut(period: Period, window: Window, zone: str) -> list[Period]:
    """The windows of `period`, in order and without gaps; the first and the last are cut off at its ends.

    Days and months begin at local midnight, hours at the local full hour, so a day is 23 or 25 hours where clocks
    change. Raises: InvalidRequest for more than 10,000 windows.
    """
    if window == "none":
        return [period]
    starts = [period.start]
    boundary = _next_boundary(period.start, window, zone)
    while boundary < period.end:
        starts.append(boundary)
        if len(starts) > MAX_WINDOWS:
            raise InvalidRequest.of("window", f"more than {MAX_WINDOWS} windows; ask for a shorter span or wider ones")
        boundary = _next_boundary(boundary, window, zone)
    return [Period(start, end) for start, end in zip(starts, [*starts[1:], period.end], strict=True)]


def _next_boundary(instant: datetime, window: Window, zone: str) -> datetime:
    """The first boundary after `instant`."""
    if window == "5m":
        return floor_to(instant, _FIVE_MINUTES) + _FIVE_MINUTES
    if window == "hour":
        return _next_full_hour(instant, zone)
    return _calendar(instant, window, zone).boundary_after(instant)


def _next_full_hour(instant: datetime, zone: str) -> datetime:
    """Zones are offset by whole quarter hours, so the local full hour is at most four quarters away."""
    step = timedelta(minutes=15)
    candidate = floor_to(instant, step) + step
    local_zone = timezone(zone)
    while candidate.astimezone(local_zone).minute != 0:
        candidate += step
    return candidate


def _calendar(instant: datetime, window: Window, zone: str) -> Schedule:
    local = instant.astimezone(timezone(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window == "month":
        local = local.replace(day=1)
    return Schedule("month" if window == "month" else "day", local, zone)
