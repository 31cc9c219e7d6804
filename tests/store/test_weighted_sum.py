"""weighted_sum on the real stores: levels worked by hand, then against a walk over every change in Decimal."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition, cut
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import Node, event, fresh_node

JUNE = Period(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))  # 30 days
DAY = timedelta(days=1)


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def seats(node: Node, **more: Any) -> MeterDefinition:
    return node.meter("seats", "weighted_sum", "properties.seats", **more)


def change(n: int, day: float, seats: Any, customer: str = "acme", **properties: Any) -> dict[str, Any]:
    """`day` counts from the start of June, and may be negative."""
    at = JUNE.start + timedelta(days=day)
    return event(n, at, customer, properties={"seats": seats, **properties})


def test_a_level_counts_for_the_share_of_the_period_that_it_lasts(node: Node) -> None:
    """10 seats from day 0, 4 more for the last third, 6 less for the last tenth: 10 + 4/3 − 6/10."""
    meter = seats(node)
    node.send([change(1, 0, 10), change(2, 20, "4"), change(3, 27, -6)])
    assert node.value(meter, JUNE) == "10.733333333333"
    node.check()


def test_a_level_from_before_goes_on_into_windows_without_events(node: Node) -> None:
    meter = seats(node)
    node.send([change(1, -40, 3), change(2, -10, 2), change(3, 1.5, 4), change(4, 3, -9)])
    days = cut(Period(JUNE.start, JUNE.start + 6 * DAY), "day", "UTC")
    assert [(q.events, str(q.value.normalize())) for q in node.usage(meter, windows=days)] == [
        (0, "5"),
        (1, "7"),  # 5 until noon, then 9
        (0, "9"),
        (1, "0"),
        (0, "0"),
        (0, "0"),
    ]
    assert node.value(meter, Period(JUNE.end, JUNE.end + DAY)) == "nothing"  # no level, and no change of it


def test_each_dimension_and_each_owner_has_a_level_of_its_own(node: Node) -> None:
    meter = seats(node, dimensions=["team"])
    node.send(
        [
            change(1, -1, 5, team="red"),
            change(2, 15, 2, team="blue"),
            change(3, -1, 8, "acme-eu", team="red"),
            change(4, 0, 1, "globex", team="red"),
        ]
    )
    owners = {"acme": "cus_1", "acme-eu": "cus_1", "globex": "cus_2"}
    halves = [Period(JUNE.start, JUNE.start + 15 * DAY), Period(JUNE.start + 15 * DAY, JUNE.end)]
    found = node.usage(meter, windows=halves, customers=owners, group_by=("team",))
    assert [(q.window == halves[1], q.owner, q.group["team"], int(q.value)) for q in found] == [
        (False, "cus_1", "blue", 0),
        (False, "cus_1", "red", 13),
        (False, "cus_2", "red", 1),
        (True, "cus_1", "blue", 2),
        (True, "cus_1", "red", 13),
        (True, "cus_2", "red", 1),
    ]
    assert node.value(meter, JUNE) == "15"  # everyone's: 14, and 2 more for half of the time


def test_as_of_a_cutoff_neither_the_level_before_nor_a_change_that_came_later_counts(node: Node) -> None:
    meter = seats(node)
    node.send([change(1, -5, 10), change(2, 15, 4)])
    with node.metering.snapshot() as cutoff:
        pass
    node.send([change(3, -3, 100), change(4, 0, 1000)])
    assert node.value(meter, JUNE, cutoff=cutoff) == "12"
    assert node.value(meter, JUNE) == "1112"


def test_boundaries_within_a_second_are_kept_apart(node: Node) -> None:
    """A span that starts 0.6 s into a second: the change 0.5 s into it belongs to the level before."""
    meter = seats(node)
    node.send([change(1, 0.5 / 86400, 1), change(2, 0.8 / 86400, 10)])
    span = Period(JUNE.start + timedelta(seconds=0.6), JUNE.start + timedelta(seconds=1))
    assert node.value(meter, span) == "6"  # 1 for all 0.4 s, 10 for the last 0.2


def test_what_is_no_number_changes_nothing(node: Node) -> None:
    meter = seats(node)
    node.send([change(1, 0, 2), change(2, 1, "many"), change(3, 2, True), change(4, 3, None), change(5, 4, "-")])
    assert node.value(meter, JUNE) == "2"


def test_a_large_level_stays_exact(node: Node) -> None:
    meter = seats(node)
    node.send([change(1, -1, "99999999999999999999"), change(2, 15, "-99999999999999999999.000000000001")])
    assert node.value(meter, JUNE) == "49999999999999999999.5"  # less half of 10⁻¹², which rounds up
    assert node.value(meter, Period(JUNE.end, JUNE.end + DAY)) == "-0.000000000001"


def test_more_values_than_can_be_told_are_refused(node: Node) -> None:
    meter = seats(node, dimensions=["team"])
    node.send([change(n, 0, 1, team=f"t{n}") for n in range(30)])
    windows = cut(JUNE, "5m", "UTC")
    with pytest.raises(InvalidRequest, match="more than 200000 values"):
        node.usage(meter, windows=windows, group_by=("team",))


SERIAL = itertools.count()
MINUTES = st.integers(-20 * 1440, 31 * 1440)
CHANGES = st.lists(st.tuples(MINUTES, st.decimals(-1000, 1000, places=3)), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, start=st.integers(0, 5 * 1440), length=st.integers(1, 20 * 1440), parts=st.integers(1, 4))
def test_any_changes_give_what_a_walk_over_them_gives(
    node: Node, changes: list[tuple[int, Decimal]], start: int, length: int, parts: int
) -> None:
    serial = next(SERIAL)
    customer = f"c{serial}"
    meter = node.meters[0] if node.meters else seats(node)
    node.send(
        [change(serial * 100 + n, minute / 1440, str(value), customer) for n, (minute, value) in enumerate(changes)]
    )
    edges = [start + length * part // parts for part in range(parts + 1)]
    windows = [
        Period(JUNE.start + timedelta(minutes=a), JUNE.start + timedelta(minutes=b))
        for a, b in itertools.pairwise(edges)
        if a < b
    ]
    found = {q.window: q.value for q in node.usage(meter, windows=windows, customers={customer: "x"})}
    for window in windows:
        assert found.get(window, Decimal(0)) == _walk(changes, window), window


def _walk(changes: list[tuple[int, Decimal]], window: Period) -> Decimal:
    """The level of each minute of the window, added up and divided by the minutes."""
    first, last = ((instant - JUNE.start) // timedelta(minutes=1) for instant in (window.start, window.end))
    steps = sorted({first, *(minute for minute, _ in changes if first < minute < last)})
    area = Decimal(0)
    for minute, until in zip(steps, [*steps[1:], last], strict=True):
        area += sum((value for at, value in changes if at <= minute), Decimal(0)) * (until - minute)
    return (area / (last - first)).quantize(Decimal("1e-12"), ROUND_HALF_UP)
