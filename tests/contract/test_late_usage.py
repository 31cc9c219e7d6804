"""Late usage by HTTP: the preview, the list, putting it right, and what the event says."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, errors, get, invoices, open_shop, post, send, subscribe

TOKENS: dict[str, Any] = {
    "key": "tokens", "name": "Tokens", "model": "per_unit", "meter": "tokens", "unit_amount": "0.01",
}  # fmt: skip


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def billed(client: TestClient) -> TestClient:
    """Acme's March is issued as INV-000001: 1,000 tokens at 0.01, 10.00, and 19 % tax."""
    open_shop(client, [TOKENS])
    post(client, "/v1/tax-rates", {"key": "vat", "name": "VAT", "percent": "19", "default": True})
    subscribe(client, "2026-03-01T00:00:00+01:00")
    send(client, {**call("2026-03-02T10:00:00Z", 1000), "id": "in-time"})
    bill(client)
    return client


def late_event(client: TestClient, id: str = "late", tokens: int = 500) -> None:
    send(client, {**call("2026-03-20T10:00:00Z", tokens), "id": id})


def test_the_preview_shows_each_line_that_differs(billed: TestClient) -> None:
    late_event(billed)
    late = get(billed, "/v1/invoices/INV-000001/late-usage")
    assert late.pop("cutoff") > get(billed, "/v1/invoices/INV-000001")["cutoff"]
    assert late["lines"] == [
        {
            "description": "Tokens",
            "price_key": "tokens",
            "meter": "tokens",
            "period_start": "2026-02-28T23:00:00Z",
            "period_end": "2026-03-31T22:00:00Z",
            "quantity": "500",
            "billed_amount": "10.00",
            "amount_now": "15.00",
            "amount": "5.00",
            "discount": "0.00",
        }
    ]
    assert {name: late[name] for name in ("subtotal", "discount", "tax", "total", "corrections")} == {
        "subtotal": "5.00", "discount": "0.00", "tax": "0.95", "total": "5.95", "corrections": [],
    }  # fmt: skip
    assert get(billed, "/v1/late-usage")["data"][0]["invoice_number"] == "INV-000001"
    assert get(billed, "/v1/late-usage", customer_id="acme")["next_cursor"] is None


def test_without_late_usage_nothing_is_shown_or_made(billed: TestClient) -> None:
    assert get(billed, "/v1/invoices/INV-000001/late-usage")["lines"] == []
    assert get(billed, "/v1/late-usage")["data"] == []
    assert post(billed, "/v1/invoices/INV-000001/late-usage")["corrections"] == []
    assert len(invoices(billed)) == 1


def test_it_is_put_right_once(billed: TestClient) -> None:
    late_event(billed)
    for _ in range(2):
        done = post(billed, "/v1/invoices/INV-000001/late-usage", {"policy": "supplementary_invoice"})
        (correction,) = done["corrections"]
        assert (done["lines"], correction["net"], correction["items"]) == ([], "5.00", [])
    original, made = sorted(invoices(billed), key=lambda one: one["number"])
    assert (made["id"], made["corrects_id"]) == (correction["supplementary_invoice_id"], original["id"])
    assert (made["kind"], made["total"], made["cutoff"]) == ("supplementary", "5.95", correction["cutoff"])
    assert made["lines"][0]["steps"] == [
        {"description": "Tokens with the usage of now", "quantity": "1", "unit_amount": "15", "amount": "15"},
        {"description": "Billed before, on or for INV-000001", "quantity": "-1", "unit_amount": "10", "amount": "-10"},
    ]
    for number in ("INV-000001", "INV-000002"):
        assert get(billed, f"/v1/invoices/{number}/verify")["ok"] is True
    assert billed.get(f"/v1/invoices/{made['id']}/pdf").status_code == 200


