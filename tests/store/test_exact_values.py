"""What a meter takes from JSON text, exactly: numbers in every spelling, texts, names with anything in them."""

import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any

import pyarrow as pa
import pytest

from justpaid.metering import Aggregation, Filter, MeterDefinition, Operator
from justpaid.metering.expressions import parsed_once, text_of
from justpaid.platform.warehouse import GIVEN, Warehouse
from tests.support.metering_node import Node, event, fresh_node


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path_factory.mktemp("exact"), warehouse) as node:
        yield node


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """An event name of each test's own, so that tests can share a node."""
    return str(request.node.name)


def send(node: Node, name: str, *values: str) -> None:
    """`values` are JSON text, each the property `n` of one event."""
    for value in values:
        body = f'{{"customer_id": "acme", "event": "{{}}", "properties": {{"n": {value}}}}}'
        receipt = node.send(body.replace("{}", name.replace('"', ""), 1).encode())
        assert receipt.accepted == 1, receipt.errors


@pytest.mark.parametrize(
    ("values", "total"),
    [
        (["0.1", "0.2"], "0.3"),
        (["9223372036854775807", "9223372036854775807"], "18446744073709551614"),
        (["1234567890123456789", "-1"], "1234567890123456788"),
        # Beyond what a 64-bit float keeps:
        (["99999999999999999999.999999999999", "0.000000000001"], "100000000000000000000"),
        (["12345.000000000001", "-12345"], "0.000000000001"),
        (["99999999999999999999", "18446744073709551616", "-18446744073709551615"], "100000000000000000000"),
        (['"0.1"', '"+2"', '"3e2"', '"-.5"'], "301.6"),
        (["1e19", "1E-12", "-1e+19"], "0.000000000001"),
        (["1.5e3", "15e2", "0.0015E6"], "4500"),
        (["1e-12", "1e-13", '"1e-30"', "1e-300"], "0.000000000001"),  # a 13th place is cut off
        (["-0.0", "0"], "0"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_sums_are_exact(node: Node, values: list[str], total: str) -> None:
    name = f"exact {' '.join(values)}".replace('"', "")
    meter = node.meter(name, "sum", "properties.n", event=name)
    send(node, name, *values)
    assert node.value(meter) == total


@pytest.mark.parametrize(
    "value",
    ["true", "false", "null", '""', '"-"', '"."', '"+"', '" 5"', '"5 tokens"', '"1,000"', '"1_000"', '"0x1F"', '"NaN"',
     '"inf"', '"\\u0665"', "[5]", '{"n": 5}', '"1e30"', '"1e400"'],
)  # fmt: skip
def test_what_is_no_number_is_counted_but_not_measured(node: Node, value: str) -> None:
    name = f"no number {value}".replace('"', "")
    name = name.replace("\\", "/")
    meters = {of: node.meter(f"{of} {name}", of, "properties.n", event=name) for of in ("min", "average", "latest")}
    count = node.meter(f"count {name}", "count", event=name)
    send(node, name, "7", value)
    assert {of: node.value(meter) for of, meter in meters.items()} == {"min": "7", "average": "7", "latest": "7"}
    assert node.value(count) == "2"


def test_a_boolean_is_text_to_unique_and_to_filters(node: Node) -> None:
    name = "booleans"
    unique = node.meter("unique booleans", "unique", "properties.n", event=name)
    true = Filter("properties.n", Operator.EQ, ("true",))
    filtered = node.meter("filtered booleans", "count", event=name, filters=[true])
    send(node, name, "true", "false", "1", "0", '"true"')
    assert (node.value(unique), node.value(filtered)) == ("4", "2")


def test_numbers_are_spelled_in_one_way_for_filters_and_groups(node: Node) -> None:
    """1e-7 and 0.0000001 are one value, and so are 1.50 and 1.5."""
    name = "spelling"
    small = Filter("properties.n", Operator.IN, ("0.0000001", "1.5"))
    meter = node.meter(name, "count", event=name, filters=[small], dimensions=["n"])
    send(node, name, "1e-7", "0.00000010", "1.50", "15e-1", "1.5000001")
    found = node.usage(meter, group_by=("n",))
    assert [(q.group["n"], q.value) for q in found] == [("0.0000001", 2), ("1.5", 2)]


NAMES: dict[str, tuple[str, Any]] = {
    "nested": ("properties.a.b.c", {"a": {"b": {"c": 5}}}),
    "a dot in a name": (r"properties.gen_ai\.usage\.input_tokens", {"gen_ai.usage.input_tokens": 5}),
    "a dot in a nested name": (r"properties.usage.v1\.0.n", {"usage": {"v1.0": {"n": 5}}}),
    "single quotes": ("properties.it's", {"it's": 5}),
    "double quotes": ('properties."quoted"', {'"quoted"': 5}),
    "a backslash": ("properties.a\\b", {"a\\b": 5}),
    "unicode": ("properties.größe.数量", {"größe": {"数量": 5}}),
    "an emoji": ("properties.🎟", {"🎟": 5}),
    "spaces and braces": ("properties.{n: UInt8} ; --", {"{n: UInt8} ; --": 5}),
    "a number": ("properties.1", {"1": 5}),
    "like its parent": ("properties.properties.quantity", {"properties": {"quantity": 5}}),
}


@pytest.mark.parametrize("kind", NAMES)
def test_any_name_is_found_measured_filtered_and_grouped_by(node: Node, kind: str) -> None:
    path, properties = NAMES[kind]
    short = path.removeprefix("properties.") if kind != "like its parent" else path
    exists = Filter(path, Operator.EXISTS, ())
    meter = node.meter(kind, "sum", path, event=kind, filters=[exists], dimensions=[short])
    for n, each in enumerate([properties, properties, {"other": 1}]):
        node.send({**event(n), "id": f"{kind}-{n}", "event": kind, "properties": each})
    found = node.usage(meter, group_by=(short,))
    assert [(q.group, q.value, q.events) for q in found] == [({short: "5"}, 10, 2)]
    node.check()


READ = (
    "n",
    "select",
    "_n1",
    "Ä",
    "a-b",
    "1st",
    "with space",
    "`tick`",
    "quote'",
    "back\\slash",
    "usage",
    "usage.input",
    "usage.a\\.b",
    "usage.deep.n",
    "usage.deep.m",
)
VALUES = (
    1,
    -0.5,
    10**19,
    "text",
    "",
    'é\U0001f600"\\',
    True,
    False,
    None,
    [1, {"n": 2}],
    {},
    {"input": 7, "deep": {"n": "x"}},
)


def test_properties_parsed_once_read_as_each_parsed_by_itself(warehouse: Warehouse) -> None:
    meter = MeterDefinition("mtr", "org", "m", "e", Aggregation.COUNT, None, (), READ)
    keys = ["n", "select", "_n1", "Ä", "a-b", "1st", "with space", "`tick`", "quote'", "back\\slash", "usage"]
    inner = ["input", "a.b", "deep"]
    documents = [{}] + [
        dict(zip(keys, islice(cycle(VALUES), start, None), strict=False))
        | ({"usage": dict(zip(inner, islice(cycle(VALUES), start, None), strict=False))} if start % 3 else {})
        for start in range(len(VALUES))
    ]
    texts = [json.dumps(document, ensure_ascii=bool(n % 2)) for n, document in enumerate(documents)]
    given = pa.table({"properties": texts}, schema=pa.schema([pa.field("properties", pa.string(), nullable=False)]))
    columns, text = parsed_once([meter])
    one_by_one, at_once = ([f"{read(name)} AS r{place}" for place, name in enumerate(READ)] for read in (text_of, text))
    assert columns
    assert [sql for sql in at_once if "parsed" in sql] != at_once  # some can't be, and are read by themselves
    expected = warehouse.query(f"SELECT {', '.join(one_by_one)} FROM {GIVEN}", None, given).to_pylist()
    found = warehouse.query(f"SELECT {', '.join(at_once)} FROM (SELECT {columns} properties FROM {GIVEN})", None, given)
    assert found.to_pylist() == expected
    assert len({value for row in expected for value in row.values()}) > len(VALUES) / 2
