"""What the warehouse does not hold yet is counted from the journal, with the same answers."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from justpaid.kernel.period import Period
from justpaid.metering import Filter, MeterDefinition, Operator, Question, cut
from justpaid.metering.tail import TailReader
from justpaid.platform import failpoints
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import MARCH, NOW, Node, event, fresh_node

AGGREGATIONS = ("count", "sum", "max", "min", "average", "unique", "latest", "weighted_sum")


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


@contextmanager
def nothing_drained() -> Iterator[None]:
    failpoints.arm("drain.before_events=error*")
    try:
        yield
    finally:
        failpoints.arm("")


def answers(node: Node, meter: MeterDefinition, *customers: str) -> list[tuple[datetime, str, str, str]]:
    keys = dict.fromkeys(customers, "owner") if customers else None
    asked = Question(meter, cut(MARCH, "day", "UTC"), keys, group_by=meter.dimensions)
    return [(q.window.start, q.owner, str(q.group), str(q.value)) for q in node.metering.usage(asked)]


def test_usage_counts_what_is_not_drained_as_it_will_when_it_is(node: Node) -> None:
    on = (Filter("properties.ok", Operator.EQ, ("true",)),)
    meters = [
        node.meter(kind, kind, None if kind == "count" else "properties.usage.n", dimensions=["model"], filters=on)
        for kind in AGGREGATIONS
    ]
    node.meter("others", "count", event="other")
    assert node.built()
    node.send([event(n, NOW - timedelta(hours=n), properties=content(n)) for n in range(40)])
    with node.metering.snapshot():
        pass
    with nothing_drained():
        drained = node.metering.drainer.position
        node.send([event(n, NOW - timedelta(hours=n), "beta", properties=content(n)) for n in range(40, 60)])
        node.send([event(n, NOW - timedelta(hours=n - 30), properties=content(n)) for n in range(60, 90)])
        node.send([event(n, NOW, event="other") for n in range(90, 95)])
        node.send([event(n, NOW) for n in range(5)], organisation_id="org_b")
        assert node.metering.catch_up(0.1)
        asked = [(meter, customers) for meter in meters for customers in ((), ("acme",), ("acme", "beta"))]
        before = [answers(node, meter, *customers) for meter, customers in asked]
        assert node.metering.drainer.position == drained
    with node.metering.snapshot():
        assert [answers(node, meter, *customers) for meter, customers in asked] == before
    assert all(before)


def content(n: int) -> dict[str, object]:
    return {"ok": bool(n % 5), "model": "ab"[n % 2], "usage": {"n": f"{n % 7}.25"}}


def test_usage_holds_still_with_the_warehouse(node: Node) -> None:
    """An invoice's cut-off says what it counted."""
    meter = node.meter("n", "count")
    node.send([event(0)])
    with node.metering.snapshot() as cutoff:
        node.send([event(1), event(2)])
        assert [int(q.value) for q in node.metering.usage(Question(meter, [MARCH]))] == [1]
        assert [int(q.value) for q in node.metering.usage(Question(meter, [MARCH], cutoff=cutoff))] == [1]
        assert not node.metering.catch_up(0.1)
    assert node.metering.catch_up(10)
    assert [int(q.value) for q in node.metering.usage(Question(meter, [MARCH]))] == [3]


def test_corrections_are_stored_before_usage_goes_on(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    node.send([event(0, quantity=1), event(1, quantity=2)])
    assert node.value(meter) == "3"
    with nothing_drained():
        node.send([event(2, quantity=4)])
        assert node.metering.catch_up(0.1)
        node.void(0)
        node.send([event(3, quantity=8)])
        assert not node.metering.catch_up(0.3)
        asked = Question(meter, [MARCH])
        assert [int(q.value) for q in node.metering.usage(asked)] == [7]  # what came before the correction
    assert node.value(meter) == "14"
    node.check()


def test_a_tail_is_bounded_and_says_so(node: Node) -> None:
    node.metering.drainer._tail._max_rows = 5
    meter = node.meter("n", "count")
    assert node.built()
    with nothing_drained():
        for n in range(10):
            node.send([event(n)])
        assert not node.metering.catch_up(0.1)
        assert [int(q.value) for q in node.metering.usage(Question(meter, [MARCH]))] == [5]
    assert node.value(meter) == "10"


@pytest.mark.parametrize("until", range(7))
def test_wherever_the_warehouse_is_found_to_end_nothing_is_missing_after_it(node: Node, until: int) -> None:
    with node.metering.drainer.paused():
        tail = TailReader(node.journal, 0, max_rows=100)
        for part in (range(3), range(3, 5), range(5, 6)):
            for n in part:
                node.send([event(n)])
            tail.read()
        tail.drop(until)
        assert tail.read().start == until
        found = tail.next()
        assert (found and (found.start, found.end)) == ((until, 6) if until < 6 else None)
        assert found is None or found.records.events.column("id").to_pylist() == [f"evt-{n}" for n in range(until, 6)]


def test_months_of_receipt_are_inserted_apart(node: Node) -> None:
    """Of one partition only is an insert atomic."""
    meter = node.meter("n", "count")
    assert node.built()
    with node.metering.drainer.paused():
        for month in (3, 3, 4, 4, 3):  # a clock may go back
            node.clock.move_to(datetime(2026, month, 1, tzinfo=UTC))
            node.send([event(10 * month + n, datetime(2026, 2, 1, tzinfo=UTC)) for n in range(2)])
            node.send([{"customer_id": "acme", "event": "completion", "timestamp": "2026-02-01T00:00:00Z"}])
        tail = node.metering.drainer._tail.read()
        assert [len(part.records.months) for part in tail.parts] == [1] * len(tail.parts)
    assert node.metering.drain(20)
    sql = "SELECT _part AS part, uniqExact(toYYYYMM(received_at)) AS months FROM events GROUP BY part"
    assert {row["months"] for row in node.warehouse.query(sql).to_pylist()} == {1}
    february = Period(datetime(2026, 2, 1, tzinfo=UTC), MARCH.start)
    assert node.value(meter, february) == "9"
    node.check()
