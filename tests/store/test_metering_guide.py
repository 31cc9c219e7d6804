"""Every figure of docs/guides/metering.md."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from justpaid.kernel.decimals import plain
from justpaid.kernel.period import Period
from justpaid.metering import Filter, MeterDefinition, Operator, cut
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import Node, fresh_node

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "metering.md").read_text()
JUNE = Period(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
JULY = Period(JUNE.end, datetime(2025, 8, 1, tzinfo=UTC))


def rows(heading: str) -> list[list[str]]:
    """The table under a row of headings that begins like this."""
    _, _, after = GUIDE.partition(f"\n{heading}")
    lines = after.split("\n\n")[0].splitlines()[2:]
    assert lines, heading
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path_factory.mktemp("guide"), warehouse) as node:
        found = re.search(r"```json\n(.*?)```", GUIDE, re.DOTALL)
        assert found
        events = [{"customer_id": "acme", "event": "job", **each} for each in json.loads(found[1])]
        assert node.send(events).accepted == 5
        yield node


def meter(node: Node, definition: dict[str, Any]) -> MeterDefinition:
    filters = [Filter(f["property"], Operator(f["operator"]), tuple(f["values"])) for f in definition["filters"]]
    key = f"m{len(node.meters)}"
    of = definition["aggregation"]
    more = {"event": "job", "filters": filters, "dimensions": definition.get("dimensions", [])}
    return node.meter(key, of, definition.get("property"), **more)


@pytest.mark.parametrize(
    ("definition", "value", "period"),
    [
        *((json.loads(row[0]), row[1], JUNE) for row in rows("| meter | usage in June | why")),
        *((json.loads(row[0]), row[1], JUNE) for row in rows("| meter of a dotted name")),
        *((json.loads(row[0]), row[1], JULY) for row in rows("| meter | usage in July")),
        *(
            ({"aggregation": "count", "filters": [json.loads(row[0])]}, row[1], JUNE)
            for row in rows("| filter on a count")
        ),
    ],
    ids=str,
)
def test_a_meter_says_what_the_guide_says(node: Node, definition: dict[str, Any], value: str, period: Period) -> None:
    assert node.value(meter(node, {"filters": [], **definition}), period) in {value, "nothing" if value == "0" else ""}


def test_groups_are_those_of_the_guide(node: Node) -> None:
    asked = {"aggregation": "sum", "property": "properties.tokens", "filters": [], "dimensions": ["model"]}
    found = node.usage(meter(node, asked), JUNE, group_by=("model",))
    assert [[json.dumps(q.group["model"]), plain(q.value)] for q in found] == rows("| model | tokens")


@pytest.mark.parametrize(("window", "zone", "parts"), rows("| window | zone"))
def test_windows_are_those_of_the_guide(node: Node, window: Any, zone: str, parts: str) -> None:
    windows = cut(Period(JUNE.start, datetime(2025, 6, 3, tzinfo=UTC)), window, zone)
    found = node.usage(meter(node, {"aggregation": "count", "filters": []}), windows=windows)
    assert ", ".join(plain(q.value) for q in found) == parts
