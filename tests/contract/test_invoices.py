"""Invoices by HTTP: what they show, how they are found, their documents, their proof, and what can't be undone."""

import csv
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO
from typing import Any

import pytest
import sqlalchemy as sa
from pypdf import PdfReader
from starlette.testclient import TestClient

from justpaid.invoicing import InvoiceLine
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, errors, get, invoices, open_shop, post, send, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    """Acme's March, with 1,500 tokens."""
    open_shop(client)
    send(client, call("2026-03-02T10:00:00Z", 1400), call("2026-03-02T10:00:00Z", 100, model="large"))
    subscribe(client, "2026-03-01T00:00:00+01:00")
    return client


@pytest.fixture
def invoice(shop: TestClient) -> dict[str, Any]:
    bill(shop)
    (made,) = invoices(shop)
    return made


@pytest.fixture
def draft(shop: TestClient) -> dict[str, Any]:
    bill(shop, finalize=False)
    (made,) = invoices(shop)
    return made


def test_an_invoice_is_as_promised(shop: TestClient, invoice: dict[str, Any]) -> None:
    subscription = get(shop, "/v1/subscriptions")["data"][0]
    run = get(shop, "/v1/billing-runs")["data"][0]
    lines = {line["price_key"]: line for line in invoice["lines"]}
    told = {name: value for name, value in invoice.items() if name not in {"id", "lines", "created_at", "cutoff"}}
    assert invoice["id"].startswith("inv_")
    assert invoice["cutoff"] > 0
    assert told == {
        "kind": "subscription",
        "number": "INV-000001",
        "status": "finalized",
        "customer_id": subscription["customer_id"],
        "customer": {
            "name": "Acme Inc.",
            "email": None,
            "external_id": "acme",
            "address": None,
            "tax_status": "taxable",
            "tax_ids": [],
        },
        "subscription_id": subscription["id"],
        "plan": "pro",
        "plan_version": 1,
        "parts": [],
        "billing_run_id": run["id"],
        "corrects_id": None,
        "top_up_id": None,
        "threshold_number": None,
        "billed_before": [],
        "currency": "USD",
        "timezone": "Europe/Berlin",
        "period_start": "2026-02-28T23:00:00Z",
        "period_end": "2026-03-31T22:00:00Z",
        "subtotal": "33.52",
        "discount": "0.00",
        "discounts": [],
        "tax": "0.00",
        "tax_included": "0.00",
        "taxes": [],
        "carried_over": "0.00",
        "credits_applied": "0.00",
        "total": "33.52",
        "amount_paid": "0.00",
        "amount_credited": "0.00",
        "amount_due": "33.52",
        "memo": None,
        "po_number": None,
        "net_days": None,
        "issued_at": "2026-04-15T22:00:00Z",
        "due_at": "2026-05-15T22:00:00Z",
        "voided_at": None,
        "uncollectible_at": None,
    }
    assert lines["tokens"] == {
        "description": "Tokens",
        "subscription_id": None,
        "plan_name": None,
        "price_key": "tokens",
        "meter": "tokens",
        "quantity": "1500",
        "unit_amount": None,
        "amount": "2.50",
        "amount_exact": "2.5",
        "discount": "0.00",
        "tax": "0.00",
        "taxes": [],
        "period_start": "2026-02-28T23:00:00Z",
        "period_end": "2026-03-31T22:00:00Z",
        "steps": [
            {"description": "First 1,000 at 0.002", "quantity": "1000", "unit_amount": "0.002", "amount": "2"},
            {"description": "1,001 to 5,000 at 0.001", "quantity": "500", "unit_amount": "0.001", "amount": "0.5"},
        ],
        "groups": [{"label": "small", "quantity": "1400"}, {"label": "large", "quantity": "100"}],
    }  # fmt: skip
    assert (lines["calls"]["unit_amount"], lines["calls"]["quantity"]) == ("0.01", "2")


