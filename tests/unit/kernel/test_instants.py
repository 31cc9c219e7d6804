"""Instants as whole numbers: exact to the microsecond, before 1970 too, in any zone, as far as the calendar goes."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.kernel.instants import EPOCH, ceil_to, floor_to, instant_of, microseconds_of, seconds_of

MICROSECOND = timedelta(microseconds=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
STEPS = [
    MICROSECOND, timedelta(milliseconds=3), timedelta(seconds=1), timedelta(minutes=5), timedelta(minutes=15),
    timedelta(hours=7), timedelta(days=1),
]  # fmt: skip

any_instant = st.datetimes(
    FIRST.replace(year=2, tzinfo=None),
    LAST.replace(year=9998, tzinfo=None),
    timezones=st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kathmandu")]),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_1970_begins_in_utc() -> None:
    assert EPOCH.isoformat() == "1970-01-01T00:00:00+00:00"
    assert (microseconds_of(EPOCH), seconds_of(EPOCH), instant_of(0)) == (0, 0, EPOCH)


@pytest.mark.parametrize(
    ("instant", "microseconds", "seconds"),
    [
        (utc("1970-01-01T00:00:00.000001"), 1, 0),
        (utc("1970-01-01T00:00:00.999999"), 999_999, 0),
        (utc("1970-01-01T00:00:01"), 1_000_000, 1),
        (utc("1969-12-31T23:59:59.999999"), -1, -1),
        (utc("1969-12-31T23:59:59.500000"), -500_000, -1),
        (utc("1969-12-31T23:59:59"), -1_000_000, -1),
        (utc("1969-12-31T23:59:58.999999"), -1_000_001, -2),
        (utc("2026-03-01T10:00:00.123456"), 1_772_359_200_123_456, 1_772_359_200),
        (utc("2038-01-19T03:14:08"), 2**31 * 1_000_000, 2**31),
        (utc("2106-02-07T06:28:16"), 2**32 * 1_000_000, 2**32),
        # A float of the seconds would be off by up to 15 microseconds here.
        (LAST, 253_402_300_799_999_999, 253_402_300_799),
        (FIRST, -62_135_596_800_000_000, -62_135_596_800),
        (FIRST + MICROSECOND, -62_135_596_799_999_999, -62_135_596_800),
    ],
)
def test_counted_exactly(instant: datetime, microseconds: int, seconds: int) -> None:
    assert microseconds_of(instant) == microseconds
    assert seconds_of(instant) == seconds
    assert instant_of(microseconds) == instant


def test_outside_the_calendar_there_is_no_instant() -> None:
    for microseconds in (microseconds_of(LAST) + 1, microseconds_of(FIRST) - 1, 10**30):
        with pytest.raises(OverflowError):
            instant_of(microseconds)


@pytest.mark.parametrize(
    ("instant", "seconds"),
    [
        (datetime(1970, 1, 1, 1, tzinfo=BERLIN), 0),
        (datetime(1970, 1, 1, tzinfo=BERLIN), -3600),
        (datetime(2026, 3, 1, 15, 45, tzinfo=ZoneInfo("Asia/Kathmandu")), 1_772_359_200),
        (datetime(2026, 3, 1, 0, 30, tzinfo=timezone(-timedelta(hours=9, minutes=30))), 1_772_359_200),
        # 02:30 comes twice on the night in which the clocks go back.
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=0), 1_792_888_200),
        (datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1), 1_792_891_800),
    ],
)
def test_the_zone_makes_no_difference(instant: datetime, seconds: int) -> None:
    assert seconds_of(instant) == seconds
    assert microseconds_of(instant) == seconds * 1_000_000
    assert floor_to(instant, timedelta(seconds=1)) == datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("instant", "step", "floor"),
    [
        (utc("2026-03-01T10:04:59.999999"), timedelta(minutes=5), utc("2026-03-01T10:00")),
        (utc("2026-03-01T10:05:00"), timedelta(minutes=5), utc("2026-03-01T10:05")),
        (utc("2026-03-01T10:05:00.000001"), timedelta(minutes=5), utc("2026-03-01T10:05")),
        (utc("2026-03-01T10:59:59"), timedelta(minutes=15), utc("2026-03-01T10:45")),
        (utc("2026-03-01T10:59:59"), timedelta(days=1), utc("2026-03-01")),
        # Weeks from the first of 1970 on begin on Thursdays.
        (utc("2026-03-01"), timedelta(weeks=1), utc("2026-02-26")),
        (utc("1969-12-31T23:59:59.999999"), timedelta(minutes=5), utc("1969-12-31T23:55")),
        (utc("1969-12-31T23:55:00"), timedelta(minutes=5), utc("1969-12-31T23:55")),
        (utc("1969-12-31T23:54:59.999999"), timedelta(minutes=5), utc("1969-12-31T23:50")),
        (utc("1960-06-15T12:00"), timedelta(days=1), utc("1960-06-15")),
        # Local quarter hours of Kathmandu are UTC's too, its days are not.
        (
            datetime(2026, 3, 1, 0, 14, tzinfo=ZoneInfo("Asia/Kathmandu")),
            timedelta(minutes=15),
            utc("2026-02-28T18:15"),
        ),
        (datetime(2026, 3, 1, 0, 14, tzinfo=ZoneInfo("Asia/Kathmandu")), timedelta(days=1), utc("2026-02-28")),
        # Soon after the clocks went back or forward: 01:10 in UTC, both times.
        (datetime(2026, 10, 25, 2, 10, tzinfo=BERLIN, fold=1), timedelta(hours=2), utc("2026-10-25T00:00")),
        (datetime(2026, 3, 29, 3, 10, tzinfo=BERLIN), timedelta(hours=2), utc("2026-03-29T00:00")),
    ],
)
def test_floors(instant: datetime, step: timedelta, floor: datetime) -> None:
    found = floor_to(instant, step)
    assert (found, found.tzinfo) == (floor, UTC)


@given(any_instant)
def test_there_and_back(instant: datetime) -> None:
    microseconds = microseconds_of(instant)
    assert microseconds_of(instant_of(microseconds)) == microseconds
    assert instant_of(microseconds) - instant.astimezone(UTC) == timedelta(0)
    assert seconds_of(instant) == microseconds // 1_000_000


@given(any_instant, st.sampled_from(STEPS))
def test_a_floor_is_whole_steps_and_less_than_one_away(instant: datetime, step: timedelta) -> None:
    floor = floor_to(instant, step)
    assert (floor - EPOCH) % step == timedelta(0)
    assert timedelta(0) <= instant - floor < step
    assert floor_to(floor, step) == ceil_to(floor, step) == floor


@given(any_instant, st.sampled_from(STEPS))
def test_a_ceiling_is_the_next_floor_unless_it_is_there(instant: datetime, step: timedelta) -> None:
    floor = floor_to(instant, step)
    assert ceil_to(instant, step) == (floor if floor - instant == timedelta(0) else floor + step)
    assert ceil_to(instant, step).tzinfo is UTC


def test_a_ceiling_beyond_the_change_of_clocks_is_the_next_step_in_time() -> None:
    before = datetime(2026, 10, 25, 2, 58, tzinfo=BERLIN, fold=0)  # two minutes later it is 02:00 again
    assert ceil_to(before, timedelta(minutes=5)) == utc("2026-10-25T01:00")
