"""When recurring periods begin and end: billing periods, and the days and months of a usage chart. Calendar arithmetic.

A boundary is the anchor's wall-clock time moved by whole intervals in a time zone. Each is computed from the anchor and
never from its neighbour, so a subscription anchored on the 31st returns to the 31st after February.

Where a zone's clocks jump, the boundary is the first instant at which they show its wall-clock time or a later one: in
a spring gap the moment of the jump, in an autumn overlap the first of the two. Where a zone skipped a whole day (Samoa,
30 December 2011) two daily boundaries are the same instant; the empty period between them is never given out.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.period import Period, timezone

Interval = Literal["day", "week", "month", "quarter", "year"]

_DAYS: Final = {"day": 1, "week": 7}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Schedule:
    """The billing boundaries that lie whole intervals before and after `anchor`, in the IANA zone `timezone`.

    All instants given out are in UTC. Every method raises InvalidRequest for a boundary outside the years 1 to 9999.
    """

    interval: Interval
    anchor: datetime
    timezone: str

    def __post_init__(self) -> None:
        if self.interval not in _DAYS and self.interval not in _MONTHS:
            raise InvalidRequest.of("interval", "must be one of day, week, month, quarter, year")
        if self.anchor.tzinfo is None:
            raise ValueError("an anchor needs a time zone")
        timezone(self.timezone)
        _wall_time(self.anchor, self._zone)
        object.__setattr__(self, "anchor", self.anchor.astimezone(UTC))

    def boundary(self, k: int) -> datetime:
        """The boundary `k` intervals after the anchor (before it, for a negative `k`); never decreases with `k`."""
        if k == 0:
            return self.anchor  # as given: in an autumn overlap it may be the second of the two
        wall = _wall_time(self.anchor, self._zone)
        try:
            moved = (
                _plus_months(wall, k * months) if (months := _MONTHS.get(self.interval)) else self._plus_days(wall, k)
            )
            return _first_instant_at(moved, self._zone)
        except (OverflowError, ValueError):
            raise _outside_calendar() from None

    def boundary_at_or_before(self, instant: datetime) -> datetime:
        """The last boundary that is not after `instant`."""
        return self.period_containing(instant).start

    def boundary_after(self, instant: datetime) -> datetime:
        """The first boundary that is after `instant`; a boundary's own successor if `instant` is one."""
        return self.period_containing(instant).end

    def period_containing(self, instant: datetime) -> Period:
        """The full period around `instant`, also before the anchor."""
        return _period_containing(self, instant)

    def full_period(self, period: Period) -> Period:
        """The full period of which `period`, cut by a start or an end of the subscription, is a part.

        Raises: ValueError if it reaches over a boundary.
        """
        full = self.period_containing(period.start)
        if period.end > full.end:
            raise ValueError(f"the period to {period.end} reaches over the boundary at {full.end}")
        return full

    def share(self, period: Period) -> Fraction:
        """How much of its full period `period` covers, by elapsed time: 1 for a full one, exact to the microsecond.

        Raises: ValueError if it reaches over a boundary.
        """
        full = self.full_period(period)
        return Fraction(_microseconds(period.duration), _microseconds(full.duration))

    def billed_periods(self, start_at: datetime, end_at: datetime | None, until: datetime) -> Iterator[Period]:
        """The periods that have elapsed by `until`, oldest first, of a subscription that runs `[start_at, end_at)`.

        The first is cut at `start_at` and the last at `end_at`; a period counts once its own end is not after `until`.
        """
        start = start_at
        k = self.index_of(start)
        while end_at is None or start < end_at:
            k += 1
            try:
                boundary = self.boundary(k)
            except InvalidRequest:
                return  # it comes after the calendar's end, so after `until`
            end = boundary if end_at is None else min(boundary, end_at)
            if end > until:
                return
            if end > start:
                yield Period(start, end)
                start = end

    @property
    def _zone(self) -> ZoneInfo:
        return timezone(self.timezone)

    def index_of(self, instant: datetime) -> int:
        """The `k` of the last boundary that is not after `instant`."""
        here, wall = _wall_time(instant, self._zone), _wall_time(self.anchor, self._zone)
        if months := _MONTHS.get(self.interval):
            k = ((here.year - wall.year) * 12 + here.month - wall.month) // months
        else:
            k = (here - wall).days // _DAYS[self.interval]
        # Counting on the calendar ignores the day of the month and the clock's jumps: it is off by one or two at most.
        while self.boundary(k) > instant:
            k -= 1
        while self.boundary(k + 1) <= instant:
            k += 1
        return k

    def _plus_days(self, wall: datetime, k: int) -> datetime:
        return wall + timedelta(days=k * _DAYS[self.interval])


@lru_cache(maxsize=10_000)
def _period_containing(schedule: Schedule, instant: datetime) -> Period:
    """Kept in mind: one bill asks for the same few again and again, and so do the bills of all who share a calendar."""
    k = schedule.index_of(instant)
    return Period(schedule.boundary(k), schedule.boundary(k + 1))


def _plus_months(wall: datetime, months: int) -> datetime:
    """The same day and time `months` later, or the month's last day where it has no such day."""
    year, month0 = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise OverflowError("outside the calendar")
    return wall.replace(year=year, month=month0 + 1, day=min(wall.day, monthrange(year, month0 + 1)[1]))


def _wall_time(instant: datetime, zone: ZoneInfo) -> datetime:
    """What the zone's clocks show at `instant`, without a zone."""
    try:
        return instant.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise _outside_calendar() from None


def _first_instant_at(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the zone's clocks show `wall` or later, in UTC."""
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall_time(instant, zone) == wall:
        return instant
    # In a gap the offset from before it (fold 0) gives an instant after the jump, the offset from after it (fold 1)
    # an instant before the jump. Jumps happen on whole seconds; halve the span between the two until it is found.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    low, high = 0, int((instant - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _wall_time(before + timedelta(seconds=middle), zone) < wall:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _microseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


def _outside_calendar() -> InvalidRequest:
    return InvalidRequest.of("billing_anchor", "gives a billing period outside the years 1 to 9999; use a nearer date")
