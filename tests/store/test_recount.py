"""A recount finds each way in which `usage` can differ from the events, and only those."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from justpaid.metering import MeterDefinition
from justpaid.platform.warehouse import Warehouse, quote
from tests.support.metering_node import NOW, Node, event, fresh_node

METERS = {
    "count": None,
    "sum": "quantity",
    "average": "quantity",
    "weighted_sum": "quantity",
    "min": "quantity",
    "max": "quantity",
    "latest": "quantity",
    "unique": "properties.text",
}
COLUMNS = [
    ("count", "events", "events + 1"),
    ("sum", "total", "total + toDecimal256('0.000000000001', 12)"),
    ("average", "samples", "samples + 1"),
    ("weighted_sum", "moment", "moment - toDecimal256(1, 12)"),
    ("min", "least", "least - toDecimal128(1, 12)"),
    ("max", "greatest", "greatest + toDecimal128(1, 12)"),
    ("max", "greatest", "NULL"),
    ("latest", "latest", "(latest.1, latest.2 + 1, latest.3)"),
    ("unique", "distinct", "arrayPushBack(distinct, toUInt128(1))"),
    ("unique", "distinct", "[]"),
]


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def metered(node: Node) -> dict[str, MeterDefinition]:
    """One meter of each kind over three customers' events in several buckets."""
    meters = {name: node.meter(name, name, of, dimensions=["model"]) for name, of in METERS.items()}
    node.send(
        [
            event(
                n,
                NOW - timedelta(minutes=4 * n),
                ("acme", "beta", "gamma")[n % 3],
                quantity=n + 1,
                properties={"model": "ab"[n % 2], "text": f"t{n}"},
            )
            for n in range(60)
        ]
    )
    node.check()
    return meters


def damage(node: Node, change: str) -> None:
    node.warehouse.execute(f"ALTER TABLE usage {change} SETTINGS mutations_sync = 1")


def found(node: Node) -> dict[str, int]:
    return {one.subject: one.count for one in node.metering.recount(node.meters)}


def by_customer(name: str) -> str:
    return f"meter {name}: buckets that differ from a recount"


def for_everyone(name: str) -> str:
    return f"meter {name}: quarter hours of everyone that differ from the customers'"


@pytest.mark.parametrize(("name", "column", "value"), COLUMNS)
def test_each_column_that_a_meter_reads_is_compared(node: Node, name: str, column: str, value: str) -> None:
    meter = metered(node)[name]
    of_one = (
        f"rollup = '{meter.id}.1' AND customer = 'beta' AND bucket < fromUnixTimestamp({int(NOW.timestamp()) - 6000})"
    )
    (row,) = node.warehouse.query(f"SELECT count() AS n FROM usage WHERE {of_one}").to_pylist()
    damage(node, f"UPDATE {column} = {value} WHERE {of_one}")
    differences = found(node)
    assert differences.pop(by_customer(name)) == row["n"] > 1
    assert set(differences) == {for_everyone(name)}


def test_what_one_bucket_has_too_much_another_does_not_make_up_for(node: Node) -> None:
    meter = metered(node)["sum"]
    buckets = node.warehouse.query(
        f"SELECT bucket FROM usage WHERE rollup = '{meter.id}.1' AND customer = 'acme' ORDER BY bucket LIMIT 3"
    ).to_pylist()
    seconds = [row["bucket"] for row in buckets]
    more, less, _ = (f"WHERE rollup = '{meter.id}.1' AND customer = 'acme' AND bucket = {at}" for at in seconds)
    damage(node, f"UPDATE total = total + toDecimal256(5, 12) {more}")
    damage(node, f"UPDATE total = total - toDecimal256(5, 12) {less}")
    assert found(node)[by_customer("sum")] == 2


