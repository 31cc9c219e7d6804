"""The pricing guide's examples are true: each price in it is evaluated and compared with the figures beside it."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from justpaid.pricing import Usage, evaluate, parse_price

GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "pricing.md").read_text()
JSON_OR_ROW = re.compile(
    r"^```json\n(?P<json>.*?)^```|^\| (?P<quantity>-?[\d.]+) \| (?P<amount>-?[\d.]+) \|", re.M | re.S
)


def evaluated(price: object, quantity: str, currency: str = "USD") -> dict[str, Any]:
    return evaluate(parse_price(price, in_plan=False), currency, [Usage(quantity=Decimal(quantity))]).as_json()


def rows() -> Iterator[tuple[dict[str, Any], str, str]]:
    """Each row of a table of figures, with the price that stands over the table."""
    price: dict[str, Any] = {}
    for found in JSON_OR_ROW.finditer(GUIDE):
        if found["json"]:
            price = json.loads(found["json"])
        else:
            yield price, found["quantity"], found["amount"]


def test_every_figure_in_the_tables() -> None:
    table = list(rows())
    assert len(table) >= 30
    assert {price["model"] for price, _, _ in table} == {
        *("flat", "seats", "per_unit", "graduated", "volume", "package", "percentage"),
    }
    wrong = [
        (price, quantity, amount) for price, quantity, amount in table if evaluated(price, quantity)["amount"] != amount
    ]
    assert wrong == []


def test_each_request_and_its_answer() -> None:
    documents = [
        json.loads(found["json"], parse_float=Decimal) for found in JSON_OR_ROW.finditer(GUIDE) if found["json"]
    ]
    pairs = [(asked, told) for asked, told in pairwise(documents) if "price" in asked]
    assert {asked["price"]["model"] for asked, _ in pairs} == {"graduated", "percentage", "matrix", "cost_plus"}
    for asked, told in pairs:
        sent = asked.get("usage") or [{"quantity": asked["quantity"]}]
        usage = [Usage(**{**part, "quantity": Decimal(part["quantity"])}) for part in sent]
        assert evaluate(parse_price(asked["price"], in_plan=False), asked["currency"], usage).as_json() == told
