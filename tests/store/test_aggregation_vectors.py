"""Worked aggregations read off other billing systems' tests, where the file of them is at hand (JUSTPAID_VECTORS)."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import MARCH, Node, fresh_node

REPOSITORY = Path(__file__).parents[2]
VECTORS = Path(os.environ.get("JUSTPAID_VECTORS") or REPOSITORY.parent / "shared" / "vectors" / "pricing_vectors.json")

Vector = dict[str, Any]

AGGREGATIONS = {
    "agg_weighted_sum": "weighted_sum",
    "agg_latest": "latest",
    "agg_max": "max",
    "agg_sum": "sum",
    "agg_unique": "unique",
    "agg_unique_count": "unique",
    "agg_event_matches_numeric": "sum",
}
#: Aggregations that we do not have under that name, with what takes their place.
ELSEWHERE = {
    "pv-106": "seats that are added and removed, prorated by whole days: weighted_sum, which prorates by time",
    "pv-107": "the same; its removal on the last day still counts that whole day",
    "pv-108": "a sum prorated by whole days from each event on: weighted_sum, which prorates by time",
}


def load() -> list[Vector]:
    vectors: list[Vector] = json.loads(VECTORS.read_text())["vectors"] if VECTORS.exists() else []
    return [vector for vector in vectors if vector["model"].startswith("agg_")]


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def _period(params: dict[str, Any]) -> Period:
    if "period_start" not in params:
        return Period(datetime(2024, 3, 1, tzinfo=UTC), MARCH.end)
    return Period(datetime.fromisoformat(params["period_start"]), datetime.fromisoformat(params["period_end"]))


def _property(vector: Vector) -> str:
    if name := vector["params"].get("property"):
        return f"properties.{name}"
    return "properties.item_id" if vector["model"] == "agg_unique_count" else "properties.value"


def _send(node: Node, vector: Vector) -> None:
    """The level that is carried into a period is a change that came before it."""
    carried = [
        {"value": level, "timestamp": "2023-01-01T00:00:00Z"}
        for name, level in vector["params"].items()
        if name == "initial_value"
    ]
    for one in [*carried, *vector["events"]]:
        stamp = {"timestamp": one["timestamp"]} if "timestamp" in one else {}
        properties = {name: value for name, value in one.items() if name != "timestamp"}
        receipt = node.send({"customer_id": "acme", "event": "completion", **stamp, "properties": properties})
        assert receipt.accepted == 1


def _units(node: Node, meter: MeterDefinition, vector: Vector) -> Decimal:
    found = node.usage(meter, _period(vector["params"]), group_by=meter.dimensions)
    return sum((quantity.value for quantity in found), Decimal(0))


@pytest.mark.skipif(not VECTORS.exists(), reason="needs the file of vectors")
@pytest.mark.parametrize("vector", [v for v in load() if v["id"] not in ELSEWHERE], ids=lambda vector: vector["id"])
def test_the_figure_is_found(node: Node, vector: Vector) -> None:
    grouped = vector["params"].get("grouped_by", ())
    meter = node.meter("m", AGGREGATIONS[vector["model"]], _property(vector), dimensions=grouped)
    _send(node, vector)
    units = _units(node, meter, vector)
    if "expected_amount" in vector:
        amount = units * Decimal(vector["params"]["unit_amount"]) * 100
        assert amount.quantize(Decimal(1)) == Decimal(vector["expected_amount"])
    if "expected_units" in vector:
        expected = Decimal(vector["expected_units"])
        places = min(12, max(5, -int(expected.as_tuple().exponent)))  # the source rounds some to 5 places
        assert round(units, places) == round(expected, places)
    if "expected" in vector:
        with node.metering.snapshot():
            row = node.warehouse.query("SELECT sum(samples) AS n FROM usage WHERE customer != ''").to_pylist()[0]
        assert (row["n"] == 1) is vector["expected"]["matches"]
