"""Old raw events go; rollups go on answering; what only raw events could tell is refused, never counted wrong.

The story: three events in January, one in February, one in March 2026, and today is mid-March.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from justpaid.ingest import Backfill, Corrections, Standing
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.errors import EventsExpired
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition
from justpaid.platform import failpoints
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import NOW, Node, event, fresh_node

JANUARY, FEBRUARY, MARCH = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))
YEAR = Period(JANUARY, datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def node(warehouse: Warehouse, tmp_path: Path) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node
        failpoints.arm("")


@pytest.fixture
def tokens(node: Node) -> MeterDefinition:
    tokens = node.meter("tokens", "sum", "quantity")
    node.send(
        [
            event(1, JANUARY + timedelta(hours=1), quantity=1),
            event(2, JANUARY + timedelta(hours=2), quantity=2),
            event(3, JANUARY + timedelta(hours=2, seconds=7), quantity=4),
            event(4, FEBRUARY, quantity=8),
            event(5, MARCH, quantity=16),
        ]
    )
    assert node.value(tokens, YEAR) == "31"
    assert node.built(tokens)
    return tokens


def raw(node: Node) -> list[str]:
    return [row["id"] for row in node.warehouse.query("SELECT id FROM events ORDER BY id").to_pylist()]


def void(node: Node, event_id: str) -> None:
    found = node.metering.events.find("org_a", event_id)
    assert found is not None
    standing = Standing(
        "org_a", found.id, found.sequence, found.customer_key, found.event, found.timestamp, found.quantity,
        found.properties,
    )  # fmt: skip
    with node.metering.expired.correcting("org_a", found.event, found.timestamp):
        Corrections(node.journal, FixedClock(NOW)).void(standing, request=None)


def test_whole_months_go_and_usage_stays(node: Node, tokens: MeterDefinition) -> None:
    assert node.metering.expire({"org_a": datetime(2026, 2, 20, tzinfo=UTC)}) == 3
    assert raw(node) == ["evt-4", "evt-5"]
    assert node.value(tokens, YEAR) == "31"
    assert node.value(tokens, Period(JANUARY, FEBRUARY)) == "7"
    assert node.metering.expire({"org_a": datetime(2026, 2, 21, tzinfo=UTC)}) == 0
    assert node.metering.expire({"org_a": MARCH}) == 1
    assert node.value(tokens, YEAR) == "31"
    node.check()


def test_a_cut_bucket_and_a_recount_are_refused_before_that_day_and_answered_after_it(
    node: Node, tokens: MeterDefinition
) -> None:
    second, cutoff = timedelta(seconds=1), node.journal.head
    node.metering.expire({"org_a": FEBRUARY})
    for period in (Period(JANUARY + second, MARCH), Period(JANUARY, FEBRUARY - second)):
        with pytest.raises(EventsExpired, match="2026-02-01"):
            node.value(tokens, period)
    with pytest.raises(EventsExpired):
        node.value(tokens, YEAR, cutoff=cutoff)
    assert node.value(tokens, Period(JANUARY, MARCH + second)) == "31"
    assert node.value(tokens, Period(FEBRUARY, YEAR.end), cutoff=cutoff) == "24"
    assert node.value(tokens, Period(FEBRUARY + second, YEAR.end)) == "16"


def test_a_meter_that_is_made_afterwards_knows_only_the_time_since(node: Node, tokens: MeterDefinition) -> None:
    node.metering.expire({"org_a": FEBRUARY})
    calls = node.meter("calls", "count")
    seats = node.meter("seats", "weighted_sum", "quantity")
    assert node.built(calls, seats)
    assert node.value(calls, Period(FEBRUARY, YEAR.end)) == "2"
    for meter, period in ((calls, YEAR), (seats, Period(MARCH, YEAR.end))):
        with pytest.raises(EventsExpired):
            node.value(meter, period)
    node.close()
    node.open()
    assert node.value(tokens, YEAR) == "31"
    with pytest.raises(EventsExpired):
        node.value(calls, YEAR)
    node.check()


def test_the_bucket_of_a_withdrawn_event_keeps_its_events(node: Node, tokens: MeterDefinition) -> None:
    void(node, "evt-2")
    assert node.metering.expire({"org_a": FEBRUARY}) == 1
    assert raw(node) == ["evt-2", "evt-3", "evt-4", "evt-5"]
    assert node.value(tokens, YEAR) == "29"
    node.check()


def test_an_expired_event_is_not_found_corrected_or_accepted_again(node: Node, tokens: MeterDefinition) -> None:
    node.metering.expire({"org_a": FEBRUARY})
    with pytest.raises(EventsExpired, match="'evt-1' was accepted"):
        node.metering.events.find("org_a", "evt-1")
    assert node.send([event(1, JANUARY + timedelta(hours=1), quantity=1)]).duplicates == 1
    # One that comes late is counted, but can't be withdrawn: its bucket can't be counted again.
    assert node.send([event(6, JANUARY + timedelta(hours=1), quantity=32)]).accepted == 1
    assert node.value(tokens, YEAR) == "63"
    with pytest.raises(EventsExpired):
        void(node, "evt-6")
    assert node.metering.expire({"org_a": MARCH}) == 2  # evt-4 and the late one
    assert node.value(tokens, YEAR) == "63"
    node.check()


def test_levels_and_meters_in_the_making_keep_events(node: Node, tokens: MeterDefinition) -> None:
    node.meter("seats", "weighted_sum", "quantity")
    assert node.built()
    assert node.metering.expire({"org_a": MARCH}) == 0
    node.send([event(7, JANUARY) | {"event": "other"}])
    assert node.metering.drain(20)
    failpoints.arm("metering.after_backfill=error*")
    slow = node.meter("slow", "count")
    node.metering.drain(20)
    assert node.metering.expire({"org_a": MARCH}) == 0
    failpoints.arm("")
    assert node.built(slow)
    assert node.metering.expire({"org_a": MARCH}) == 1
    assert raw(node) == [f"evt-{n}" for n in range(1, 6)]
    node.check()


def test_organisations_are_apart(node: Node, tokens: MeterDefinition) -> None:
    other = node.meter("other", "count", organisation_id="org_b")
    node.send([event(1, JANUARY)], "org_b")
    assert node.built(other)
    assert node.metering.drain(20)
    assert node.metering.expire({"org_b": MARCH}) == 1
    node.metering.expired.require("org_a", JANUARY)
    with pytest.raises(EventsExpired):
        node.metering.expired.require("org_b", JANUARY)
    assert node.metering.events.find("org_a", "evt-1") is not None
    node.check()


def test_what_dies_before_the_removal_is_finished_afterwards(node: Node, tokens: MeterDefinition) -> None:
    failpoints.arm("metering.before_expiry=error")
    with pytest.raises(failpoints.InjectedFailure):
        node.metering.expire({"org_a": FEBRUARY})
    assert len(raw(node)) == 5
    node.check()
    node.close()
    node.open()
    with pytest.raises(EventsExpired):
        node.metering.expired.require("org_a", JANUARY)
    assert node.metering.expire({"org_a": FEBRUARY}) == 0
    assert raw(node) == ["evt-4", "evt-5"]
    node.check()


def test_an_insert_is_of_one_month_of_receipt(node: Node) -> None:
    """One that touched two partitions could be half there after a crash."""
    failpoints.arm("drain.before_events=error*")
    for number, at in enumerate([NOW, NOW, NOW + timedelta(days=30), NOW]):
        node.clock.move_to(at)
        node.send([event(number, JANUARY)])
    failpoints.arm("")
    assert node.metering.drain(20)
    parts = node.warehouse.query(
        "SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active"
    )
    assert sorted(row["partition"] for row in parts.to_pylist()) == ["202603", "202604"]
    node.check()


def test_what_a_backfill_replaced_stays_right_and_can_be_reverted(node: Node, tokens: MeterDefinition) -> None:
    """Its range begins and ends within buckets: evt-2 lies in one of them before the range, evt-3 in the range."""
    unit = Backfill(
        "bf_1", "org_a", JANUARY + timedelta(hours=2, seconds=3), JANUARY + timedelta(hours=5, seconds=1), replace=True
    )
    inside = event(9, JANUARY + timedelta(hours=4), quantity=32)
    node.send_under(unit, [inside, {**inside, "id": "edge", "timestamp": (JANUARY + timedelta(hours=5)).isoformat()}])
    with node.metering.expired.replacing(unit):
        node.backfills.close(unit)
    assert node.value(tokens, YEAR) == str(1 + 2 + 64 + 24)
    assert node.metering.expire({"org_a": FEBRUARY}) == 2
    assert raw(node) == ["edge", "evt-2", "evt-3", "evt-4", "evt-5"]
    assert node.value(tokens, YEAR) == str(1 + 2 + 64 + 24)
    node.check()
    node.close()
    node.open()
    node.check()
    node.backfills.revert(unit)
    assert node.value(tokens, YEAR) == "31"
    node.metering.expired.remove()
    node.check()


def test_what_is_gone_can_not_be_replaced_but_added_to(node: Node, tokens: MeterDefinition) -> None:
    node.metering.expire({"org_a": FEBRUARY})
    january, adding = (
        Backfill("bf_1", "org_a", JANUARY, FEBRUARY, replace=True),
        Backfill("bf_2", "org_a", JANUARY, MARCH),
    )
    with pytest.raises(EventsExpired, match="2026-02-01"), node.metering.expired.replacing(january):
        pass
    for fine in (Backfill("b", "org_a", FEBRUARY, MARCH, replace=True), Backfill("b", "org_b", JANUARY, MARCH), adding):
        with node.metering.expired.replacing(fine):
            pass
    receipt = node.send_under(
        adding, [event(1, JANUARY + timedelta(hours=1), quantity=1), event(9, JANUARY, quantity=32)]
    )
    assert (receipt.accepted, receipt.duplicates) == (1, 1)
    node.backfills.close(adding)
    assert node.value(tokens, YEAR) == "63"
    node.check()
