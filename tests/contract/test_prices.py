"""Trying a price by HTTP: the same arithmetic as an invoice, exact, with its steps."""

from fractions import Fraction
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.contract.steps import errors, post

PER_UNIT = {"model": "per_unit", "unit_amount": "0.002"}
TIERS = [
    {"up_to": "100", "unit_amount": "0.10", "flat_amount": "1"},
    {"up_to": "1000", "unit_amount": "0.05", "flat_amount": "2"},
    {"up_to": None, "unit_amount": "0.01"},
]


def evaluated(client: TestClient, price: dict[str, Any], **usage: Any) -> dict[str, Any]:
    return post(client, "/v1/prices/evaluate", {"price": price, "currency": "USD", **usage}, 200)


def test_the_answer_is_as_promised(client: TestClient) -> None:
    assert evaluated(client, PER_UNIT, quantity="50000") == {
        "amount": "100.00",
        "amount_exact": "100",
        "currency": "USD",
        "effective_rate": "0.002",
        "steps": [{"description": "50,000 at 0.002", "quantity": "50000", "unit_amount": "0.002", "amount": "100"}],
    }


@pytest.mark.parametrize(
    ("price", "quantity", "amount", "exact"),
    [
        ({"model": "flat", "amount": "20"}, 7, "20.00", "20"),
        (PER_UNIT, 1847, "3.69", "3.694"),
        (PER_UNIT, "2.5", "0.01", "0.005"),
        (PER_UNIT, 0, "0.00", "0"),
        # 100 × 0.10 + 1; then 150 × 0.05 + 2
        ({"model": "graduated", "tiers": TIERS}, 250, "20.50", "20.5"),
        ({"model": "graduated", "tiers": TIERS}, 100, "11.00", "11"),
        ({"model": "graduated", "tiers": TIERS}, 0, "0.00", "0"),
        # all 250 at 0.05, + 2
        ({"model": "volume", "tiers": TIERS}, 250, "14.50", "14.5"),
        ({"model": "volume", "tiers": TIERS}, 100, "11.00", "11"),
        ({"model": "package", "package_size": 1000, "amount": 3}, 1001, "6.00", "6"),
        ({"model": "package", "package_size": 1000, "amount": 3}, 1000, "3.00", "3"),
        ({**PER_UNIT, "included_quantity": 1000}, 1500, "1.00", "1"),
        ({**PER_UNIT, "minimum_amount": 5}, 1, "5.00", "5"),
        ({**PER_UNIT, "maximum_amount": 5}, 10**6, "5.00", "5"),
        (PER_UNIT, "99999999999999999999.999999999999", "200000000000000000.00", "199999999999999999.999999999999998"),
    ],
)
def test_each_model_gives_its_amount(
    client: TestClient, price: dict[str, Any], quantity: Any, amount: str, exact: str
) -> None:
    answer = evaluated(client, price, quantity=quantity)
    assert (answer["amount"], answer["amount_exact"]) == (amount, exact)
    assert sum(Fraction(step["amount"]) for step in answer["steps"]) == Fraction(exact)


def test_usage_in_parts_is_priced_as_a_whole(client: TestClient) -> None:
    parts = [{"quantity": "100", "events": 4, "dimensions": {"model": "gpt-4o"}}, {"quantity": 150}]
    in_parts = evaluated(client, {"model": "graduated", "tiers": TIERS}, usage=parts)
    assert in_parts == evaluated(client, {"model": "graduated", "tiers": TIERS}, quantity=250)
    assert evaluated(client, PER_UNIT, usage=[])["amount"] == "0.00"


def test_a_curve_has_the_amount_and_the_effective_rate_of_each_quantity(client: TestClient) -> None:
    price = {"model": "graduated", "tiers": TIERS}
    points = [[{"quantity": 0}], [{"quantity": 100}], [{"quantity": 100}, {"quantity": "150"}]]
    answer = post(client, "/v1/prices/curve", {"price": price, "currency": "USD", "points": points}, 200)
    assert answer == {
        "currency": "USD",
        "points": [
            {"quantity": "0", "amount": "0.00", "effective_rate": None},
            {"quantity": "100", "amount": "11.00", "effective_rate": "0.11"},
            {"quantity": "250", "amount": "20.50", "effective_rate": "0.082"},
        ],
    }


def test_a_curve_of_a_wrong_price_names_its_field(client: TestClient) -> None:
    body = {"price": {"model": "per_unit", "unit_amount": "-1"}, "currency": "USD", "points": [[{"quantity": 1}]]}
    response = client.post("/v1/prices/curve", json=body)
    assert (response.status_code, errors(response)) == (422, ["price.unit_amount"])
    none = client.post("/v1/prices/curve", json={"price": PER_UNIT, "currency": "USD", "points": []})
    assert (none.status_code, errors(none)) == (422, ["points"])


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "13"), ("USD", "12.50"), ("KWD", "12.500")])
def test_an_amount_has_the_places_of_its_currency(client: TestClient, currency: str, amount: str) -> None:
    answer = evaluated(client, {"model": "flat", "amount": "12.5"}, quantity=0, currency=currency)
    assert (answer["amount"], answer["amount_exact"], answer["currency"]) == (amount, "12.5", currency)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["price", "currency"]),
        ({"price": PER_UNIT, "currency": "USD"}, ["quantity"]),
        ({"price": PER_UNIT, "currency": "USD", "quantity": 1, "usage": []}, ["usage"]),
        ({"price": PER_UNIT, "quantity": 1}, ["currency"]),
        ({"price": PER_UNIT, "quantity": 1, "currency": "BTC"}, ["currency"]),
        ({"price": PER_UNIT, "quantity": "many", "currency": "USD"}, ["quantity"]),
        ({"price": PER_UNIT, "quantity": "Infinity", "currency": "USD"}, ["quantity"]),
        ({"price": PER_UNIT, "quantity": True, "currency": "USD"}, ["quantity"]),
        ({"price": PER_UNIT, "quantity": "0.0000000000001", "currency": "USD"}, ["quantity"]),
        ({"price": PER_UNIT, "quantity": "1e20", "currency": "USD"}, ["quantity"]),
        ({"price": PER_UNIT, "usage": [{"events": 1}], "currency": "USD"}, ["usage.0.quantity"]),
        ({"price": PER_UNIT, "usage": [{"quantity": 1, "events": -1}], "currency": "USD"}, ["usage.0.events"]),
        ({"price": PER_UNIT, "usage": [{"quantity": 1, "sum": 1}], "currency": "USD"}, ["usage.0.sum"]),
        ({"price": PER_UNIT, "usage": [{"quantity": 1}] * 10_001, "currency": "USD"}, ["usage"]),
        ({"price": "cheap", "quantity": 1, "currency": "USD"}, ["price"]),
        ({"price": {"model": "per_unit"}, "quantity": 1, "currency": "USD"}, ["price.unit_amount"]),
        ({"price": {"model": "barter"}, "quantity": 1, "currency": "USD"}, ["price.model"]),
        ({"price": {"model": "volume", "tiers": TIERS[:2]}, "quantity": 1, "currency": "USD"},
         ["price.tiers.1.up_to"]),
    ],
    ids=lambda value: str(value)[:80],
)  # fmt: skip
def test_a_field_that_can_not_be_used_is_named(client: TestClient, body: dict[str, Any], fields: list[str]) -> None:
    response = client.post("/v1/prices/evaluate", json=body)
    assert (response.status_code, errors(response)) == (422, fields)