def test_an_item_on_the_next_invoice_says_period_and_meter(billed: TestClient) -> None:
    late_event(billed)
    (correction,) = post(billed, "/v1/invoices/INV-000001/late-usage")["corrections"]
    (item,) = get(billed, "/v1/invoice-items", pending="true")["data"]
    assert (correction["policy"], correction["items"]) == ("next_invoice", [item["id"]])
    assert item["description"] == "Late usage of INV-000001: Tokens (tokens: 500 more), 2026-03-01 to 2026-04-01"
    assert (item["amount"], item["period_start"], item["tax_rates"]) == ("5.00", "2026-02-28T23:00:00Z", ["vat"])
    refused = billed.delete(f"/v1/invoice-items/{item['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_a_credit_note_is_proved_too(billed: TestClient) -> None:
    post(billed, "/v1/events/in-time/amend", {"properties": {"tokens": 400}})
    (correction,) = post(billed, "/v1/invoices/INV-000001/late-usage", {"policy": "credit_note"})["corrections"]
    note = get(billed, f"/v1/credit-notes/{correction['credit_note_id']}")
    assert (note["reason"], note["subtotal"], note["tax"], note["total"]) == ("late_usage", "6.00", "1.14", "7.14")
    assert get(billed, f"/v1/credit-notes/{note['number']}/verify") == {
        "ok": True, "cutoff": correction["cutoff"], "subtotal": "6.00", "recounted_subtotal": "6.00",
    }  # fmt: skip
    by_hand = post(billed, "/v1/credit-notes", {"invoice": "INV-000001", "amount": "1"})
    assert billed.get(f"/v1/credit-notes/{by_hand['number']}/verify").status_code == 409


def test_the_event_says_which_correction_billed_it(billed: TestClient) -> None:
    late_event(billed)
    fate = get(billed, "/v1/events/late")
    assert (fate["lines"], fate["reason"]) == (
        [], "it came after INV-000001 was issued: GET /v1/invoices/INV-000001/late-usage says what that comes to"
    )  # fmt: skip
    assert [one["events"] for one in get(billed, "/v1/unbilled", **MARCH)["data"] if one["reason"] == "late"] == [1]
    post(billed, "/v1/invoices/INV-000001/late-usage")
    fate = get(billed, "/v1/events/late")
    assert fate["reason"] == "it came after INV-000001 was issued: the customer's next invoice bills it"
    bill(billed, as_of="2026-05-01T00:00:00Z")
    fate = get(billed, "/v1/events/late")
    assert fate["reason"] is None
    assert fate["lines"] == [
        {
            "invoice_id": fate["lines"][0]["invoice_id"],
            "invoice_number": "INV-000002",
            "invoice_status": "finalized",
            "price_key": "tokens",
            "meter": "tokens",
            "late_usage": "added",
            "corrects": "INV-000001",
            "credit_note_number": None,
        }
    ]
    assert [one["invoice_number"] for one in get(billed, "/v1/events/in-time")["lines"]] == ["INV-000001"]
    assert [one["events"] for one in get(billed, "/v1/unbilled", **MARCH)["data"] if one["reason"] == "late"] == [0]


MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}


def test_a_taken_back_event_says_so(billed: TestClient) -> None:
    post(billed, "/v1/events/in-time/void")
    post(billed, "/v1/invoices/INV-000001/late-usage", {"policy": "credit_note"})
    lines = get(billed, "/v1/events/in-time")["lines"]
    assert [(one["invoice_number"], one["late_usage"], one["credit_note_number"]) for one in lines] == [
        ("INV-000001", None, None), (None, "taken_back", "CN-000001"),
    ]  # fmt: skip


def test_the_policy_is_a_setting(billed: TestClient) -> None:
    settings = {"invoice": {"late_usage_policy": "none"}}
    assert billed.patch("/v1/organisation", json={"settings": settings}).status_code == 200
    late_event(billed)
    refused = billed.post("/v1/invoices/INV-000001/late-usage")
    assert (refused.status_code, "late_usage_policy" in refused.json()["detail"]) == (409, True)
    refused = billed.post("/v1/invoices/INV-000001/late-usage", json={"policy": "email"})
    assert (refused.status_code, errors(refused)) == (422, ["policy"])
    wrong = {"settings": {"invoice": {"late_usage_policy": "sometimes"}}}
    assert errors(billed.patch("/v1/organisation", json=wrong)) == ["settings.invoice.late_usage_policy"]


def test_a_run_corrects_by_itself_and_the_audit_trail_says_so(billed: TestClient) -> None:
    late_event(billed)
    run = bill(billed)
    late = get(billed, "/v1/invoices/INV-000001/late-usage")
    assert (late["lines"], len(late["corrections"])) == ([], 1)
    entries = get(billed, "/v1/audit-log", record_id=late["corrections"][0]["id"])["data"]
    assert [(one["action"], one["actor"], one["request"]) for one in entries] == [
        ("created", {"type": "system", "id": run["id"], "name": None}, "billing run")
    ]
