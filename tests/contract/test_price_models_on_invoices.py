"""Prices that look at parts of their usage: the invoice, its proof, the estimate and the calculator say the same."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, bill, errors, get, invoices, post, send, subscribe

MARCH = "2026-03-10T12:00:00Z"


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))  # type: ignore[arg-type]


def open_shop(client: TestClient, *prices: dict[str, Any]) -> None:
    for meter in (
        {"key": "volume", "event": "payment", "aggregation": "sum", "property": "quantity"},
        {
            "key": "tokens", "event": "call", "aggregation": "sum", "property": "properties.tokens",
            "dimensions": ["model", "token_type"],
        },
        {"key": "peak", "event": "payment", "aggregation": "max", "property": "quantity"},
    ):  # fmt: skip
        post(client, "/v1/meters", meter)
    post(client, "/v1/plans", {"key": "pro", "currency": "USD", "interval": "month", "prices": list(prices)})
    post(client, "/v1/customers", {"external_id": "acme", "name": "Acme"})


def payment(value: str, at: str = MARCH) -> dict[str, Any]:
    return {"customer_id": "acme", "event": "payment", "timestamp": at, "quantity": value}


def call(model: str, token_type: str, tokens: int, at: str = MARCH) -> dict[str, Any]:
    properties = {"model": model, "token_type": token_type, "tokens": tokens}
    return {"customer_id": "acme", "event": "call", "timestamp": at, "properties": properties}


def billed(client: TestClient) -> dict[str, Any]:
    """The line of March, on an invoice that verifies."""
    subscribe(client, "2026-03-01T00:00:00Z")
    bill(client)
    (invoice,) = invoices(client)
    proof = get(client, f"/v1/invoices/{invoice['id']}/verify")
    assert proof["ok"], proof
    (line,) = invoice["lines"]
    found: dict[str, Any] = line
    return found


def arithmetic(line: dict[str, Any]) -> list[tuple[str, str]]:
    return [(step["description"], step["amount"]) for step in line["steps"]]


def test_a_share_and_a_fixed_amount_an_event(client: TestClient) -> None:
    """800 of value in 4 payments at 1.3 % and 2: 10.40 + 8 = 18.40."""
    open_shop(client, {"key": "fee", "model": "percentage", "meter": "volume", "rate": "0.013", "fixed_amount": "2"})
    send(client, *[payment(value) for value in ("50", "100", "250", "400")])
    line = billed(client)
    assert (line["quantity"], line["amount"]) == ("800", "18.40")
    assert arithmetic(line) == [("1.3% of 800", "10.4"), ("4 events at 2", "8")]


def test_bounds_hold_for_each_event(client: TestClient) -> None:
    """2.99 % within 1.75 and 12: 10 → 1.75; 80 → 2.392; 10,000 → 12; a refund of 100 → -2.99. Together 13.152."""
    bounds = {"min_per_event": "1.75", "max_per_event": "12"}
    open_shop(client, {"key": "fee", "model": "percentage", "meter": "volume", "rate": "0.0299", **bounds})
    send(client, *[payment(value) for value in ("10", "80", "10000", "-100")])
    line = billed(client)
    assert (line["quantity"], line["amount"]) == ("9990", "13.15")
    assert arithmetic(line) == [
        ("2.99% of -20", "-0.598"),
        ("1 event at the minimum of 1.75", "1.75"),
        ("1 event at the maximum of 12", "12"),
    ]


def test_the_first_events_and_value_are_free_by_time(client: TestClient) -> None:
    """Three events and 250 of value are free: 50 and 100 are, 100 of 250 is, so 550 at 1.3 % and 2 events at 2: 11.15.

    They arrive in another order, and the estimate says before what the invoice says then.
    """
    free = {"included_events": 3, "included_quantity": "250"}
    open_shop(
        client, {"key": "fee", "model": "percentage", "meter": "volume", "rate": "0.013", "fixed_amount": "2", **free}
    )
    for day, value in ((4, "400"), (2, "100"), (1, "50"), (3, "250")):
        send(client, payment(value, f"2026-03-0{day}T12:00:00Z"))
    line = billed(client)
    assert (line["quantity"], line["amount"]) == ("800", "11.15")
    assert arithmetic(line) == [
        ("Included 250 in the first 3 events", "0"),
        ("1.3% of 550", "7.15"),
        ("2 events at 2", "4"),
    ]


def test_prices_with_allowances_of_their_own_on_one_meter(client: TestClient) -> None:
    """Of 10, 20 and 30: one event free leaves 50 at 10 %; 25 of value free leaves 35 at 10 % and 2 events at 1."""
    one = {"key": "one", "model": "percentage", "meter": "volume", "rate": "0.1", "included_events": 1}
    other = {"key": "other", "model": "percentage", "meter": "volume", "rate": "0.1", "fixed_amount": "1"}
    open_shop(client, one, {**other, "included_quantity": "25"})
    for day, value in ((3, "30"), (1, "10"), (2, "20")):
        send(client, payment(value, f"2026-03-0{day}T12:00:00Z"))
    subscribe(client, "2026-03-01T00:00:00Z")
    bill(client)
    (invoice,) = invoices(client)
    assert {line["price_key"]: line["amount"] for line in invoice["lines"]} == {"one": "5.00", "other": "5.50"}
    assert get(client, f"/v1/invoices/{invoice['id']}/verify")["ok"]


def test_two_prices_with_bounds_of_their_own_on_one_meter(client: TestClient) -> None:
    """5 % from 1 on and 1 % up to 2, of 10, 100 and 1,000: (1 + 5 + 50) + (0.10 + 1 + 2)."""
    low = {"key": "low", "model": "percentage", "meter": "volume", "rate": "0.05", "min_per_event": "1"}
    high = {"key": "high", "model": "percentage", "meter": "volume", "rate": "0.01", "max_per_event": "2"}
    open_shop(client, low, high)
    send(client, payment("10"), payment("100"), payment("1000"))
    subscribe(client, "2026-03-01T00:00:00Z")
    bill(client)
    (invoice,) = invoices(client)
    assert {line["price_key"]: line["amount"] for line in invoice["lines"]} == {"low": "56.00", "high": "3.10"}
    assert get(client, f"/v1/invoices/{invoice['id']}/verify")["ok"]


def test_the_rate_by_dimension_values(client: TestClient) -> None:
    """1,000 of small at 0.001, 10 of large out at 0.05, 20 of large in at the default 0.01: 1 + 0.50 + 0.20."""
    cells = [
        {"match": {"model": "small"}, "unit_amount": "0.001"},
        {"match": {"model": "large", "token_type": "output"}, "unit_amount": "0.05"},
    ]
    price = {"key": "matrix", "model": "matrix", "meter": "tokens", "dimensions": ["model", "token_type"]}
    open_shop(client, {**price, "cells": cells, "default_unit_amount": "0.01"})
    send(client, call("small", "input", 400), call("small", "output", 600), call("large", "output", 10))
    send(client, call("large", "input", 20))
    line = billed(client)
    assert line["amount"] == "1.70"
    assert arithmetic(line) == [
        ("small: 1,000 at 0.001", "1"),
        ("large, output: 10 at 0.05", "0.5"),
        ("large, input: 20 at 0.01", "0.2"),
    ]


def test_list_cost_plus_a_markup(client: TestClient) -> None:
    """Own list prices, so that the figures are worked by hand: 2 M at 3 a million + 1 M at 15, and 20 %: 25.20."""
    rates = {"big": {"input": "3", "output": "15"}}
    price = {"key": "llm", "model": "cost_plus", "meter": "tokens", "markup": "0.20", "provider": "anthropic"}
    open_shop(client, {**price, "list_prices": rates})
    send(client, call("big-2026-01-01", "input", 2_000_000), call("big", "output", 1_000_000))
    line = billed(client)
    assert line["amount"] == "25.20"
    assert arithmetic(line)[-1] == ("Markup of 20%", "4.2")


def test_the_providers_list_as_of_the_version_is_kept(client: TestClient) -> None:
    open_shop(client, {"key": "llm", "model": "cost_plus", "meter": "tokens", "markup": "0.1", "provider": "openai"})
    (price,) = get(client, "/v1/plans/pro")["prices"]
    assert price["list_prices"]["gpt-4o"]["input"] == "2.5"


def test_bytes_metered_and_started_gigabytes_priced(client: TestClient) -> None:
    conversion = {"divide_by": "1000", "rounding": "up"}
    open_shop(
        client,
        {"key": "gb", "model": "per_unit", "meter": "volume", "unit_amount": "10", "conversion": conversion},
    )
    send(client, payment("900"), payment("500"))
    assert billed(client)["amount"] == "20.00"


def test_the_estimate_says_the_same(client: TestClient) -> None:
    bounds = {"min_per_event": "1.75", "max_per_event": "12"}
    open_shop(client, {"key": "fee", "model": "percentage", "meter": "volume", "rate": "0.0299", **bounds})
    april = "2026-04-10T12:00:00Z"
    send(client, payment("10", april), payment("10000", april))
    subscription = subscribe(client, "2026-04-01T00:00:00Z")
    estimate = get(client, f"/v1/subscriptions/{subscription['id']}/estimate")
    assert estimate["total"] == "13.75"


@pytest.mark.parametrize(
    ("price", "why"),
    [
        ({"model": "percentage", "meter": "peak", "rate": "0.1"}, "is a max"),
        ({"model": "matrix", "meter": "volume", "dimensions": ["model"], "cells": []}, ""),
        (
            {
                "model": "matrix",
                "meter": "volume",
                "dimensions": ["model"],
                "cells": [{"match": {"model": "a"}, "unit_amount": "1"}],
            },
            "has no dimension 'model'",
        ),
        ({"model": "cost_plus", "meter": "volume", "markup": "0.1", "provider": "openai"}, "has no dimension 'model'"),
    ],
)
def test_a_meter_that_does_not_fit_is_refused(client: TestClient, price: dict[str, Any], why: str) -> None:
    open_shop(client, {"key": "base", "model": "flat", "amount": "1"})
    terms = {"key": "other", "currency": "USD", "interval": "month", "prices": [{"key": "p", **price}]}
    response = client.post("/v1/plans", json=terms)
    assert response.status_code == 422
    assert all(field.startswith("prices.0.") for field in errors(response))
    assert why in response.text
