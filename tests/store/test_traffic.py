"""Counts for screens: the same whether an event came before the first question or after it, also after corrections."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from justpaid.kernel.period import Period
from justpaid.metering import Counts, Metering
from justpaid.metering.traffic import Traffic
from justpaid.platform.failpoints import arm
from justpaid.platform.warehouse import Warehouse
from tests.store.test_corrections import amend, void
from tests.support.metering_node import NOW, Node, event, fresh_node

HOUR = timedelta(hours=1)
TODAY = Period(datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC))
YESTERDAY = Period(TODAY.start - timedelta(days=1), TODAY.start)


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def counts(node: Node, organisation_id: str = "org_a") -> Counts:
    assert node.metering.drain(10)
    with node.metering.drainer.paused():  # what was moved is counted too
        pass
    return node.metering.traffic.of(organisation_id)


def anew(node: Node, organisation_id: str = "org_a") -> Counts:
    """Counted from the warehouse, as after a restart."""
    return Traffic(node.warehouse, node.metering.drainer.paused, now=lambda: NOW).of(organisation_id)


@pytest.mark.parametrize("asked", ["before", "after"])
def test_events_are_counted_by_quarter_minute_and_customer(node: Node, asked: str) -> None:
    if asked == "before":
        counts(node)
    node.send([event(n, NOW + timedelta(minutes=n)) for n in range(-20, 0)])
    node.send([event(100, NOW - timedelta(days=1), "globex"), event(101, NOW - timedelta(days=40), "initech")])
    node.send([event(1, NOW, "acme")], "org_b")
    found = counts(node)
    assert (found.during(TODAY), found.during(YESTERDAY)) == (20, 1)
    assert found.during(Period(NOW - HOUR / 4, NOW)) == 15
    assert found.during(Period(NOW - HOUR / 2, NOW - HOUR / 4)) == 5
    assert found.received(NOW.replace(second=0)) == 22 if asked == "before" else True
    assert sorted(found.customer_keys_since(YESTERDAY.start)) == ["acme", "globex"]
    assert sorted(found.customer_keys_since(NOW - timedelta(days=50))) == ["acme", "globex", "initech"]
    other = counts(node, "org_b")
    assert (other.during(TODAY), other.customer_keys_since(TODAY.start)) == (1, ["acme"])
    again = anew(node)
    assert again.received(NOW.replace(second=0)) == 22


def test_withdrawn_events_count_no_more_and_amended_ones_where_they_went(node: Node) -> None:
    node.send([event(n, NOW - HOUR) for n in range(3)])
    assert counts(node).during(TODAY) == 3
    void(node, 0)
    amend(node, 1, timestamp=(NOW - timedelta(days=1)).isoformat())
    for found in (counts(node), anew(node)):
        assert (found.during(TODAY), found.during(YESTERDAY)) == (1, 1)


def test_counting_that_begins_amid_traffic_misses_and_doubles_nothing(node: Node) -> None:
    groups = 60

    def traffic() -> None:
        for group in range(groups):
            node.send([event(10 * group + n) for n in range(10)])

    sending = Thread(target=traffic)
    sending.start()
    kept = [Traffic(node.warehouse, node.metering.drainer.paused) for _ in range(20)]
    moved, drainer = node.metering.traffic.take, node.metering.drainer

    def take(records: Any) -> None:
        moved(records)
        for traffic in kept:
            traffic.take(records)

    with drainer.paused():
        drainer._moved = take
    found = [traffic.of("org_a") for traffic in kept]
    sending.join()
    assert counts(node).during(TODAY) == 10 * groups
    assert [each.during(TODAY) for each in found] == [10 * groups] * len(kept)


def test_a_failed_pass_is_counted_once(node: Node) -> None:
    assert counts(node).during(TODAY) == 0
    try:
        arm("drain.after_mark=error*")
        node.send([event(n) for n in range(5)])
        assert not node.metering.drain(0.3)
    finally:
        arm("")
    assert counts(node).during(TODAY) == 5
    assert anew(node).during(TODAY) == 5


def test_who_is_not_asked_about_is_forgotten(node: Node) -> None:
    at = [0.0]
    traffic = Traffic(node.warehouse, node.metering.drainer.paused, monotonic=lambda: at[0])
    first = traffic.of("org_a")
    at[0] = 800.0
    assert traffic.of("org_a") is first
    at[0] = 1600.0
    node.metering.drainer._moved = traffic.take
    node.send([event(1)])
    assert counts(node).during(TODAY) == 1
    assert traffic.of("org_a") is first
    at[0] = 2600.0
    node.send([event(2)])
    assert counts(node).during(TODAY) == 1 or isinstance(node.metering, Metering)
    again = traffic.of("org_a")
    assert again is not first
    assert again.during(TODAY) == 2


def test_a_first_question_that_fails_is_asked_again(node: Node) -> None:
    class Broken:
        def __init__(self) -> None:
            self.failures = 1

        def query(self, sql: str, parameters: Any = None) -> Any:
            if self.failures:
                self.failures -= 1
                raise RuntimeError("out of order")
            return node.warehouse.query(sql, parameters)

    traffic = Traffic(Broken(), node.metering.drainer.paused)  # type: ignore[arg-type]
    node.send([event(1)])
    counts(node)
    with pytest.raises(RuntimeError):
        traffic.of("org_a")
    assert traffic.of("org_a").during(TODAY) == 1
