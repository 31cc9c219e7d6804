"""Ingest to usage on the real journal and warehouse, against an oracle in Decimal."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from justpaid.kernel.errors import EngineUnavailable, InvalidRequest
from justpaid.kernel.period import Period
from justpaid.metering import EventFilter, Filter, Operator, Question, cut
from justpaid.metering.schema import MIN_FREE_BYTES
from justpaid.metering.tail import Tail
from justpaid.metering.usage import RolledUp, UsageReader
from justpaid.metering.voids import Voids
from justpaid.platform import failpoints
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import MARCH, NOW, Node, event, fresh_node


class CountingWarehouse:
    """Counts the blocks of events that are inserted."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.inserts = 0

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        self._warehouse.execute(sql, parameters)

    def query(self, sql: str, parameters: dict[str, Any] | None = None, given: pa.Table | None = None) -> pa.Table:
        return self._warehouse.query(sql, parameters, given)

    def insert(self, table: str, rows: pa.Table) -> None:
        self.inserts += table == "events"
        self._warehouse.insert(table, rows)

    def defer_merges(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def test_every_aggregation_agrees_with_the_figures_worked_by_hand(node: Node) -> None:
    meters = {
        name: node.meter(name, name, None if name == "count" else "properties.tokens")
        for name in ("count", "sum", "max", "min", "average", "unique", "latest")
    }
    minutes = [timedelta(minutes=m) for m in (0, 3, 9, 6, 12)]
    tokens = ["0.1", "0.2", "-5", "7", "7"]  # the latest by timestamp is the last; 9 came before 6
    node.send(
        [
            event(n, NOW + m, properties={"tokens": json.loads(t)})
            for n, (m, t) in enumerate(zip(minutes, tokens, strict=True))
        ]
    )
    node.send([event(9, NOW + timedelta(minutes=20), properties={"tokens": "no number"})])
    assert {name: node.value(meter) for name, meter in meters.items()} == {
        "count": "6",
        "sum": "9.3",
        "max": "7",
        "min": "-5",
        "average": "1.86",
        "unique": "5",
        "latest": "7",
    }
    node.check()


def test_decimals_and_19_digit_integers_stay_exact(node: Node) -> None:
    meter = node.meter("tokens", "sum", "properties.tokens")
    quantity = node.meter("quantity", "sum", "quantity")
    body = b"""[
        {"customer_id": "acme", "event": "completion", "quantity": 0.1, "properties": {"tokens": 9223372036854775807}},
        {"customer_id": "acme", "event": "completion", "quantity": "0.2", "properties": {"tokens": 0.1}},
        {"customer_id": "acme", "event": "completion", "quantity": 3e2, "properties": {"tokens": "0.2"}}]"""
    assert node.send(body).accepted == 3
    assert node.value(meter) == "9223372036854775807.3"
    assert node.value(quantity) == "300.3"
    node.check()


def test_sums_beyond_38_digits_do_not_wrap_around(node: Node) -> None:
    meter = node.meter("big", "sum", "quantity")
    event_ = {"customer_id": "acme", "event": "completion", "quantity": "99999999999999999999"}
    for _ in range(2):
        assert node.send([event_] * 50_000).accepted == 50_000
    assert node.value(meter) == str(99999999999999999999 * 100_000)


def test_the_same_id_counts_once_whatever_else_is_sent(node: Node) -> None:
    meter = node.meter("tokens", "sum", "properties.tokens")
    first = event(1, properties={"tokens": 5, "model": "a"})
    assert node.send([first, first]).duplicates == 1
    reordered = b"""{"properties": {"model":"a",  "tokens": 5.0}, "event":"completion", "customer_id":"acme",
        "timestamp": "2026-03-15T13:00:00+01:00", "id": "evt-1", "quantity": "1.00"}"""
    assert node.send(reordered).duplicates == 1
    receipt = node.send([event(1, NOW - timedelta(days=1), properties={"tokens": 5, "model": "a"})])
    assert (receipt.conflicts, receipt.errors[0]["code"], receipt.errors[0]["id"]) == (1, "conflict", "evt-1")
    assert node.value(meter) == "5"
    other = node.send([first], organisation_id="org_b")
    assert other.accepted == 1
    assert node.value(meter) == "5"
    node.check()


def test_a_resend_without_a_timestamp_is_a_duplicate(node: Node) -> None:
    bare = {"id": "x", "customer_id": "acme", "event": "completion"}
    assert node.send(bare).accepted == 1
    assert node.send(bare).duplicates == 1


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        (Operator.EQ, ["gpt-4o"], "1"),
        (Operator.NE, ["gpt-4o"], "1110"),
        (Operator.IN, ["gpt-4o", "it's"], "11"),
        (Operator.NOT_IN, ["gpt-4o", "it's"], "1100"),
        (Operator.EXISTS, [], "111"),
    ],
)
def test_text_filters(node: Node, operator: Operator, values: list[str], expected: str) -> None:
    meter = node.meter("m", "sum", "quantity", filters=[Filter("properties.model", operator, tuple(values))])
    models: list[Any] = ["gpt-4o", "it's", 7, None]
    node.send([event(n, quantity=10**n, properties={"model": model}) for n, model in enumerate(models)])
    assert node.value(meter) == expected
    node.check()


