"""Usage by window in any time zone, against the local clock read event by event: the parts sum to the whole, and each
event is in the window that its local date or hour says, over every change of clocks."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from justpaid.kernel.period import Period
from justpaid.metering import Window, cut
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import Node, event, fresh_node

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Half an hour of summer time; 45 minutes off; clocks changed a minute past midnight; a day left out; midnight twice;
#: two hours of summer time; clocks put back over midnight.
ODD = [
    "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "America/Havana",
    "Antarctica/Troll", "America/Sao_Paulo", "Europe/Berlin", "Pacific/Chatham",
]  # fmt: skip
LONGEST = {"5m": DAY, "hour": 10 * DAY, "day": 200 * DAY, "month": 2000 * DAY}


def changes_of_clocks(zone: str) -> list[datetime]:
    """To the hour, in 2009 to 2012 and in 2025."""
    found = []
    for first, days in ((datetime(2009, 1, 1, tzinfo=UTC), 4 * 365), (datetime(2025, 1, 1, tzinfo=UTC), 365)):
        hours = [first + n * HOUR for n in range(days * 24)]
        offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
        found += [hours[n] for n in range(1, len(hours)) if offsets[n] != offsets[n - 1]]
    return found


def drawn_instants() -> list[datetime]:
    draw = random.Random(20110730)
    near = [
        change + timedelta(microseconds=draw.randrange(-4 * 3600 * 10**6, 4 * 3600 * 10**6))
        for zone in ODD
        for change in changes_of_clocks(zone)
        for _ in range(12)
    ]
    whole = [change + n * 5 * MINUTE for zone in ODD for change in changes_of_clocks(zone)[:3] for n in range(-24, 24)]
    return sorted(near + whole)


INSTANTS = drawn_instants()


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path_factory.mktemp("windows"), warehouse) as node:
        node.meter("n", "sum", "quantity")
        node.send([event(n, at, quantity=n + 1) for n, at in enumerate(INSTANTS)])
        node.check()
        yield node


def window_of(instant: datetime, window: Window, zone: ZoneInfo) -> object:
    """What names the window that `instant` is in. Clocks put back over midnight don't take a day or a month back."""
    if window == "5m":
        return (instant - datetime(1970, 1, 1, tzinfo=UTC)) // (5 * MINUTE)
    if window == "hour":  # began when the clock last showed a full hour
        minute = instant.replace(second=0, microsecond=0)
        while minute.astimezone(zone).minute:
            minute -= MINUTE
        return minute
    latest = max((instant - n * MINUTE).astimezone(zone).date() for n in range(181))
    return latest if window == "day" else (latest.year, latest.month)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    near=st.sampled_from(INSTANTS),
    shift=st.integers(-7200 * 10**6, 7200 * 10**6),
    length=st.floats(0.0001, 1),
    window=st.sampled_from(["5m", "hour", "day", "month"]),
    zone=st.sampled_from(ODD) | st.sampled_from(sorted(available_timezones())),
)
@example(datetime(2011, 12, 29, 9, tzinfo=UTC), 0, 0.02, "day", "Pacific/Apia")
@example(datetime(2010, 11, 6, 12, tzinfo=UTC), 0, 0.02, "day", "America/St_Johns")
@example(datetime(2010, 11, 6, 12, tzinfo=UTC), 0, 0.2, "hour", "America/St_Johns")
@example(datetime(2025, 4, 5, 0, tzinfo=UTC), 0, 0.2, "hour", "Australia/Lord_Howe")
@example(datetime(2025, 10, 4, 0, tzinfo=UTC), 0, 0.2, "hour", "Australia/Lord_Howe")
@example(datetime(2009, 10, 20, 3, tzinfo=UTC), 1, 1.0, "month", "America/Havana")
def test_usage_by_window_is_what_the_local_clock_says(
    node: Node, near: datetime, shift: int, length: float, window: Window, zone: str
) -> None:
    start = near + timedelta(microseconds=shift)
    span = Period(start, start + LONGEST[window] * length)
    windows = cut(span, window, zone)
    found = {q.window: q.value for q in node.usage(node.meters[0], windows=windows)}
    expected: dict[object, Decimal] = {}
    for n, at in enumerate(INSTANTS):
        if at in span:
            name = window_of(at, window, ZoneInfo(zone))
            expected[name] = expected.get(name, Decimal(0)) + n + 1
    assert list(found.values()) == list(expected.values())
    assert sum(found.values()) == sum(q.value for q in node.usage(node.meters[0], span))
    assert [one.start for one in windows[1:]] == [one.end for one in windows[:-1]]
