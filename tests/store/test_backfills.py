"""Backfills on the real journal and warehouse: what counts when, worked by hand, and failures at each step."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from justpaid.ingest import Backfill, Corrections, Stage, Standing
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.errors import Conflict, EngineUnavailable, Overloaded
from justpaid.kernel.period import Period
from justpaid.metering import Counted, Wanted
from justpaid.platform import failpoints
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import MARCH, NOW, Node, event, fresh_node

DAY = timedelta(days=1)
WEEK = Period(NOW - 7 * DAY, NOW)
_numbers = count(1)


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def backfill(span: Period = WEEK, **more: Any) -> Backfill:
    return Backfill(f"bf_{next(_numbers)}", more.pop("organisation_id", "org_a"), span.start, span.end, **more)


def worth(quantity: int, at: Any = NOW - DAY, **more: Any) -> dict[str, Any]:
    """An event whose number is its quantity."""
    return event(quantity, at, quantity=quantity, **more)


def cutoff(node: Node) -> int:
    with node.metering.snapshot() as position:
        return position


def standing(node: Node, n: int) -> Standing:
    found = node.metering.events.find("org_a", f"evt-{n}")
    assert found is not None
    content = found.customer_key, found.event, found.timestamp, found.quantity, found.properties
    return Standing("org_a", found.id, found.sequence, *content, found.backfill_id)


def test_it_counts_from_its_close_to_its_revert_and_so_do_meters_made_at_any_time(node: Node) -> None:
    meters = [node.meter("before", "sum", "quantity")]
    node.send([worth(1)])
    unit = backfill()
    node.send_under(unit, [worth(10), worth(20)])
    meters.append(node.meter("while open", "sum", "quantity"))
    assert {node.value(meter) for meter in meters} == {"1"}
    at = [cutoff(node)]
    node.backfills.close(unit)
    meters.append(node.meter("closed", "sum", "quantity"))
    assert {node.value(meter) for meter in meters} == {"31"}
    at.append(cutoff(node))
    node.backfills.revert(unit)
    meters.append(node.meter("reverted", "sum", "quantity"))
    assert {node.value(meter) for meter in meters} == {"1"}
    assert [node.value(meters[0], cutoff=then) for then in at] == ["1", "31"]
    node.check()
    node.close()
    node.open()
    assert {node.value(meter) for meter in meters} == {"1"}
    assert [node.value(meters[0], cutoff=then) for then in at] == ["1", "31"]


def test_a_backfill_that_replaces_is_all_there_is_until_later_events_come(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    earlier, unit, later = backfill(), backfill(replace=True, customer_keys=("acme",)), backfill()
    node.send([worth(1), worth(2, NOW - 8 * DAY), worth(4, customer="globex")])
    node.send_under(earlier, [worth(8)])
    node.send_under(later, [worth(16)])
    node.backfills.close(earlier)
    node.send_under(unit, [worth(32)])
    node.send([worth(64)])
    assert node.value(meter) == str(1 + 2 + 4 + 8 + 64)
    node.backfills.close(unit)
    assert node.value(meter) == str(2 + 4 + 32)
    node.send([worth(128)])
    node.backfills.close(later)
    assert node.value(meter) == str(2 + 4 + 32 + 128 + 16)
    node.backfills.revert(earlier)
    assert node.value(meter) == str(2 + 4 + 32 + 128 + 16)
    node.backfills.revert(unit)
    assert node.value(meter) == str(1 + 2 + 4 + 64 + 128 + 16)
    node.check()


def test_one_replaces_another_and_the_last_that_stands_counts(node: Node) -> None:
    meter = node.meter("n", "latest", "quantity")
    node.send([worth(1)])
    units = [backfill(replace=True) for _ in range(3)]
    for quantity, unit in enumerate(units, 2):
        node.send_under(unit, [event(1, NOW - DAY, quantity=quantity)])
        node.backfills.close(unit)
        assert node.value(meter) == str(quantity)
    node.backfills.revert(units[1])
    assert node.value(meter) == "4"
    node.backfills.revert(units[2])
    assert node.value(meter) == "2"
    node.backfills.revert(units[0])
    assert node.value(meter) == "1"


@pytest.mark.parametrize("aggregation", ["count", "sum", "max", "min", "average", "unique", "latest"])
def test_edges_within_a_bucket_are_exact_for_every_aggregation(node: Node, aggregation: str) -> None:
    """The range begins and ends within buckets; of seven minutes around each edge the inner ones are replaced."""
    property = {"count": None, "unique": "properties.n"}.get(aggregation, "quantity")
    meter, expected = (node.meter(key, aggregation, property, event=key) for key in ("replaced", "expected"))
    tick = timedelta(microseconds=1)
    span = Period(NOW - timedelta(minutes=62), NOW - timedelta(minutes=32, seconds=7))
    times = [edge + shift for edge in (span.start, span.end) for shift in (-200 * tick, -tick, 0 * tick, tick)]

    def of(name: str, n: int, at: Any, quantity: int) -> dict[str, Any]:
        sent = event(n, at, quantity=quantity, properties={"n": quantity})
        return {**sent, "id": f"{name}-{n}", "event": name}

    node.send([of("replaced", n, at, n * n - 20) for n, at in enumerate(times)])
    unit = backfill(span, event="replaced", replace=True)
    node.send_under(unit, [of("replaced", 50, span.start, 7), of("replaced", 51, span.end - tick, -3)])
    node.backfills.close(unit)
    node.send([of("replaced", 60, span.start, 5)])
    kept = [(n, at, n * n - 20) for n, at in enumerate(times) if not span.start <= at < span.end]
    node.send(
        [of("expected", *one) for one in [*kept, (50, span.start, 7), (51, span.end - tick, -3), (60, span.start, 5)]]
    )
    for asked in (MARCH, span, Period(span.start - tick, span.end + tick), Period(span.start + tick, span.end - tick)):
        assert node.value(meter, asked) == node.value(expected, asked)
    node.check()


def test_a_level_is_that_of_the_changes_that_count(node: Node) -> None:
    """A week of 10 seats from before it on; a backfill has 4 of them join in the middle of the week before."""
    meter = node.meter("seats", "weighted_sum", "quantity")
    node.send([event(1, NOW - 20 * DAY, quantity=10)])
    unit = backfill(Period(NOW - 30 * DAY, NOW - 7 * DAY), replace=True)
    node.send_under(unit, [event(2, NOW - 10 * DAY, quantity=4)])
    assert node.value(meter, WEEK) == "10"
    node.backfills.close(unit)
    assert node.value(meter, WEEK) == "4"
    assert node.value(meter, Period(NOW - 14 * DAY, NOW - 6 * DAY)) == "2"  # 4 for 4 of 8 days
    node.backfills.revert(unit)
    assert node.value(meter, WEEK) == "10"


def test_corrections_within_a_backfill_stay_within_it(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    corrections = Corrections(node.journal, FixedClock(NOW))
    unit, replacing = backfill(), backfill(replace=True)
    node.send_under(unit, [worth(1), worth(2), worth(4)])
    corrections.amend(standing(node, 1), {"quantity": 100}, live=True)
    node.backfills.close(unit)
    assert node.value(meter) == "106"
    corrections.amend(standing(node, 2), {"timestamp": (NOW - 10 * DAY).isoformat()}, live=True)
    corrections.void(standing(node, 4))
    assert node.value(meter) == "102"
    node.backfills.close(replacing)
    assert node.value(meter) == "2"  # it was moved out of the range
    node.backfills.revert(unit)
    assert node.value(meter) == "nothing"
    node.backfills.revert(replacing)
    assert node.value(meter) == "nothing"
    node.check()


def test_organisations_with_the_same_ids_stay_apart(node: Node) -> None:
    meters = [node.meter(org, "sum", "quantity", organisation_id=org) for org in ("org_a", "org_b")]
    for org in ("org_a", "org_b"):
        node.send([worth(1)], organisation_id=org)
    unit = backfill(replace=True, organisation_id="org_b")
    node.send_under(unit, [event(1, NOW - DAY, quantity=5)])
    node.backfills.close(unit)
    assert [node.value(meter) for meter in meters] == ["1", "5"]
    assert node.send([event(1, NOW - DAY, quantity=5)]).conflicts == 1


def test_an_id_is_found_free_in_the_middle_of_a_batch(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    unit = backfill()
    node.send_under(unit, [worth(2), worth(4)])
    node.backfills.revert(unit)
    receipt = node.send([worth(1), worth(2), worth(2), worth(1), worth(4), worth(8)])
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (4, 2, 0)
    assert node.value(meter) == "15"
    node.check()


def test_what_lies_in_the_journal_only_is_replaced_like_the_rest(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    node.send([worth(1)])
    assert node.value(meter) == "1"
    unit = backfill(replace=True)
    with node.metering.drainer.paused():
        node.send([worth(2), worth(3, NOW - 10 * DAY)])
        taken = node.send_under(unit, [event(n, NOW - DAY, quantity=10 * n) for n in (1, 2, 3)])
        assert (taken.accepted, taken.conflicts) == (2, 1)
        node.backfills.close(unit)
    assert node.value(meter) == "33"
    extent = node.metering.backfills.extents("org_a", [unit])[unit.id]
    assert (extent.events, extent.replaced) == (2, 2)


def test_no_event_comes_in_after_the_close(node: Node) -> None:
    """Many send while one closes: what was acknowledged counts, what was refused does not."""
    meter = node.meter("n", "count")
    unit = backfill()
    kept: list[int] = []

    def send(sender: int) -> None:
        for n in range(200):
            try:
                node.send_under(unit, [event(1000 * sender + n, NOW - DAY)])
            except Overloaded:
                continue
            except Conflict:
                return
            kept.append(n)

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(6)]
    for sender in senders:
        sender.start()
    while len(kept) < 20:
        pass
    node.backfills.close(unit)
    closed = node.backfills.steps(unit).closed
    for sender in senders:
        sender.join()
    assert node.value(meter) == str(len(kept))
    row = node.warehouse.query("SELECT max(seq) AS last FROM events").to_pylist()[0]
    assert closed is not None
    assert row["last"] < closed


def test_two_closes_at_once_are_one(node: Node) -> None:
    unit = backfill()
    head = node.journal.head
    threads = [threading.Thread(target=node.backfills.close, args=(unit,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert node.journal.head == head + 1
    assert node.backfills.steps(unit).stage is Stage.CLOSED


def test_late_is_what_came_to_count_after_the_cutoff(node: Node) -> None:
    """By whether it counted as of the cut-off: own place, close, revert of what had replaced it."""
    meter = node.meter("n", "sum", "quantity")
    gone, unit, replacing = backfill(), backfill(), backfill(replace=True)
    node.send([worth(1)])
    node.send_under(gone, [worth(2)])
    node.send_under(unit, [worth(4)])
    node.backfills.close(gone)

    def late(at: int) -> list[str]:
        counted = Counted("acme", MARCH.start, MARCH.end, meter.key, at, "inv_1")
        gap = node.metering.unbilled.late("org_a", MARCH, [meter], [counted])
        return sorted(event for group in gap.groups for event in group.sample)

    first = cutoff(node)
    node.backfills.close(unit)
    second = cutoff(node)
    assert (late(first), late(second)) == (["evt-4"], [])
    node.backfills.close(replacing)
    third = cutoff(node)
    assert (late(first), late(third)) == ([], [])
    node.backfills.revert(gone)
    node.backfills.revert(replacing)
    assert cutoff(node) == third + 2
    assert (late(0), late(first), late(third)) == (["evt-1", "evt-4"], ["evt-4"], ["evt-1", "evt-4"])


def test_the_stream_shows_no_history(node: Node) -> None:
    unit = backfill()
    node.send_under(unit, [worth(1)])
    with node.metering.drainer.paused():
        node.send([worth(2)])
        node.send_under(unit, [worth(3)])
        node.backfills.close(unit)
        replayed, lost = node.metering.replay.between(0, node.journal.head, Wanted("org_a"))
    assert ([one.id for one in replayed], lost) == (["evt-2"], 0)
    cutoff(node)
    replayed, _ = node.metering.replay.between(0, node.journal.head, Wanted("org_a"))
    assert [one.id for one in replayed] == ["evt-2"]


STEPS = [
    *(f"drain.{step}" for step in ("before_events", "after_events", "after_voids", "after_steps", "after_mark")),
    "rollup.before_insert",
    "rollup.after_insert",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("restart", [False, True], ids=["goes on", "restarts"])
def test_a_failure_at_any_step_of_metering_leaves_it_whole(node: Node, step: str, restart: bool) -> None:
    """Events, a void, a close, later events and a revert are drained as one."""
    meter = node.meter("n", "sum", "quantity")
    node.send([worth(1), worth(2)])
    assert node.value(meter) == "3"
    kept, dropped = backfill(replace=True), backfill()
    with node.metering.drainer.paused():
        node.send_under(dropped, [worth(4)])
        node.send_under(kept, [worth(8)])
        node.backfills.close(dropped)
        Corrections(node.journal, FixedClock(NOW)).void(standing(node, 8))
        node.send_under(kept, [worth(16)])
        node.backfills.close(kept)
        node.send([worth(32)])
        node.backfills.revert(dropped)
        failpoints.arm(f"{step}=error")
    try:
        if restart:
            node.close()
            node.open()
        assert node.value(meter) == "48"
    finally:
        failpoints.arm("")
    node.check()


@pytest.mark.parametrize("step", ["before_write", "before_sync", "after_sync"])
def test_a_close_that_failed_can_be_repeated(node: Node, step: str) -> None:
    """After the failure nobody knows whether it is on disk; a repetition makes sure."""
    meter = node.meter("n", "sum", "quantity")
    unit = backfill()
    node.send_under(unit, [worth(1)])
    for action, value in ((node.backfills.close, "1"), (node.backfills.revert, "nothing")):
        failpoints.arm(f"journal.{step}=error")
        try:
            with pytest.raises(EngineUnavailable):
                action(unit)
        finally:
            failpoints.arm("")
        for _ in range(20):
            try:
                action(unit)
                break
            except EngineUnavailable:
                threading.Event().wait(0.1)
        assert node.value(meter) == value
    node.check()


#: What the release before left: no table of backfills, and a key of `usage` without them.
AS_IT_WAS = (
    "DROP TABLE backfills",
    "ALTER TABLE events DROP COLUMN backfill",
    """CREATE TABLE usage_then ENGINE = AggregatingMergeTree
        ORDER BY (organisation, rollup, customer, bucket, dimensions)
        AS SELECT * EXCEPT (backfill, layer) REPLACE (CAST([], 'Array(String)') AS dimensions) FROM usage""",
    "DROP TABLE usage",
    "RENAME TABLE usage_then TO usage",
)


def test_a_folder_from_before_backfills_goes_on(tmp_path: Path, warehouse: Warehouse) -> None:
    with fresh_node(tmp_path, warehouse) as node:
        meter = node.meter("n", "sum", "quantity")
        node.send([worth(1), worth(2)])
        assert node.value(meter) == "3"
        node.close()
        for statement in AS_IT_WAS:
            warehouse.execute(statement)
        node.forget_layouts()
        node.open()
        assert node.value(meter) == "3"
        unit = backfill(replace=True)
        node.send_under(unit, [worth(4)])
        node.backfills.close(unit)
        node.send([worth(8)])
        assert node.value(meter) == "12"
        warehouse.execute("OPTIMIZE TABLE usage FINAL")
        assert node.value(meter) == "12"
        node.check()