@pytest.mark.parametrize(
    ("operator", "expected"), [(Operator.GT, "100"), (Operator.GTE, "110"), (Operator.LT, "1"), (Operator.LTE, "11")]
)
def test_numeric_filters_compare_exactly(node: Node, operator: Operator, expected: str) -> None:
    meter = node.meter("m", "sum", "quantity", filters=[Filter("properties.a.b", operator, ("0.3",))])
    values: list[Any] = [0.29, 0.3, "0.31", "text", None]
    node.send([event(n, quantity=10**n, properties={"a": {"b": value}}) for n, value in enumerate(values)])
    assert node.value(meter) == expected
    node.check()


def test_groups_by_any_of_the_dimensions(node: Node) -> None:
    meter = node.meter("tokens", "sum", "properties.tokens", dimensions=["model", "region.name"])
    node.send(
        [
            event(n, properties={"tokens": 10**n, "model": model, "region": {"name": region}})
            for n, (model, region) in enumerate([("a", "eu"), ("a", "us"), ("b", "eu"), (None, "eu")])
        ]
    )
    by_model = node.usage(meter, group_by=("model",))
    assert [(q.group["model"], int(q.value)) for q in by_model] == [("", 1000), ("a", 11), ("b", 100)]
    by_both = node.usage(meter, group_by=("region.name", "model"))
    assert [(*q.group.values(), int(q.value)) for q in by_both] == [
        ("eu", "", 1000),
        ("eu", "a", 1),
        ("eu", "b", 100),
        ("us", "a", 10),
    ]


def test_many_questions_are_answered_in_their_order(node: Node) -> None:
    meters = [node.meter(f"m{n}", "count", filters=[Filter("properties.n", Operator.LT, (str(n),))]) for n in range(9)]
    node.send([event(n, properties={"n": n}) for n in range(20)])
    questions = [Question(meter, [MARCH]) for meter in meters]
    answers = node.metering.usage_of_each(questions)
    assert [[int(quantity.value) for quantity in answer] for answer in answers] == [[], *([n] for n in range(1, 9))]
    with pytest.raises(InvalidRequest):
        node.metering.usage_of_each([*questions, Question(meters[0], [MARCH], group_by=("model",))])


@pytest.mark.parametrize("cutoff", [False, True], ids=["rolled up", "from events"])
def test_a_dimension_may_have_any_text(node: Node, cutoff: bool) -> None:
    texts = [
        "",
        " ",
        '"',
        "\\",
        '\\"',
        "[",
        '","',
        "a/b",
        "\n\t\r\b\f",
        "\x00",
        "\x1f",
        "\x7f",
        "é",
        "e\u0301",
        "\u2028",
        "😀",
    ]
    texts += ["null", "[]", '["a"]', "\ufeff", "\uffff", "ﬀ", "x" * 3000]
    meter = node.meter("n", "count", dimensions=["first", "second"])
    pairs = [(first, second) for first in texts for second in (first, "b")]
    node.send([event(n, properties=dict(zip(("first", "second"), pair, strict=True))) for n, pair in enumerate(pairs)])
    at = node.journal.head if cutoff else None
    found = node.usage(meter, group_by=("first", "second"), cutoff=at)
    assert {tuple(quantity.group.values()): int(quantity.value) for quantity in found} == dict.fromkeys(pairs, 1)
    assert [quantity.group["first"] for quantity in node.usage(meter, group_by=("first",), cutoff=at)] == sorted(
        texts, key=str.encode
    )
    node.check()


