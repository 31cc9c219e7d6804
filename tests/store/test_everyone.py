"""Everyone's usage is read by the quarter hour where that is possible, and is what the customers' adds up to."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from justpaid.ingest import Backfill
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition, cut
from justpaid.metering.windows import Window
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import Node, event, fresh_node

DAY = Period(datetime(2026, 3, 14, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC))
CUSTOMERS = ("acme", "beta", "gamma")


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def send(node: Node, numbers: range) -> None:
    """An event every seven minutes of the day, of one customer after the other."""
    node.send(
        [
            event(
                n,
                DAY.start + timedelta(minutes=7 * n),
                CUSTOMERS[n % 3],
                quantity=n + 1,
                properties={"model": "ab"[n % 2]},
            )
            for n in numbers
        ]
    )


def total(
    node: Node, meter: MeterDefinition, window: Window, period: Period = DAY, **more: object
) -> dict[datetime, Decimal]:
    found = node.usage(meter, windows=cut(period, window, "UTC"), **more)
    summed: dict[datetime, Decimal] = {}
    for one in found:
        summed[one.window.start] = summed.get(one.window.start, Decimal(0)) + one.value
    return summed


def each_customers(node: Node, meter: MeterDefinition, window: Window, period: Period = DAY) -> dict[datetime, Decimal]:
    return total(node, meter, window, period, customers={key: key for key in CUSTOMERS})


def forget_customers(node: Node) -> None:
    """So that only what is read of everyone's rows is told."""
    node.warehouse.execute("ALTER TABLE usage DELETE WHERE customer != '' SETTINGS mutations_sync = 1")


@pytest.mark.parametrize("window", ["none", "hour", "day", "month"])
def test_whole_quarters_come_from_everyones_rows_alone(node: Node, window: Window) -> None:
    meter = node.meter("n", "sum", "quantity", dimensions=["model"])
    send(node, range(200))
    expected = each_customers(node, meter, window)
    assert total(node, meter, window) == expected
    node.check()
    forget_customers(node)
    assert total(node, meter, window) == expected
    assert total(node, meter, window, group_by=("model",)) == expected
    assert total(node, meter, "5m") == {}


@pytest.mark.parametrize("minutes", [(0, 1), (5, 0), (10, 10), (14, 16), (7, 3)])
def test_what_a_boundary_cuts_comes_from_the_customers(node: Node, minutes: tuple[int, int]) -> None:
    meter = node.meter("n", "sum", "quantity")
    send(node, range(200))
    start, end = (timedelta(minutes=minute, seconds=30) for minute in minutes)
    period = Period(DAY.start + start, DAY.end - end)
    assert total(node, meter, "hour", period) == each_customers(node, meter, "hour", period)


def test_quarters_with_a_withdrawn_event_come_from_the_customers(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    send(node, range(200))
    for number in (0, 17, 100):
        node.void(number)
    expected = each_customers(node, meter, "hour")
    assert sum(expected.values()) == sum(n + 1 for n in range(200) if n not in (0, 17, 100))
    assert total(node, meter, "hour") == expected
    node.check()


@pytest.mark.parametrize("customer_keys", [None, ("beta",)])
def test_what_a_backfill_replaces_counts_for_everyone_as_for_each(
    node: Node, customer_keys: tuple[str, ...] | None
) -> None:
    meter = node.meter("n", "sum", "quantity")
    send(node, range(200))
    start = DAY.start + timedelta(hours=3, minutes=20)
    backfill = Backfill("bf_1", "org_a", start, start + timedelta(hours=2), "completion", customer_keys, replace=True)
    more = [event(1000 + n, start + timedelta(minutes=10 * n), "beta", quantity=1000) for n in range(6)]
    node.send_under(backfill, more)
    before = each_customers(node, meter, "hour")
    assert total(node, meter, "hour") == before
    node.backfills.close(backfill)
    closed = each_customers(node, meter, "hour")
    assert closed != before
    assert total(node, meter, "hour") == closed
    send(node, range(200, 205))
    assert total(node, meter, "hour") == each_customers(node, meter, "hour")
    node.backfills.revert(backfill)
    send(node, range(205, 206))
    assert total(node, meter, "hour") == each_customers(node, meter, "hour")
    node.check()
