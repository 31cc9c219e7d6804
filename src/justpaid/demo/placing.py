"""Where in a month each recorded call is put. Pure, and the same whenever it is asked.

A call keeps its minute and second, so the bursts that were recorded stay bursts; the hour is drawn by how busy it is
where the customer works. A month is placed as a whole and then cut off at the present, so that a later start places the
same calls at the same instants and only adds what has come due since.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from justpaid.demo.cast import Customer, Part, part_of
from justpaid.demo.draw import Wheel, draws
from justpaid.demo.trace import Call
from justpaid.kernel.period import Period, timezone
from justpaid.kernel.schedule import Schedule

_HOUR: Final = timedelta(hours=1)

# How busy each local hour is, from midnight on: office hours with a dip at noon, and some who work at night.
_WEEKDAY: Final = (2, 1, 1, 1, 1, 2, 5, 12, 30, 55, 70, 72, 52, 60, 74, 70, 62, 45, 26, 16, 12, 10, 7, 4)
_WEEKEND_DIVISOR: Final = 4


@dataclass(frozen=True, slots=True)
class Placed:
    """A call made again by its customer at `at`. `copy` is 1, or 2 for this month's growth; `month` as in 2026-04."""

    at: datetime
    call: Call
    part: Part
    month: str
    copy: int


def first_start(customer: Customer, now: datetime) -> datetime:
    """When a customer who is subscribed at `now` started: in the month before the local one."""
    local = last_month(customer, now).start.astimezone(timezone(customer.timezone))
    return local.replace(day=customer.start_day).astimezone(UTC)


def this_month(customer: Customer, now: datetime) -> Period:
    """The calendar month of the customer's zone that `now` lies in."""
    first = now.astimezone(timezone(customer.timezone)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return Schedule("month", first, customer.timezone).period_containing(now)


def last_month(customer: Customer, now: datetime) -> Period:
    return this_month(customer, this_month(customer, now).start - timedelta(microseconds=1))


def place(calls: Iterable[Call], now: datetime, starts: Mapping[str, datetime]) -> list[Placed]:
    """Last month's and this month's calls before `now`, in order of time.

    `starts`: when each customer's subscription starts, by key; a customer makes no calls before.
    """
    months = {key: _Months.of(customer, now, starts[key]) for key, customer in _customers(calls).items()}
    placed = [one for call in calls for one in months[part_of(call).customer.key].place(call) if one.at < now]
    return sorted(placed, key=lambda one: (one.at, one.call.service, one.call.number, one.copy))


def _customers(calls: Iterable[Call]) -> dict[str, Customer]:
    return {(customer := part_of(call).customer).key: customer for call in calls}


class _Hours:
    """The hours of a month in which a customer is active, and how busy each is."""

    def __init__(self, month: Period, start: datetime, zone_name: str) -> None:
        zone = timezone(zone_name)
        active = Period(max(month.start, min(start, month.end)), month.end)
        self.label = month.start.astimezone(zone).strftime("%Y-%m")
        self._starts = [active.start + k * _HOUR for k in range(active.duration // _HOUR)]
        self._wheel = Wheel(_busyness(hour.astimezone(zone)) for hour in self._starts) if self._starts else None

    def place(self, call: Call, copy: int) -> Iterator[Placed]:
        if self._wheel is None:
            return
        part = part_of(call)
        draw, *_ = draws(f"hour {self.label} {copy} {call.service} {call.number}")
        hour = self._starts[self._wheel.position(draw)]
        yield Placed(hour + timedelta(milliseconds=call.offset_ms), call, part, self.label, copy)


@dataclass(frozen=True, slots=True)
class _Months:
    last: _Hours
    this: _Hours

    @classmethod
    def of(cls, customer: Customer, now: datetime, start: datetime) -> "_Months":
        last, this = last_month(customer, now), this_month(customer, now)
        return cls(_Hours(last, start, customer.timezone), _Hours(this, start, customer.timezone))

    def place(self, call: Call) -> Iterator[Placed]:
        yield from self.last.place(call, 1)
        yield from self.this.place(call, 1)
        if part_of(call).grows:
            yield from self.this.place(call, 2)


def _busyness(local: datetime) -> int:
    """Saturdays and Sundays are a quarter as busy, but never silent."""
    weight = _WEEKDAY[local.hour]
    return weight if local.weekday() < 5 else max(1, weight // _WEEKEND_DIVISOR)
