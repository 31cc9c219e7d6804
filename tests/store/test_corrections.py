"""Voiding and amending single events, on the real journal and warehouse, with figures worked by hand."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from justpaid.ingest import Corrections, Standing
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.errors import Conflict, EngineUnavailable, InvalidRequest
from justpaid.kernel.period import Period
from justpaid.metering import EventFilter, Filter, Operator, Question
from justpaid.platform import failpoints
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import MARCH, NOW, Node, event, fresh_node

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def corrections(node: Node) -> Corrections:
    return Corrections(node.journal, FixedClock(LATER))


def standing(node: Node, n: int, organisation_id: str = "org_a") -> Standing:
    found = node.metering.events.find(organisation_id, f"evt-{n}")
    assert found is not None
    assert not found.voided
    return Standing(
        organisation_id,
        found.id,
        found.sequence,
        found.customer_key,
        found.event,
        found.timestamp,
        found.quantity,
        found.properties,
    )


def void(node: Node, n: int, **more: Any) -> None:
    corrections(node).void(standing(node, n), **more)


def amend(node: Node, n: int, **changes: Any) -> None:
    corrections(node).amend(standing(node, n), changes, live=True)


def cutoff(node: Node) -> int:
    with node.metering.snapshot() as position:
        return position


def test_a_voided_event_no_longer_counts_and_a_resend_of_it_stays_a_duplicate(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    node.send([event(n, quantity=10**n) for n in range(4)])
    assert node.value(meter) == "1111"
    void(node, 2)
    assert node.value(meter) == "1011"
    assert node.send([event(2, quantity=100)]).duplicates == 1
    assert node.send([event(2, quantity=5)]).conflicts == 1
    assert node.value(meter) == "1011"
    for n in (0, 1, 3):
        void(node, n)
    assert node.value(meter) == "nothing"
    node.check()


def test_an_amendment_moves_usage_between_buckets_customers_and_event_names(node: Node) -> None:
    completions = node.meter("completions", "sum", "quantity", dimensions=["model"])
    images = node.meter("images", "sum", "quantity", event="image")
    node.send([event(n, quantity=10**n, properties={"model": "ab"[n % 2]}) for n in range(5)])
    node.send([event(9, quantity=7, event="image")])

    def by(**more: Any) -> dict[str, int]:
        found = node.usage(completions, **more)
        return {q.owner or q.group.get("model", ""): int(q.value) for q in found}

    both = {"acme": "acme", "globex": "globex"}
    assert by(customers=both) == {"acme": 11111}
    amend(node, 0, quantity="0.5")  # another quantity in the same bucket
    amend(node, 0, quantity=2)
    amend(node, 1, timestamp=(NOW - timedelta(days=3)).isoformat())
    amend(node, 2, customer_id="globex")
    amend(node, 3, event="image")
    amend(node, 4, properties={"model": "b"})
    assert by(customers=both) == {"acme": 10012, "globex": 100}
    assert by(group_by=("model",)) == {"a": 102, "b": 10010}
    assert node.value(images) == "1007"
    old = Period(NOW - timedelta(days=4), NOW - timedelta(days=2))
    assert node.value(completions, old) == "10"
    node.check()


@pytest.mark.parametrize(
    ("aggregation", "before", "after_void", "after_amend"),
    [
        ("count", "4", "3", "3"),
        ("sum", "17.5", "8.5", "7"),
        ("max", "9", "5", "5"),
        ("min", "0.5", "0.5", "-1"),
        ("average", "4.375", "2.833333333333", "2.333333333333"),
        ("unique", "4", "3", "3"),
        ("latest", "9", "0.5", "-1"),
    ],
)
def test_every_aggregation_forgets_what_was_withdrawn(
    node: Node, aggregation: str, before: str, after_void: str, after_amend: str
) -> None:
    property = None if aggregation == "count" else "properties.x"
    meter = node.meter("m", aggregation, property)
    values = [5, 3, 0.5, 9]  # by time; three of one bucket and one of the next
    node.send([event(n, NOW + timedelta(minutes=n * 2 - 1), properties={"x": x}) for n, x in enumerate(values)])
    assert node.value(meter) == before
    void(node, 3)
    assert node.value(meter) == after_void
    amend(node, 2, properties={"x": -1})
    assert node.value(meter) == after_amend
    node.check()


def test_a_corrected_change_of_level_counts_for_its_time_and_all_that_comes_after(node: Node) -> None:
    """A week: 10 seats since before it, 4 more from its middle on: 10 + 4 ÷ 2 = 12."""
    meter = node.meter("seats", "weighted_sum", "quantity")
    week = Period(NOW - timedelta(days=14), NOW - timedelta(days=7))
    middle = week.start + week.duration / 2
    node.send([event(1, week.start - timedelta(days=30), quantity=10), event(2, middle, quantity=4)])
    assert node.value(meter, week) == "12"
    amend(node, 1, quantity=6)
    assert node.value(meter, week) == "8"
    amend(node, 2, timestamp=(week.start - timedelta(days=1)).isoformat())
    assert node.value(meter, week) == "10"
    void(node, 1)
    assert node.value(meter, week) == "4"
    void(node, 2)
    assert node.value(meter, week) == "nothing"
    node.check()


def test_filters_decide_about_the_new_version(node: Node) -> None:
    meter = node.meter("m", "count", filters=[Filter("properties.ok", Operator.EQ, ("true",))])
    node.send([event(1, properties={"ok": True}), event(2, properties={"ok": False})])
    amend(node, 1, properties={"ok": False})
    assert node.value(meter) == "nothing"
    amend(node, 2, properties={"ok": True})
    amend(node, 1, properties={"ok": True})
    assert node.value(meter) == "2"


def test_boundaries_inside_a_corrected_bucket_stay_exact(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    start = datetime(2026, 3, 10, 10, 3, 27, 250_000, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    end = start + timedelta(hours=1)
    times = [start - tick, start, start + timedelta(minutes=20), start + timedelta(minutes=21), end - tick, end]
    node.send([event(n, at, quantity=10**n) for n, at in enumerate(times)])
    amend(node, 0, timestamp=start.isoformat())
    amend(node, 4, timestamp=end.isoformat())
    void(node, 2)
    assert node.value(meter, Period(start, end)) == "1011"
    assert node.value(meter, Period(start - timedelta(minutes=1), end + tick)) == "111011"


def test_as_of_a_cutoff_later_corrections_do_not_exist(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    node.send([event(n, quantity=10**n) for n in range(3)])
    cutoffs = [cutoff(node)]
    void(node, 0)
    cutoffs.append(cutoff(node))
    amend(node, 1, quantity=20, timestamp=(NOW - timedelta(days=1)).isoformat())
    cutoffs.append(cutoff(node))
    void(node, 1)
    expected = ["111", "110", "120"]
    assert [node.value(meter, cutoff=at) for at in cutoffs] == expected
    assert node.value(meter) == "100"
    node.close()
    node.open()
    assert [node.value(meter, cutoff=at) for at in cutoffs] == expected
    assert node.value(meter) == "100"


def test_a_meter_made_after_the_correction_agrees(node: Node) -> None:
    node.send([event(n, quantity=10**n) for n in range(4)])
    void(node, 0)
    amend(node, 1, quantity=50)
    assert node.value(node.meter("late", "sum", "quantity")) == "1150"
    node.check()


def test_organisations_with_the_same_ids_stay_apart(node: Node) -> None:
    meters = [node.meter(org, "sum", "quantity", organisation_id=org) for org in ("org_a", "org_b")]
    for org in ("org_a", "org_b"):
        node.send([event(1, quantity=5), event(2, quantity=7)], organisation_id=org)
    void(node, 1)
    assert [node.value(meter) for meter in meters] == ["7", "12"]
    corrections(node).amend(standing(node, 2, "org_b"), {"quantity": 70}, live=True)
    assert [node.value(meter) for meter in meters] == ["7", "75"]


def test_of_two_corrections_of_the_same_version_one_wins(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    node.send([event(1, quantity=1)])
    seen = standing(node, 1)
    together = threading.Barrier(8)
    won: list[int] = []

    def correct(quantity: int) -> None:
        together.wait()
        try:
            if quantity % 4:
                corrections(node).amend(seen, {"quantity": quantity}, live=True)
            else:
                corrections(node).void(seen)
            won.append(quantity)
        except Conflict:
            pass

    threads = [threading.Thread(target=correct, args=(quantity,)) for quantity in range(4, 12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert node.value(meter) == (str(won[0]) if won[0] % 4 else "nothing")
    node.check()


def test_an_amendment_of_a_version_that_was_voided_writes_nothing(node: Node) -> None:
    node.send([event(1)])
    seen = standing(node, 1)
    void(node, 1)
    head = node.journal.head
    with pytest.raises(Conflict, match="corrected by another request"):
        corrections(node).amend(seen, {"quantity": 2}, live=True)
    assert node.journal.head == head
    found = node.metering.events.find("org_a", "evt-1")
    assert found is not None
    assert found.voided


def test_a_repeated_request_is_known(node: Node) -> None:
    node.send([event(1), event(2)])
    void(node, 1, request=b"mine")
    amend(node, 2, quantity=3)
    versions = {n: node.metering.events.versions("org_a", f"evt-{n}") for n in (1, 2)}
    assert corrections(node).is_by(versions[1], "org_a", b"mine")
    assert not corrections(node).is_by(versions[1], "org_a", b"other")
    assert not corrections(node).is_by(versions[2], "org_a", b"mine")
    assert node.journal.head == 5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer_id": ""}, "customer_id"),
        ({"event": "a\x00b"}, "event"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": (NOW + timedelta(days=3)).isoformat()}, "timestamp"),
        ({"quantity": "many"}, "quantity"),
        ({"properties": {"n": 10**21}}, "properties"),
        ({"properties": {"t": "x" * 70_000}}, "properties"),
    ],
)
def test_an_amendment_is_checked_like_an_event(node: Node, changes: dict[str, Any], field: str) -> None:
    node.send([event(1)])
    with pytest.raises(InvalidRequest) as raised:
        amend(node, 1, **changes)
    assert [error.field for error in raised.value.errors] == [field]
    assert node.journal.head == 1


def test_the_history_tells_what_happened_and_when(node: Node) -> None:
    node.send([event(1, quantity="0.1", properties={"big": 12345678901234567890, "t": "é"})])
    amend(node, 1, customer_id="globex")
    amend(node, 1, quantity="0.30")
    void(node, 1)
    told = [
        ("accepted", 0, NOW, "acme", "0.1"),
        ("amended", 2, LATER, "globex", "0.1"),
        ("amended", 4, LATER, "globex", "0.3"),
        ("voided", 5, LATER, "globex", "0.3"),
    ]

    def history() -> list[tuple[Any, ...]]:
        return [
            (c.kind, c.sequence, c.at, c.version.customer_key, format(c.version.quantity.normalize(), "f"))
            for c in node.metering.events.history("org_a", "evt-1")
        ]

    assert history() == told
    cutoff(node)
    assert history() == told
    assert {c.version.properties for c in node.metering.events.history("org_a", "evt-1")} == {
        '{"big":12345678901234567890,"t":"é"}'
    }
    assert node.metering.events.history("org_a", "evt-2") == []
    assert node.metering.events.history("org_b", "evt-1") == []


def test_the_list_shows_the_version_that_counts_and_marks_the_voided(node: Node) -> None:
    node.send([event(n, NOW + timedelta(minutes=n)) for n in range(4)])
    amend(node, 0, timestamp=(NOW + timedelta(minutes=30)).isoformat(), customer_id="globex")
    void(node, 2)
    cutoff(node)
    listed = node.metering.events.list_events("org_a", EventFilter(), 10)
    assert [(e.id, e.voided) for e in listed] == [("evt-0", False), ("evt-3", False), ("evt-2", True), ("evt-1", False)]
    of_acme = node.metering.events.list_events("org_a", EventFilter(customer_keys=("acme",)), 10)
    assert [e.id for e in of_acme] == ["evt-3", "evt-2", "evt-1"]


@pytest.mark.parametrize(
    "step",
    [
        "drain.before_events",
        "drain.after_events",
        "drain.after_voids",
        "rollup.after_insert",
        "drain.after_mark",
        "journal.before_write",
    ],
)
@pytest.mark.parametrize("restart", [False, True], ids=["goes on", "restarts"])
def test_a_failure_at_any_step_leaves_a_correction_whole(node: Node, step: str, restart: bool) -> None:
    """Blocks of voids alone, of an amendment, and of events before and after them are drained as one."""
    meter = node.meter("n", "sum", "quantity")
    node.send([event(n, quantity=10**n) for n in range(4)])
    assert node.value(meter) == "1111"
    with node.metering.drainer.paused():
        node.send([event(4, quantity=10**4)])
        amend(node, 0, quantity=5, customer_id="globex")
        node.send([event(5, quantity=10**5)])
        void(node, 4)
        failpoints.arm(f"{step}=error")
        try:
            if step.startswith("journal"):
                with pytest.raises(EngineUnavailable):
                    void(node, 1)
                failpoints.arm("")
            void(node, 1)
        except BaseException:
            failpoints.arm("")
            raise
    try:
        if restart:
            node.close()
            node.open()
        assert node.value(meter) == "101105"
    finally:
        failpoints.arm("")
    node.check()


class Interrupted:
    """A warehouse that lets something happen just before a question to it is answered, once."""

    def __init__(self, inner: Warehouse) -> None:
        self.inner = inner
        self.before_answer: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def query(self, sql: str, parameters: dict[str, Any] | None = None, given: Any = None) -> Any:
        if self.before_answer is not None and "AS window" in sql:
            happen, self.before_answer = self.before_answer, None
            happen()
        return self.inner.query(sql, parameters, given)


@pytest.mark.parametrize("corrected_before", [False, True])
def test_a_question_sees_a_correction_whole_or_not_at_all(
    tmp_path: Path, warehouse: Warehouse, corrected_before: bool
) -> None:
    """The event moves to another bucket between the making of a question and its answer."""
    interrupted = Interrupted(warehouse)
    with fresh_node(tmp_path, cast(Warehouse, interrupted)) as node:
        meter = node.meter("n", "sum", "quantity")
        node.send([event(1, quantity=1), event(2, quantity=10)])
        if corrected_before:
            amend(node, 2, quantity=100)
        total = "101" if corrected_before else "11"
        assert node.value(meter) == total

        def move() -> None:
            amend(node, 1, timestamp=(NOW - timedelta(hours=3)).isoformat())
            assert node.metering.drain(10)

        interrupted.before_answer = move
        (found,) = node.metering.usage(Question(meter, [MARCH]))
        assert format(found.value.normalize(), "f") == total
        assert interrupted.before_answer is None
