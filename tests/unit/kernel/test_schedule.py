"""Billing boundaries, as a bookkeeper would write them into a calendar: local dates and times, zone by zone."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.period import Period, UnknownTimezone
from justpaid.kernel.schedule import Interval, Schedule


def at(local: str, zone: str = "UTC", fold: int = 0) -> datetime:
    """The instant at which the clocks of `zone` show `local`."""
    return datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def shown(instant: datetime, zone: str = "UTC") -> str:
    return instant.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


# (interval, zone, anchor's wall time, wall times with offset of the boundaries that follow it)
CALENDARS: list[tuple[Interval, str, str, list[str]]] = [
    (
        "month",
        "UTC",
        "2023-12-31T00:00",
        ["2024-01-31T00:00+00:00", "2024-02-29T00:00+00:00", "2024-03-31T00:00+00:00"],
    ),
    (
        "month",
        "UTC",
        "2026-01-31T09:30",
        ["2026-02-28T09:30+00:00", "2026-03-31T09:30+00:00", "2026-04-30T09:30+00:00"],
    ),
    ("month", "UTC", "2026-01-30T00:00", ["2026-02-28T00:00+00:00", "2026-03-30T00:00+00:00"]),
    ("quarter", "UTC", "2025-11-30T00:00", ["2026-02-28T00:00+00:00", "2026-05-30T00:00+00:00"]),
    ("quarter", "UTC", "2026-01-01T00:00", ["2026-04-01T00:00+00:00", "2026-07-01T00:00+00:00"]),
    (
        "year",
        "UTC",
        "2024-02-29T00:00",
        ["2025-02-28T00:00+00:00", "2026-02-28T00:00+00:00", "2027-02-28T00:00+00:00", "2028-02-29T00:00+00:00"],
    ),
    ("week", "UTC", "2025-12-29T08:00", ["2026-01-05T08:00+00:00", "2026-01-12T08:00+00:00"]),
    ("day", "UTC", "2024-02-28T00:00", ["2024-02-29T00:00+00:00", "2024-03-01T00:00+00:00"]),
    # The month's first midnight stays midnight on both sides of the change of clocks.
    ("month", "America/New_York", "2026-03-01T00:00", ["2026-04-01T00:00-04:00", "2026-05-01T00:00-04:00"]),
    ("month", "Europe/Berlin", "2026-10-01T00:00", ["2026-11-01T00:00+01:00", "2026-12-01T00:00+01:00"]),
    # 02:30 does not exist on 8 March 2026 in New York (29 March in Berlin): the boundary is the jump to 03:00.
    ("day", "America/New_York", "2026-03-07T02:30", ["2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"]),
    ("day", "Europe/Berlin", "2026-03-28T02:30", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
    # 01:30 (02:30 in Berlin) comes twice when the clocks go back: the first one counts.
    ("day", "America/New_York", "2026-10-31T01:30", ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
    ("day", "Europe/Berlin", "2026-10-24T02:30", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
    # Half an hour of daylight saving on Lord Howe Island: 02:15 is skipped on 4 October 2026.
    ("day", "Australia/Lord_Howe", "2026-10-03T02:15", ["2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"]),
    # Kiribati is 14 hours ahead, Nepal has a quarter of an hour.
    ("month", "Pacific/Kiritimati", "2026-01-31T00:00", ["2026-02-28T00:00+14:00", "2026-03-31T00:00+14:00"]),
    ("month", "Asia/Kathmandu", "2026-01-31T00:00", ["2026-02-28T00:00+05:45", "2026-03-31T00:00+05:45"]),
    # Samoa had no 30 December 2011.
    ("month", "Pacific/Apia", "2011-11-30T12:00", ["2011-12-31T00:00+14:00", "2012-01-30T12:00+14:00"]),
    (
        "day",
        "Pacific/Apia",
        "2011-12-29T00:00",
        ["2011-12-31T00:00+14:00", "2011-12-31T00:00+14:00", "2012-01-01T00:00+14:00"],
    ),
]


@pytest.mark.parametrize(("interval", "zone", "anchor", "expected"), CALENDARS)
def test_boundaries_follow_the_wall_clock(interval: Interval, zone: str, anchor: str, expected: list[str]) -> None:
    schedule = Schedule(interval, at(anchor, zone), zone)
    assert schedule.boundary(0) == at(anchor, zone)
    assert [shown(schedule.boundary(k), zone) for k in range(1, len(expected) + 1)] == expected


def test_boundaries_before_the_anchor() -> None:
    schedule = Schedule("month", at("2026-03-31T00:00"), "UTC")
    assert [shown(schedule.boundary(k)) for k in (-1, -2, -13)] == [
        "2026-02-28T00:00+00:00",
        "2026-01-31T00:00+00:00",
        "2025-02-28T00:00+00:00",
    ]
    assert schedule.period_containing(at("2026-02-10T00:00")) == Period(at("2026-01-31T00:00"), at("2026-02-28T00:00"))


def test_an_instant_on_a_boundary_opens_the_period() -> None:
    schedule = Schedule("month", at("2026-01-31T00:00"), "UTC")
    end_of_february = at("2026-02-28T00:00")
    just_before = end_of_february - timedelta(microseconds=1)
    assert schedule.period_containing(end_of_february) == Period(end_of_february, at("2026-03-31T00:00"))
    assert schedule.period_containing(just_before) == Period(at("2026-01-31T00:00"), end_of_february)
    assert schedule.boundary_after(end_of_february) == at("2026-03-31T00:00")
    assert schedule.boundary_after(just_before) == end_of_february
    assert schedule.boundary_at_or_before(end_of_february) == end_of_february
    assert schedule.boundary_at_or_before(just_before) == at("2026-01-31T00:00")


def test_an_anchor_in_the_second_of_two_equal_hours_is_kept() -> None:
    second_half_past_one = at("2026-11-01T01:30", "America/New_York", fold=1)
    schedule = Schedule("day", second_half_past_one, "America/New_York")
    assert shown(schedule.boundary(0), "America/New_York") == "2026-11-01T01:30-05:00"
    assert schedule.period_containing(second_half_past_one).start == second_half_past_one


def test_the_day_that_samoa_skipped_is_not_a_period() -> None:
    schedule = Schedule("day", at("2011-12-01T00:00", "Pacific/Apia"), "Pacific/Apia")
    days = list(
        schedule.billed_periods(
            at("2011-12-28T00:00", "Pacific/Apia"), None, until=at("2012-01-01T00:00", "Pacific/Apia")
        )
    )
    assert [shown(day.start, "Pacific/Apia")[:10] for day in days] == ["2011-12-28", "2011-12-29", "2011-12-31"]
    assert {day.duration for day in days} == {timedelta(hours=24)}


def test_a_day_may_have_23_or_25_hours() -> None:
    schedule = Schedule("day", at("2026-01-01T00:00", "America/New_York"), "America/New_York")
    spring = schedule.period_containing(at("2026-03-08T12:00", "America/New_York"))
    autumn = schedule.period_containing(at("2026-11-01T12:00", "America/New_York"))
    assert (spring.duration, autumn.duration) == (timedelta(hours=23), timedelta(hours=25))


# A subscription from 10 January to 20 March, billed on the 1st: (end, until, periods as day.month).
BILLED = [
    (None, "2026-01-31T23:59:59.999999", []),
    (None, "2026-02-01T00:00", ["10.01-01.02"]),
    (None, "2026-03-15T00:00", ["10.01-01.02", "01.02-01.03"]),
    ("2026-03-20T00:00", "2026-03-19T00:00", ["10.01-01.02", "01.02-01.03"]),
    ("2026-03-20T00:00", "2026-03-20T00:00", ["10.01-01.02", "01.02-01.03", "01.03-20.03"]),
    ("2026-03-20T00:00", "2027-01-01T00:00", ["10.01-01.02", "01.02-01.03", "01.03-20.03"]),
    ("2026-03-01T00:00", "2027-01-01T00:00", ["10.01-01.02", "01.02-01.03"]),
    ("2026-01-12T00:00", "2027-01-01T00:00", ["10.01-12.01"]),
    ("2026-01-10T00:00", "2027-01-01T00:00", []),
    ("2026-01-05T00:00", "2027-01-01T00:00", []),
]


@pytest.mark.parametrize(("end", "until", "expected"), BILLED)
def test_elapsed_periods_are_cut_at_start_and_end(end: str | None, until: str, expected: list[str]) -> None:
    schedule = Schedule("month", at("2026-01-01T00:00"), "UTC")
    periods = schedule.billed_periods(at("2026-01-10T00:00"), at(end) if end else None, at(until))
    assert [f"{period.start:%d.%m}-{period.end:%d.%m}" for period in periods] == expected


def test_the_share_of_a_partial_period_is_exact() -> None:
    schedule = Schedule("month", at("2026-01-01T00:00", "America/New_York"), "America/New_York")
    march = schedule.period_containing(at("2026-03-15T00:00", "America/New_York"))
    assert march.duration == timedelta(days=31) - timedelta(hours=1)
    from_the_10th = Period(at("2026-03-10T00:00", "America/New_York"), march.end)
    assert schedule.full_period(from_the_10th) == march
    assert schedule.share(from_the_10th) == Fraction(22 * 24, 31 * 24 - 1)
    assert schedule.share(march) == 1
    assert schedule.share(Period(march.start, march.start)) == 0
    one_microsecond = Period(march.start, march.start + timedelta(microseconds=1))
    assert schedule.share(one_microsecond) == Fraction(1, (31 * 24 - 1) * 3600 * 10**6)


def test_a_period_over_a_boundary_has_no_share() -> None:
    schedule = Schedule("month", at("2026-01-01T00:00"), "UTC")
    with pytest.raises(ValueError, match="reaches over the boundary"):
        schedule.share(Period(at("2026-01-15T00:00"), at("2026-02-15T00:00")))


def test_the_ends_of_the_calendar_are_refused_and_not_walked_to() -> None:
    schedule = Schedule("month", at("1970-01-31T00:00"), "America/New_York")
    assert schedule.boundary_at_or_before(at("9999-11-30T12:00")).year == 9999
    for too_far in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(InvalidRequest, match="years 1 to 9999"):
            schedule.period_containing(too_far)
    with pytest.raises(InvalidRequest):
        Schedule("day", datetime.max.replace(tzinfo=UTC), "Pacific/Kiritimati")
    with pytest.raises(InvalidRequest):
        schedule.boundary(10**30)
    last = list(
        Schedule("month", at("9999-10-15T00:00"), "UTC").billed_periods(
            at("9999-10-15T00:00"), None, until=datetime.max.replace(tzinfo=UTC)
        )
    )
    assert [f"{period.end:%m-%d}" for period in last] == ["11-15", "12-15"]


def test_bad_schedules_are_refused() -> None:
    with pytest.raises(UnknownTimezone):
        Schedule("month", at("2026-01-01T00:00"), "Mars/Olympus")
    with pytest.raises(InvalidRequest, match="interval"):
        Schedule("fortnight", at("2026-01-01T00:00"), "UTC")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="time zone"):
        Schedule("month", datetime(2026, 1, 1), "UTC")  # noqa: DTZ001


ZONES = [
    "UTC",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Kiritimati",
    "Pacific/Apia",
    "Pacific/Kwajalein",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
]
instants = st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
schedules = st.builds(
    Schedule, st.sampled_from(["day", "week", "month", "quarter", "year"]), instants, st.sampled_from(ZONES)
)
LONGEST_DAYS = {"day": 3, "week": 9, "month": 33, "quarter": 94, "year": 368}


@given(schedules, instants)
def test_the_period_containing_an_instant_contains_it(schedule: Schedule, instant: datetime) -> None:
    period = schedule.period_containing(instant)
    assert instant in period
    assert schedule.boundary_at_or_before(instant) == period.start
    assert schedule.boundary_after(instant) == period.end
    assert period.duration < timedelta(days=LONGEST_DAYS[schedule.interval])
    assert schedule.period_containing(period.end).start == period.end
    assert schedule.period_containing(period.end - timedelta(microseconds=1)) == period


@given(schedules, instants, st.one_of(st.none(), st.timedeltas(timedelta(0), timedelta(days=4000))))
def test_billed_periods_tile_time(schedule: Schedule, start: datetime, runs: timedelta | None) -> None:
    end = start + runs if runs is not None else None
    until = start + timedelta(days=4000)
    periods = list(islice(schedule.billed_periods(start, end, until), 50))
    assert all(period.start < period.end <= until for period in periods)
    assert all(one.end == other.start for one, other in pairwise(periods))
    assert all(0 < schedule.share(period) <= 1 for period in periods)
    assert all(schedule.share(period) == 1 for period in periods[1:-1])
    assert bool(periods) == (runs != timedelta(0))
    if periods:
        assert periods[0].start == start
    if runs and len(periods) < 50:
        assert periods[-1].end == end


@given(schedules, st.integers(-400, 400))
def test_boundaries_never_decrease(schedule: Schedule, k: int) -> None:
    assert schedule.boundary(k) <= schedule.boundary(k + 1)
    assert schedule.boundary(k) < schedule.boundary(k + 2)
