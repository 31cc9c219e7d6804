"""Tax rates, coupons, items, one-off invoices and credit notes by HTTP, and what is refused."""

from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, errors, get, post


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    post(client, "/v1/customers", {"external_id": "acme", "name": "Acme Inc."})
    post(client, "/v1/tax-rates", {"key": "vat", "name": "VAT", "percent": "20", "default": True})
    return client


def one_off(shop: TestClient, *amounts: Any, **more: Any) -> dict[str, Any]:
    items = [{"description": f"Item {n}", "unit_amount": amount} for n, amount in enumerate(amounts, 1)]
    draft = post(shop, "/v1/invoices", {"customer_id": "acme", "items": items, **more})
    return post(shop, f"/v1/invoices/{draft['id']}/finalize")


def test_an_invoice_shows_its_discounts_and_taxes(shop: TestClient) -> None:
    """100 and 50, 10 % off: 135; 20 % of it: 27."""
    post(shop, "/v1/coupons", {"key": "TEN", "name": "Ten off", "percent": "10"})
    discount = post(shop, "/v1/discounts", {"coupon": "TEN", "customer_id": "acme"})
    invoice = one_off(shop, "100", "50", memo="Thank you", po_number="PO-1")
    assert {name: invoice[name] for name in ("kind", "subtotal", "discount", "tax", "total", "amount_due")} == {
        "kind": "one_off",
        "subtotal": "150.00",
        "discount": "15.00",
        "tax": "27.00",
        "total": "162.00",
        "amount_due": "162.00",
    }
    assert invoice["discounts"] == [
        {
            "id": discount["id"],
            "coupon": "TEN",
            "name": "Ten off",
            "percent": "10",
            "amount_off": None,
            "prices": [],
            "plans": [],
            "subscription_id": None,
            "amount": "15.00",
        }
    ]
    vat = {"key": "vat", "name": "VAT", "percent": "20", "inclusive": False}
    assert invoice["taxes"] == [{**vat, "amount": "27.00", "taxable": "135.00"}]
    assert [(line["discount"], line["tax"], line["taxes"][0]["amount"]) for line in invoice["lines"]] == [
        ("10.00", "18.00", "18.00"),
        ("5.00", "9.00", "9.00"),
    ]
    assert get(shop, f"/v1/invoices/{invoice['id']}/verify")["ok"]
    text = pdf_text(shop, f"/v1/invoices/{invoice['id']}/pdf")
    for printed in ("VAT 20%", "$27.00", "PO-1", "Thank you", "Discount"):
        assert printed in text
    assert "event journal" not in text


def test_a_credit_note_is_a_document(shop: TestClient) -> None:
    invoice = one_off(shop, "100")
    note = post(shop, "/v1/credit-notes", {"invoice": invoice["number"], "lines": [{"line": 1, "amount": "25"}]})
    assert {name: note[name] for name in ("number", "status", "subtotal", "tax", "total", "amount_off_due")} == {
        "number": "CN-000001",
        "status": "issued",
        "subtotal": "25.00",
        "tax": "5.00",
        "total": "30.00",
        "amount_off_due": "30.00",
    }
    assert get(shop, "/v1/invoices/INV-000001")["amount_due"] == "90.00"
    text = pdf_text(shop, "/v1/credit-notes/CN-000001/pdf")
    for printed in ("Credit note", "CN-000001", "INV-000001", "Amount credited", "$30.00"):
        assert printed in text
    assert "Item 1,,,,,25.00,USD" in shop.get("/v1/credit-notes/CN-000001/csv").text
    assert get(shop, "/v1/credit-notes", invoice="INV-000001")["data"] == [note]
    assert post(shop, "/v1/credit-notes/CN-000001/void")["status"] == "void"
    assert shop.post("/v1/credit-notes/CN-000001/void").status_code == 409


def test_what_is_more_than_due_goes_where_it_is_asked_to(shop: TestClient) -> None:
    """Of 120, 100 are credited; nothing has been paid, so all of it comes off what is due."""
    invoice = one_off(shop, "100")
    note = post(shop, "/v1/credit-notes", {"invoice": invoice["id"], "amount": "100", "remainder": "refund"})
    assert (note["amount_off_due"], note["to_balance"], note["refund_due"]) == ("100.00", "0.00", "0.00")


def test_reverse_charge_is_said_on_the_invoice(shop: TestClient) -> None:
    tax_ids = [{"type": "eu_vat", "value": "DE136695976"}]
    changed = shop.patch("/v1/customers/acme", json={"tax_status": "reverse_charge", "tax_ids": tax_ids})
    assert (changed.status_code, changed.json()["tax_ids"]) == (200, tax_ids)
    invoice = one_off(shop, "100")
    assert (invoice["tax"], invoice["customer"]["tax_status"]) == ("0.00", "reverse_charge")
    text = pdf_text(shop, f"/v1/invoices/{invoice['id']}/pdf")
    assert "Reverse charge" in text
    assert "DE136695976" in text


def test_items_wait_are_billed_now_or_join_a_draft(shop: TestClient) -> None:
    item = {"customer_id": "acme", "description": "Set-up", "unit_amount": "10"}
    waiting = post(shop, "/v1/invoice-items", item)
    assert waiting["invoice_id"] is None
    now = post(shop, "/v1/invoice-items", {**item, "quantity": "3", "invoice": "now"})
    assert get(shop, f"/v1/invoices/{now['invoice_id']}")["total"] == "36.00"
    draft = post(shop, "/v1/invoices", {"customer_id": "acme", "include_pending": True})
    joined = post(shop, "/v1/invoice-items", {**item, "unit_amount": "-4", "invoice": draft["id"]})
    assert joined["amount"] == "-4.00"
    assert get(shop, f"/v1/invoices/{draft['id']}")["total"] == "7.20"
    assert shop.delete(f"/v1/invoice-items/{waiting['id']}").status_code == 409
    again = post(shop, "/v1/invoice-items", item)
    assert shop.delete(f"/v1/invoice-items/{again['id']}").status_code == 200
    assert get(shop, "/v1/invoice-items", pending=True)["data"] == []


