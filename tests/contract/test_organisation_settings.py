"""What an organisation decides for itself is changed field by field, checked as a whole, and acts on later invoices."""

import base64
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, bill, errors, get, invoices, open_shop, subscribe

PNG = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(20)).decode()


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))  # type: ignore[arg-type]


def change(client: TestClient, **body: Any) -> dict[str, Any]:
    response = client.patch("/v1/organisation", json=body)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def test_what_is_not_sent_stays(client: TestClient) -> None:
    change(client, settings={"invoice": {"net_days": 14}, "seller": {"legal_name": "Rainbow AI GmbH", "logo": PNG}})
    changed = change(client, name="Rainbow", settings={"invoice": {"number_prefix": "R-"}})
    assert changed["name"] == "Rainbow"
    assert changed["settings"]["invoice"] == {
        "net_days": 14,
        "number_prefix": "R-",
        "credit_note_prefix": "CN-",
        "zero_amount_policy": "issue",
        "grace_hours": None,
        "late_usage_policy": "next_invoice",
        "consolidate_invoices": False,
    }
    assert changed["settings"]["seller"]["legal_name"] == "Rainbow AI GmbH"
    assert get(client, "/v1/organisation") == changed


def test_null_takes_a_default_back(client: TestClient) -> None:
    change(client, settings={"invoice": {"net_days": 14, "number_prefix": "R-"}})
    assert change(client, settings={"invoice": {"net_days": None}})["settings"]["invoice"]["net_days"] == 30
    assert change(client, settings={"invoice": None})["settings"]["invoice"]["number_prefix"] == "INV-"


def test_an_invoice_is_numbered_and_due_as_was_decided(client: TestClient) -> None:
    open_shop(client, [{"key": "base", "model": "flat", "amount": "20"}])
    subscribe(client, "2026-02-01T00:00:00Z", end_at="2026-03-31T23:00:00Z")
    bill(client, as_of="2026-03-02T00:00:00Z")
    change(client, settings={"invoice": {"net_days": 14, "number_prefix": "R-"}})
    bill(client)
    told = [(invoice["number"], invoice["due_at"]) for invoice in invoices(client)]
    assert told == [("INV-000001", "2026-05-15T22:00:00Z"), ("R-000002", "2026-04-29T22:00:00Z")]
    checks = get(client, "/v1/checks")
    assert checks["ok"], checks


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"invoice": {"net_days": -1}}, "settings.invoice.net_days"),
        ({"invoice": {"net_days": 366}}, "settings.invoice.net_days"),
        ({"invoice": {"number_prefix": "a b"}}, "settings.invoice.number_prefix"),
        ({"invoice": {"number_prefix": "R1"}}, "settings.invoice.number_prefix"),
        ({"invoice": 3}, "settings.invoice"),
        ({"invoices": {}}, "settings.invoices"),
        ({"seller": {"locale": "tlh"}}, "settings.seller.locale"),
        ({"seller": {"address": {"country": "Germany"}}}, "settings.seller.address.country"),
        ({"seller": {"tax_ids": [{"type": "DE VAT"}]}}, "settings.seller.tax_ids.0.value"),
        ({"seller": {"logo": "https://example.com/logo.png"}}, "settings.seller.logo"),
        ({"seller": {"logo": "data:image/svg+xml;base64,PHN2Zz4="}}, "settings.seller.logo"),
        ({"seller": {"logo": "data:image/png;base64,PHN2Zz4="}}, "settings.seller.logo"),
    ],
)
def test_what_can_not_be_used_is_named_and_changes_nothing(client: TestClient, settings: Any, field: str) -> None:
    before = get(client, "/v1/organisation")
    response = client.patch("/v1/organisation", json={"name": "Other", "settings": settings})
    assert response.status_code == 422
    assert errors(response) == [field]
    assert get(client, "/v1/organisation") == before


@pytest.mark.parametrize("body", [{"timezone": "Mars/Base"}, {"currency": "XXX"}, {"name": " "}, {"name": None}])
def test_defaults_are_checked(client: TestClient, body: dict[str, Any]) -> None:
    response = client.patch("/v1/organisation", json=body)
    assert response.status_code == 422
    assert errors(response) == list(body)