def test_an_invoice_is_found_by_id_and_by_number(shop: TestClient, invoice: dict[str, Any]) -> None:
    assert get(shop, f"/v1/invoices/{invoice['id']}") == get(shop, f"/v1/invoices/{invoice['number']}") == invoice


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 2),
        ({"customer_id": "acme"}, 1),
        ({"customer_id": "beta"}, 1),
        ({"status": "finalized"}, 2),
        ({"status": "draft"}, 0),
        ({"customer_id": "acme", "status": "void"}, 0),
        ({"subscription_id": "sub_nothere"}, 0),
        ({"from": "2000-01-01T00:00:00Z"}, 2),
        ({"from": "2000-01-01T00:00:00Z", "to": "2001-01-01T00:00:00Z"}, 0),
        ({"from": "2090-01-01T00:00:00Z"}, 0),
    ],
    ids=str,
)
def test_invoices_are_listed_by_what_is_asked(shop: TestClient, filters: dict[str, str], count: int) -> None:
    post(shop, "/v1/customers", {"external_id": "beta", "timezone": "Europe/Berlin"})
    subscription = subscribe(shop, "2026-03-01T00:00:00+01:00", customer_id="beta")
    bill(shop)
    assert len(get(shop, "/v1/invoices", **filters)["data"]) == count
    (own,) = invoices(shop, subscription_id=subscription["id"])
    assert own["customer"]["external_id"] == "beta"


def test_invoices_are_listed_a_page_at_a_time(shop: TestClient) -> None:
    subscribe(shop, "2026-01-01T00:00:00+01:00")
    bill(shop)
    first = get(shop, "/v1/invoices", limit=3)
    second = get(shop, "/v1/invoices", limit=3, cursor=first["next_cursor"])
    listed = [invoice["id"] for invoice in first["data"] + second["data"]]
    assert (len(listed), listed, second["next_cursor"]) == (4, sorted(listed, reverse=True), None)


@pytest.mark.parametrize(("name", "value"), [("status", "open"), ("limit", "0"), ("cursor", "?"), ("customer", "acme")])
def test_a_list_that_can_not_be_given_names_its_parameter(client: TestClient, name: str, value: str) -> None:
    response = client.get("/v1/invoices", params={name: value})
    assert (response.status_code, errors(response)) == (422, [name])


def test_a_draft_has_no_number_until_it_is_finalized(shop: TestClient, draft: dict[str, Any]) -> None:
    assert (draft["status"], draft["number"], draft["issued_at"], draft["due_at"]) == ("draft", None, None, None)
    issued = post(shop, f"/v1/invoices/{draft['id']}/finalize", None, 200)
    assert (issued["status"], issued["number"]) == ("finalized", "INV-000001")
    assert (issued["issued_at"], issued["due_at"]) == ("2026-04-15T22:00:00Z", "2026-05-15T22:00:00Z")
    changed = {"status", "number", "issued_at", "due_at"}
    assert {k: v for k, v in issued.items() if k not in changed} == {k: v for k, v in draft.items() if k not in changed}


def test_a_later_run_finalizes_drafts(shop: TestClient, draft: dict[str, Any]) -> None:
    run = bill(shop)
    assert (run["invoices_created"], run["invoices_finalized"]) == (0, 1)
    assert get(shop, f"/v1/invoices/{draft['id']}")["number"] == "INV-000001"


@pytest.mark.parametrize("action", ["finalize", "finalize after void", "void twice", "void a draft"])
def test_what_is_done_can_not_be_done_again(shop: TestClient, draft: dict[str, Any], action: str) -> None:
    path = f"/v1/invoices/{draft['id']}"
    before = {
        "finalize": ["finalize"],
        "finalize after void": ["finalize", "void"],
        "void twice": ["finalize", "void"],
        "void a draft": [],
    }[action]
    for step in before:
        post(shop, f"{path}/{step}")
    there = get(shop, path)
    refused = shop.post(f"{path}/{action.split()[0]}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert get(shop, path) == there


def test_of_many_who_finalize_at_once_one_does(shop: TestClient, draft: dict[str, Any]) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: shop.post(f"/v1/invoices/{draft['id']}/finalize").status_code, range(4)))
    assert sorted(answers) == [200, 409, 409, 409]


def test_numbers_have_no_gap(shop: TestClient) -> None:
    """A refused finalisation takes no number; a void invoice keeps its own."""
    subscribe(shop, "2026-01-01T00:00:00+01:00")
    bill(shop, finalize=False)
    ids = [invoice["id"] for invoice in invoices(shop)]
    for id in (ids[0], ids[0], ids[1]):
        shop.post(f"/v1/invoices/{id}/finalize")
    post(shop, f"/v1/invoices/{ids[0]}/void")
    bill(shop)
    numbers = sorted(invoice["number"] for invoice in invoices(shop))
    assert numbers == [f"INV-{n:06d}" for n in range(1, 5)]


