"""Progressive billing and tax by product as a client sees them."""

from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, errors, get, invoices, open_shop, post, send, subscribe

TOKENS: Final = {"key": "tokens", "model": "per_unit", "meter": "tokens", "unit_amount": "0.5", "product": "ai"}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    """Tokens at 0.50 of the product `ai`, which is taxed at 10 %, and a threshold of 100."""
    post(client, "/v1/tax-rates", {"key": "ten", "name": "Ten", "percent": "10"})
    product = post(client, "/v1/products", {"key": "ai", "tax_rates": ["ten"]})
    assert product["tax_rates"] == ["ten"]
    open_shop(client, [TOKENS], billing_thresholds=[{"amount": "100", "recurring": True}])
    return client


def estimate(shop: TestClient, subscription: dict[str, Any]) -> dict[str, str | None]:
    shown = get(shop, f"/v1/subscriptions/{subscription['id']}/estimate")
    return {name: shown[name] for name in ("total", "billed_so_far", "unbilled_usage", "next_billing_threshold")}


def test_usage_at_the_threshold_is_invoiced_by_a_run_and_taken_off_the_estimate(shop: TestClient) -> None:
    subscription = subscribe(shop, "2026-04-01T00:00:00+02:00")
    send(shop, call("2026-04-10T10:00:00Z", 250))
    assert estimate(shop, subscription) == {
        "total": "137.50", "billed_so_far": "0.00", "unbilled_usage": "125.00", "next_billing_threshold": "100.00",
    }  # fmt: skip
    run = bill(shop)
    assert (run["invoices_created"], run["invoices_finalized"]) == (1, 1)
    (invoice,) = invoices(shop)
    assert {name: invoice[name] for name in ("kind", "threshold_number", "status", "subtotal", "tax", "total")} == {
        "kind": "threshold", "threshold_number": 1, "status": "finalized",
        "subtotal": "125.00", "tax": "12.50", "total": "137.50",
    }  # fmt: skip
    assert (invoice["period_end"], invoice["billed_before"]) == ("2026-04-15T22:00:00Z", [])
    assert get(shop, f"/v1/invoices/{invoice['id']}/verify")["ok"] is True
    assert estimate(shop, subscription) == {
        "total": "0.00", "billed_so_far": "137.50", "unbilled_usage": "0.00", "next_billing_threshold": "100.00",
    }  # fmt: skip
    assert bill(shop)["invoices_created"] == 0
    assert shop.get(f"/v1/invoices/{invoice['id']}/pdf").content.startswith(b"%PDF")
    bill(shop, as_of="2026-05-01T00:00:00Z")
    _, rest = invoices(shop)
    assert (rest["total"], rest["billed_before"]) == ("0.00", [invoice["id"]])
    assert [(line["description"], line["amount"]) for line in rest["lines"]] == [
        ("tokens", "125.00"), ("tokens, billed before", "-125.00"),
    ]  # fmt: skip
    assert get(shop, f"/v1/invoices/{rest['id']}/verify")["ok"] is True
    assert shop.post(f"/v1/invoices/{invoice['id']}/void").status_code == 409


def test_thresholds_of_a_subscriptions_own(shop: TestClient) -> None:
    subscription = subscribe(shop, "2026-04-01T00:00:00+02:00", billing_thresholds=[{"amount": "300"}])
    assert subscription["billing_thresholds"] == [{"amount": "300", "recurring": False}]
    send(shop, call("2026-04-10T10:00:00Z", 250))
    assert bill(shop)["invoices_created"] == 0
    path = f"/v1/subscriptions/{subscription['id']}/billing-thresholds"
    wrong = shop.put(path, json={"billing_thresholds": [{"amount": "20"}, {"amount": "10"}, {"amount": "0"}]})
    assert errors(wrong)[0].startswith("billing_thresholds.")
    assert shop.put(path, json={"billing_thresholds": []}).json()["billing_thresholds"] == []
    assert bill(shop)["invoices_created"] == 0
    assert shop.put(path, json={"billing_thresholds": None}).json()["billing_thresholds"] is None
    assert bill(shop)["invoices_created"] == 1


def test_a_products_tax_rates_may_change(shop: TestClient) -> None:
    refused = shop.patch("/v1/products/ai", json={"tax_rates": ["eleven"]})
    assert errors(refused) == ["tax_rates.0"]
    assert shop.patch("/v1/products/ai", json={"tax_rates": None}).json()["tax_rates"] is None
    assert shop.patch("/v1/products/ai", json={"name": "AI"}).json()["name"] == "AI"


def test_a_top_up_shows_its_invoice(shop: TestClient) -> None:
    top_up = post(shop, "/v1/credits/top-ups", {"customer_id": "acme", "amount": "50"})
    invoice = get(shop, f"/v1/invoices/{top_up['invoice_id']}")
    assert {name: invoice[name] for name in ("kind", "top_up_id", "status", "total", "tax")} == {
        "kind": "top_up", "top_up_id": top_up["id"], "status": "finalized", "total": "50.00", "tax": "0.00",
    }  # fmt: skip
    assert get(shop, f"/v1/invoices/{invoice['id']}/verify")["ok"] is True
    assert post(shop, f"/v1/credits/top-ups/{top_up['id']}/pay")["status"] == "paid"
    paid = get(shop, f"/v1/invoices/{invoice['id']}")
    assert (paid["status"], paid["amount_paid"], paid["amount_due"]) == ("paid", "50.00", "0.00")
    other = post(shop, "/v1/credits/top-ups", {"customer_id": "acme", "amount": "30"})
    assert post(shop, f"/v1/credits/top-ups/{other['id']}/cancel")["status"] == "canceled"
    assert get(shop, f"/v1/invoices/{other['invoice_id']}")["status"] == "void"
    assert [one["invoice_id"] for one in get(shop, "/v1/credits/top-ups")["data"]] == [
        other["invoice_id"], top_up["invoice_id"],
    ]  # fmt: skip