def test_boundaries_inside_a_bucket_are_exact_to_the_microsecond(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity")
    start = datetime(2026, 3, 10, 10, 3, 27, 250_000, tzinfo=UTC)
    end = datetime(2026, 3, 10, 11, 1, 0, 0, tzinfo=UTC)
    tick = timedelta(microseconds=1)
    times = [start - tick, start, start + timedelta(minutes=20), end - tick, end]
    node.send([event(n, at, quantity=10**n) for n, at in enumerate(times)])
    assert node.value(meter, Period(start, end)) == "1110"
    assert node.value(meter, Period(start, start + timedelta(seconds=2))) == "10"
    assert node.value(meter, Period(start, start)) == "nothing"


def test_days_of_a_time_zone_are_right_over_the_change_of_clocks(node: Node) -> None:
    meter = node.meter("n", "count")
    first = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Berlin; the 29th has 23 hours
    node.send([event(n, first - timedelta(days=20) + timedelta(hours=n)) for n in range(24 * 12)])
    days = cut(
        Period(datetime(2026, 3, 8, 23, tzinfo=UTC), datetime(2026, 3, 12, 23, tzinfo=UTC)), "day", "Europe/Berlin"
    )
    assert [int(q.value) for q in node.usage(meter, windows=days)] == [24, 24, 24, 24]
    change = cut(
        Period(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 30, 22, tzinfo=UTC)), "day", "Europe/Berlin"
    )
    assert [day.duration for day in change] == [timedelta(hours=23), timedelta(hours=24)]


def test_a_new_meter_counts_the_past(node: Node) -> None:
    node.send([event(n) for n in range(50)])
    early = node.meter("early", "count")
    assert node.value(early) == "50"
    node.send([event(n) for n in range(50, 80)])
    assert node.value(early) == "80"
    assert node.value(node.meter("late", "count")) == "80"
    node.check()


def test_as_of_a_cutoff_later_events_do_not_exist(node: Node) -> None:
    meter = node.meter("n", "count")
    node.send([event(n) for n in range(5)])
    with node.metering.snapshot() as cutoff:
        pass
    node.send([event(n) for n in range(5, 9)])
    assert node.value(meter) == "9"
    assert node.value(meter, cutoff=cutoff) == "5"


def test_owners_of_several_keys_and_other_organisations_stay_apart(node: Node) -> None:
    meter = node.meter("n", "count")
    node.send(
        [event(1, customer="acme"), event(2, customer="acme-eu"), event(3, customer="globex"), event(4, customer="x")]
    )
    node.send([event(1, customer="acme")], organisation_id="org_b")
    owners = {"acme": "cus_1", "acme-eu": "cus_1", "globex": "cus_2"}
    assert [(q.owner, int(q.value)) for q in node.usage(meter, customers=owners)] == [("cus_1", 2), ("cus_2", 1)]
    assert node.value(meter) == "4"
    assert node.usage(meter, customers={}) == []


def test_events_are_listed_and_found_from_their_receipt_on(node: Node) -> None:
    node.send([event(n, NOW + timedelta(minutes=n), customer="ab"[n % 2], properties={"n": n}) for n in range(6)])
    found = node.metering.events.find("org_a", "evt-3")
    assert found is not None
    assert (found.customer_key, found.properties, found.timestamp) == ("b", '{"n":3}', NOW + timedelta(minutes=3))
    with node.metering.snapshot():
        pass
    assert node.metering.events.find("org_a", "evt-3") == found
    assert node.metering.events.find("org_b", "evt-3") is None
    assert node.metering.events.find("org_a", "evt-99") is None
    page = node.metering.events.list_events("org_a", EventFilter(customer_keys=("b",)), 2)
    assert [e.id for e in page] == ["evt-5", "evt-3"]
    rest = EventFilter(customer_keys=("b",), before=(page[-1].timestamp, page[-1].sequence))
    assert [e.id for e in node.metering.events.list_events("org_a", rest, 2)] == ["evt-1"]


def test_a_restart_continues_where_it_was(node: Node) -> None:
    meter = node.meter("n", "count")
    node.send([event(n) for n in range(10)])
    node.close()
    node.open()
    assert node.send([event(n) for n in range(5, 15)]).duplicates == 5
    assert node.value(meter) == "15"
    node.check()


@pytest.mark.parametrize(
    "step",
    [
        "drain.before_events",
        "drain.after_events",
        "drain.after_mark",
        "rollup.before_insert",
        "rollup.after_insert",
        "rollup.after_mark",
        "metering.after_filling",
    ],
)
def test_a_failure_at_any_step_of_a_drain_leaves_nothing_out_and_nothing_twice(node: Node, step: str) -> None:
    node.send([event(n) for n in range(7)])
    failpoints.arm(f"{step}=error")
    try:
        meter = node.meter("n", "count")
        node.send([event(n) for n in range(7, 20)])
        assert node.value(meter) == "20"
    finally:
        failpoints.arm("")
    node.check()