def test_a_customers_rows_are_not_taken_for_anothers(node: Node) -> None:
    """Their figures are alike, so that sums over all of them say nothing."""
    meter = node.meter("n", "count")
    node.send([event(n, NOW, "acme") for n in range(3)])
    node.check()
    node.warehouse.execute(
        f"""INSERT INTO usage SELECT * REPLACE ('beta' AS customer)
        FROM (SELECT * FROM usage WHERE rollup = '{meter.id}.1' AND customer = 'acme')"""
    )
    damage(node, f"DELETE WHERE rollup = '{meter.id}.1' AND customer = 'acme'")
    assert found(node) == {by_customer("n"): 2}


def test_rows_that_are_gone_altogether_are_missed(node: Node) -> None:
    meters = metered(node)
    damage(node, f"DELETE WHERE rollup IN ('{meters['count'].id}.1', '{meters['max'].id}.1') AND customer != ''")
    assert set(found(node)) == {check(name) for name in ("count", "max") for check in (by_customer, for_everyone)}


def test_everyones_rows_are_compared_with_the_customers(node: Node) -> None:
    meter = node.meter("n", "count")
    node.send([event(n, NOW, "acme") for n in range(20)])
    node.check()
    node.warehouse.execute(
        "INSERT INTO usage (organisation, rollup, customer, dimensions, bucket, events) VALUES "
        f"('org_a', '{meter.id}.1', '', '[]', fromUnixTimestamp({int(NOW.timestamp())}), 1)"
    )
    assert found(node) == {for_everyone("n"): 1}


def test_it_goes_through_all_customers_in_slices(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("justpaid.metering.recount._ROWS_BESIDE", 50)
    meters = [node.meter("n", "count"), node.meter("most", "max", "quantity"), node.meter("least", "min", "quantity")]
    node.send([event(n, NOW, f"cus'{n % 40:02}") for n in range(400)])
    node.check()
    wrong = ("cus'00", "cus'21", "cus'39", "zz")  # nobody sent as zz
    values = ", ".join(
        f"('org_a', '{meter.id}.1', {quote(key)}, '[]', fromUnixTimestamp({int(NOW.timestamp())}), 1)"
        for meter in meters[:2]
        for key in wrong
    )
    node.warehouse.execute(
        f"INSERT INTO usage (organisation, rollup, customer, dimensions, bucket, events) VALUES {values}"
    )
    differences = found(node)
    assert (differences[by_customer("n")], differences[by_customer("most")]) == (len(wrong), len(wrong))
    assert by_customer("least") not in differences


@pytest.mark.parametrize("rows", [1, 25, 1_000_000])
def test_many_meters_are_compared_some_at_a_time(node: Node, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr("justpaid.metering.recount._ROWS_ADDED_UP", rows)
    meters = [node.meter(f"m{n:02}", "count", dimensions=["model"] * (n % 2)) for n in range(45)]
    node.send([event(n, NOW, "acme", properties={"model": "a"}) for n in range(9)])
    node.check()
    damage(node, f"UPDATE events = 1 WHERE rollup IN ('{meters[0].id}.1', '{meters[44].id}.1') AND customer = 'acme'")
    assert set(found(node)) == {check(name) for name in ("m00", "m44") for check in (by_customer, for_everyone)}


def test_metering_goes_on_between_slices(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes during a recount is taken up by it, in whichever slice it falls, and is no difference."""
    monkeypatch.setattr("justpaid.metering.recount._ROWS_BESIDE", 1)
    node.meter("n", "count")
    node.meter("most", "max", "quantity")
    node.send([event(n, NOW, f"c{n}") for n in range(5)])
    node.check()
    sent = iter(range(5, 1000))
    snapshot = node.metering.snapshot
    before = node.metering.drainer.position

    def send_before() -> AbstractContextManager[int]:
        number = next(sent)
        node.send([event(number, NOW, f"c{number % 9}")])
        return snapshot()

    monkeypatch.setattr(node.metering._recount, "_still", send_before)
    assert found(node) == {}
    assert node.metering.drainer.position > before + 5