def test_nothing_is_due_on_a_void_invoice(shop: TestClient, invoice: dict[str, Any]) -> None:
    void = post(shop, f"/v1/invoices/{invoice['id']}/void")
    assert (void["status"], void["total"], void["amount_due"]) == ("void", "33.52", "0.00")
    assert (void["number"], void["voided_at"]) == ("INV-000001", "2026-04-15T22:00:00Z")
    assert bill(shop)["invoices_created"] == 0
    assert get(shop, f"/v1/invoices/{invoice['id']}/verify")["ok"] is True


def test_the_pdf_shows_the_invoice(shop: TestClient, invoice: dict[str, Any]) -> None:
    response = shop.get(f"/v1/invoices/{invoice['number']}/pdf")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/pdf")
    assert response.headers["content-disposition"] == 'inline; filename="INV-000001.pdf"'
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(response.content)).pages)
    assert [shown for shown in ("INV-000001", "Acme Inc.", "33.52") if shown not in text] == []


def test_the_csv_shows_the_invoice(shop: TestClient, invoice: dict[str, Any]) -> None:
    response = shop.get(f"/v1/invoices/{invoice['id']}/csv")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert response.headers["content-disposition"] == 'inline; filename="INV-000001.csv"'
    rows = list(csv.DictReader(StringIO(response.text)))
    assert [row["amount"] for row in rows if row["row"] == "line"] == [line["amount"] for line in invoice["lines"]]


def test_a_draft_has_documents_too(shop: TestClient, draft: dict[str, Any]) -> None:
    for kind in ("pdf", "csv"):
        response = shop.get(f"/v1/invoices/{draft['id']}/{kind}")
        assert response.status_code == 200
        assert response.headers["content-disposition"] == f'inline; filename="{draft["id"]}.{kind}"'


def test_the_proof_shows_each_line_twice(shop: TestClient, invoice: dict[str, Any]) -> None:
    proof = get(shop, f"/v1/invoices/{invoice['id']}/verify")
    assert (proof["ok"], proof["totals_ok"]) == (True, True)
    assert proof["lines"][2] == {
        "position": 3,
        "price_key": "tokens",
        "quantity": "1500",
        "recounted_quantity": "1500",
        "amount": "2.50",
        "recounted_amount": "2.50",
        "ok": True,
    }


def test_the_proof_finds_a_changed_figure(company: Company, invoice: dict[str, Any], database: Database) -> None:
    def add_to_tokens(amount: int) -> None:
        tokens = sa.and_(InvoiceLine.invoice_id == invoice["id"], InvoiceLine.price_key == "tokens")
        with database.tenant(company.organisation_id) as session:
            session.execute(sa.update(InvoiceLine).where(tokens).values(amount=InvoiceLine.amount + amount))

    add_to_tokens(1)
    proof = get(company.client, f"/v1/invoices/{invoice['id']}/verify")
    add_to_tokens(-1)  # the standing checks look at all organisations of this process
    assert (proof["ok"], proof["totals_ok"]) == (False, False)
    assert [line["price_key"] for line in proof["lines"] if not line["ok"]] == ["tokens"]
    assert (proof["lines"][2]["amount"], proof["lines"][2]["recounted_amount"]) == ("3.50", "2.50")


def test_the_proof_holds_when_the_customer_changes(shop: TestClient, invoice: dict[str, Any]) -> None:
    """New events, a new alias with events of that time, another name: none of it touches what was billed."""
    send(shop, call("2026-03-05T10:00:00Z", 5), call("2026-03-05T10:00:00Z", 7, customer="acme-old"))
    shop.patch("/v1/customers/acme", json={"aliases": ["acme-old"], "name": "Acme AG", "timezone": "Asia/Tokyo"})
    assert get(shop, f"/v1/invoices/{invoice['id']}/verify")["ok"] is True
    assert get(shop, f"/v1/invoices/{invoice['id']}") == invoice


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/finalize"), ("POST", "/void"), ("GET", "/pdf"), ("GET", "/csv"), ("GET", "/verify")],
)
def test_an_invoice_that_is_not_there_is_not_found(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, f"/v1/invoices/INV-000001{path}").status_code == 404