def test_rollups_of_an_earlier_layout_are_made_anew_from_the_events(node: Node, warehouse: Warehouse) -> None:
    seats = node.meter("seats", "latest", "properties.n")
    users = node.meter("users", "unique", "properties.n")
    node.send([event(n, NOW + timedelta(minutes=n), properties={"n": n % 4}) for n in range(10)])
    node.close()
    warehouse.execute("DROP TABLE usage")
    warehouse.execute(
        "CREATE TABLE usage (rollup String, distinct AggregateFunction(uniqExact, String), upto UInt64) "
        "ENGINE = MergeTree ORDER BY rollup"
    )
    node.forget_layouts()
    node.open()
    assert (node.value(seats), node.value(users)) == ("1", "4")
    node.send([event(10, NOW + timedelta(minutes=10), properties={"n": 7})])
    assert (node.value(seats), node.value(users)) == ("7", "5")
    node.check()


def test_a_trickle_of_events_makes_few_blocks(tmp_path: Path, warehouse: Warehouse) -> None:
    counting = CountingWarehouse(warehouse)
    with fresh_node(tmp_path, counting) as node:
        began = time.monotonic()
        for n in range(40):
            node.send([event(n)])
            time.sleep(0.01)
        with node.metering.snapshot() as position:
            assert position == 40
        assert 1 <= counting.inserts <= (time.monotonic() - began) / 0.1 + 1


def test_no_table_takes_an_insert_on_a_disk_that_is_nearly_full(node: Node, warehouse: Warehouse) -> None:
    ours = "database = currentDatabase() AND name IN ('events', 'usage', 'voids', 'expired')"
    tables = warehouse.query(f"SELECT name, engine_full FROM system.tables WHERE {ours}")
    kept_free = f"min_free_disk_bytes_to_perform_insert = {MIN_FREE_BYTES}"
    assert {row["name"]: kept_free in row["engine_full"] for row in tables.to_pylist()} == dict.fromkeys(
        ("events", "usage", "voids", "expired"), True
    )
    warehouse.execute(
        "CREATE OR REPLACE TABLE full_disk (n UInt64) ENGINE = MergeTree ORDER BY n "
        "SETTINGS min_free_disk_bytes_to_perform_insert = 1000000000000000"
    )
    with pytest.raises(EngineUnavailable, match="enough free space"):
        warehouse.execute("INSERT INTO full_disk SELECT 1")
    warehouse.execute("DROP TABLE full_disk")


def test_what_is_not_rolled_up_yet_is_counted_from_the_events(node: Node) -> None:
    meter = node.meter("n", "sum", "quantity", dimensions=["model"])
    node.send([event(n, quantity=10**n, properties={"model": "ab"[n % 2]}) for n in range(3)])
    assert node.value(meter) == "111"
    failpoints.arm("rollup.before_insert=error*")
    try:
        node.send(
            [event(3, quantity=1000, properties={"model": "a"}), event(4, NOW - timedelta(days=40), quantity=10_000)]
        )
        assert node.metering.drain(5)
        asked = Question(meter, [MARCH], group_by=("model",))
        assert [(q.group["model"], int(q.value)) for q in node.metering.usage(asked)] == [("a", 1101), ("b", 10)]
    finally:
        failpoints.arm("")
    assert node.value(meter) == "1111"
    node.check()


def test_rows_that_go_further_than_was_asked_for_are_noticed(node: Node, warehouse: Warehouse) -> None:
    """A roll-up between reading its position and reading its rows: the newest events would count twice."""
    meter, other = node.meter("n", "count"), node.meter("other", "count", event="other")
    node.send([event(0)])
    assert node.value(meter) == "1"
    node.send([event(1), event(2)])
    assert node.value(meter) == "3"
    metering = node.metering
    reader = UsageReader(warehouse, metering.rollups, Voids(warehouse), metering.effects)
    with pytest.raises(RolledUp) as further:
        reader.answer(Question(meter, [MARCH]), 1, Tail(3))
    assert further.value.upto == 3
    assert [int(q.value) for q in reader.answer(Question(meter, [MARCH]), 3, Tail(3))] == [3]
    assert reader.answer(Question(other, [MARCH]), 1, Tail(3)) == []
