"""`justpaid explain`: the arithmetic as a table, and client's text as it is."""

import json
from typing import Any

import pytest

from tests.unit.cli.conftest import Run, Stub

TOLD: dict[str, Any] = {
    "invoice_id": "inv_1",
    "invoice_number": "INV-000001",
    "position": 2,
    "origin": "usage",
    "currency": "USD",
    "price": {"key": "tokens", "model": "graduated"},
    "units": None,
    "metered": {
        "meter": "tokens",
        "event": "api_call",
        "aggregation": "sum",
        "property": "properties.tokens",
        "filters": [{"property": "properties.model", "operator": "in", "values": ["a", "b"]}],
        "counted": {"cutoff": 12, "customer_keys": ["acme"]},
        "events_url": "/v1/invoices/inv_1/lines/2/events",
    },
    "proration": None,
    "line": {
        "description": "Tokens [bold]",
        "quantity": "1510",
        "amount": "2.51",
        "period_start": "2026-03-01T00:00:00Z",
        "period_end": "2026-04-01T00:00:00Z",
        "groups": [{"label": "small", "quantity": "1510"}],
        "steps": [
            {"description": "First 1,000 at 0.002", "quantity": "1000", "unit_amount": "0.002", "amount": "2"},
            {"description": "More at 0.001", "quantity": "510", "unit_amount": "0.001", "amount": "0.51"},
        ],
        "taxes": [{"name": "VAT", "percent": "19", "inclusive": False, "amount": "0.43"}],
    },
    "rounding": {"exact": "2.51", "places": 2, "amount": "2.51"},
    "discounts": [{"name": "Ten off", "amount": "0.25"}],
    "total": "2.69",
    "late_usage": None,
}


def test_the_arithmetic_is_shown(run: Run, stub: Stub) -> None:
    stub.answer(200, TOLD)
    shown = run("explain", "INV-000001", "2").stdout
    assert stub.asked[0].path == "/v1/invoices/INV-000001/lines/2/explain"
    for text in (
        "INV-000001, line 2: Tokens [bold]", "sum of properties.tokens", "in a, b", "1510 small",
        "First 1,000 at 0.002",
        "Discount Ten off", "-0.25", "VAT 19%", "0.43", "2.69",
    ):  # fmt: skip
        assert text in shown


def test_as_json_it_is_the_answer(run: Run, stub: Stub) -> None:
    stub.answer(200, TOLD)
    assert json.loads(run("explain", "INV-000001", "2", "--json").stdout) == TOLD


@pytest.mark.parametrize(("arguments", "code"), [(["INV-000001"], 2), (["INV-000001", "0"], 2), (["INV-1", "x"], 2)])
def test_wrong_arguments(run: Run, arguments: list[str], code: int) -> None:
    assert run("explain", *arguments).exit_code == code


def test_a_reference_stays_one_part_of_the_path(run: Run, stub: Stub) -> None:
    stub.answer(200, TOLD)
    run("explain", "../customers", "1")
    assert stub.asked[0].path == "/v1/invoices/..%2Fcustomers/lines/1/explain"