def test_a_draft_changes_and_an_issued_invoice_does_not(shop: TestClient) -> None:
    draft = post(shop, "/v1/invoices", {"customer_id": "acme", "items": [{"description": "A", "unit_amount": 1}]})
    changed = shop.patch(f"/v1/invoices/{draft['id']}", json={"memo": "Hello", "net_days": 5})
    assert (changed.json()["memo"], changed.json()["net_days"]) == ("Hello", 5)
    post(shop, f"/v1/invoices/{draft['id']}/finalize")
    assert shop.patch(f"/v1/invoices/{draft['id']}", json={"memo": "No"}).status_code == 409
    assert shop.post(f"/v1/invoices/{draft['id']}/refresh").status_code == 409


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("tax-rates", {"key": "A b", "name": "", "percent": 120}, ["key", "name", "percent"]),
        ("tax-rates", {"key": "a", "name": "A", "percent": 1, "country": "de", "region": "x"}, ["country"]),
        ("tax-rates", {"key": "a", "name": "A", "percent": 1, "region": "CA"}, ["region"]),
        ("coupons", {"key": "A", "name": "A"}, ["percent"]),
        ("coupons", {"key": "A", "name": "A", "percent": 0}, ["percent"]),
        ("coupons", {"key": "A", "name": "A", "amount": 5}, ["currency"]),
        ("coupons", {"key": "A", "name": "A", "amount": "0.5", "currency": "JPY"}, ["amount"]),
        ("coupons", {"key": "A", "name": "A", "percent": 5, "duration": "repeating"}, ["periods"]),
        ("coupons", {"key": "A", "name": "A", "percent": 5, "periods": 3}, ["periods"]),
        ("coupons", {"key": "A", "name": "A", "percent": 5, "max_redemptions": 0}, ["max_redemptions"]),
        ("discounts", {"coupon": "A"}, ["customer_id"]),
        ("customers", {"name": "B", "tax_ids": [{"type": "eu_vat", "value": "DE1"}]}, ["tax_ids.0.value"]),
        ("customers", {"name": "B", "tax_ids": [{"type": "vat", "value": "DE1"}]}, ["tax_ids.0.type"]),
        ("customers", {"name": "B", "tax_status": "reverse_charge"}, ["tax_status"]),
        ("customers", {"name": "B", "tax_rates": ["nowhere"]}, ["tax_rates.0"]),
        ("customers", {"name": "B", "net_days": 400}, ["net_days"]),
        ("invoices", {"customer_id": "acme"}, ["items"]),
        ("invoices", {"customer_id": "acme", "currency": "XXX", "items": []}, ["items"]),
        (
            "invoices",
            {"customer_id": "acme", "currency": "usd", "items": [{"description": "A", "unit_amount": 1}]},
            ["currency"],
        ),
        (
            "invoices",
            {"customer_id": "acme", "items": [{"description": " ", "unit_amount": 1}]},
            ["items.0.description"],
        ),
        (
            "invoice-items",
            {"customer_id": "acme", "description": "A", "unit_amount": 1, "tax_rates": ["no"]},
            ["tax_rates.0"],
        ),
        ("credit-notes", {"invoice": "INV-000001", "amount": "120.01"}, ["amount"]),
        ("credit-notes", {"invoice": "INV-000001", "amount": "0"}, ["amount"]),
        ("credit-notes", {"invoice": "INV-000001", "amount": "0.001"}, ["amount"]),
        ("credit-notes", {"invoice": "INV-000001", "lines": [{"line": 2, "amount": 1}]}, ["lines.0.line"]),
        ("credit-notes", {"invoice": "INV-000001", "lines": [{"line": 1, "amount": 101}]}, ["lines.0.amount"]),
        ("credit-notes", {"invoice": "INV-000001", "lines": [{"line": 1, "amount": 1}], "amount": 1}, ["amount"]),
    ],
    ids=str,
)
def test_what_can_not_be_is_refused_with_its_field(
    shop: TestClient, path: str, body: dict[str, Any], fields: list[str]
) -> None:
    one_off(shop, "100")
    response = shop.post(f"/v1/{path}", json=body)
    assert (response.status_code, errors(response)) == (422, fields)


def test_a_coupon_is_not_given_beyond_its_limits(shop: TestClient) -> None:
    given = {"coupon": "A", "customer_id": "acme"}
    post(shop, "/v1/coupons", {"key": "A", "name": "A", "percent": 5, "max_redemptions_per_customer": 1})
    discount = post(shop, "/v1/discounts", given)
    assert shop.post("/v1/discounts", json=given).status_code == 409
    assert shop.delete(f"/v1/discounts/{discount['id']}").json()["ended_at"] == "2026-04-15T22:00:00Z"
    assert shop.delete(f"/v1/discounts/{discount['id']}").status_code == 409
    post(shop, "/v1/coupons", {"key": "B", "name": "B", "percent": 5, "redeem_by": "2026-04-15T22:00:00Z"})
    assert shop.post("/v1/discounts", json={**given, "coupon": "B"}).status_code == 409
    post(shop, "/v1/coupons/A/retire")
    assert get(shop, "/v1/coupons/A")["active"] is False


def pdf_text(client: TestClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)
