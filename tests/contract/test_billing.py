"""From the first meter to the issued invoice, by HTTP, on the real engines."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from justpaid.contracts import Subscription
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import (
    NOW,
    amounts,
    bill,
    call,
    errors,
    get,
    invoices,
    open_shop,
    post,
    send,
    subscribe,
)

FEBRUARY = "2026-02-01T00:00:00+01:00"


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def test_the_whole_story(client: TestClient) -> None:
    open_shop(client)
    send(
        client,
        call("2026-02-03T10:00:00Z", 1847),
        call("2026-02-14T10:00:00Z", "2153", user="ben"),
        call("2026-02-28T22:59:59.999999Z", 2000, model="large"),
        call("2026-02-28T23:30:00Z", 10),  # half past midnight on 1 March in Berlin
        call("2026-04-10T10:00:00Z", 100),
    )
    subscription = subscribe(client, FEBRUARY)

    usage = get(
        client, "/v1/usage", meter="tokens", customer_id="acme", window="month", **{"from": FEBRUARY, "to": NOW}
    )
    assert [row["value"] for row in usage["data"]] == ["6000", "10", "100"]

    estimate = get(client, f"/v1/subscriptions/{subscription['id']}/estimate")
    assert amounts(estimate) == {"base": "20.00", "calls": "0.01", "tokens": "0.20", "users": "5.00", "storage": "3.00"}
    assert (estimate["subtotal"], estimate["total"], estimate["currency"]) == ("28.21", "28.21", "USD")
    # Half of April has gone by: counts and sums double, the number of users and the fee do not.
    assert amounts(estimate["projected"]) == {
        "base": "20.00", "calls": "0.02", "tokens": "0.40", "users": "5.00", "storage": "3.00",
    }  # fmt: skip
    assert estimate["projected"]["total"] == "28.42"

    first, second = bill(client), bill(client)
    assert (first["status"], first["invoices_created"], first["invoices_finalized"]) == ("completed", 2, 2)
    assert (second["status"], second["invoices_created"], second["invoices_finalized"]) == ("completed", 0, 0)

    february, march = invoices(client)
    assert (february["period_start"], february["period_end"]) == ("2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z")
    # 1000 × 0.002 + 4000 × 0.001 + 1000 × 0.0005; 3 calls; 2 users × 5; 6 packages × 3
    assert amounts(february) == {
        "base": "20.00", "calls": "0.03", "tokens": "6.50", "users": "10.00", "storage": "18.00",
    }  # fmt: skip
    assert (february["total"], february["amount_due"], february["number"]) == ("54.53", "54.53", "INV-000001")
    assert (march["total"], march["number"], march["period_end"]) == ("28.03", "INV-000002", "2026-03-31T22:00:00Z")

    for invoice in (february, march):
        assert Decimal(invoice["total"]) == sum(Decimal(line["amount"]) for line in invoice["lines"])
        for line in invoice["lines"]:
            exact = sum(Decimal(step["amount"]) for step in line["steps"])
            assert exact == Decimal(line["amount_exact"])
        proof = get(client, f"/v1/invoices/{invoice['id']}/verify")
        assert (proof["ok"], proof["totals_ok"], {line["ok"] for line in proof["lines"]}) == (True, True, {True})


def test_an_invoice_equals_the_estimate_of_its_last_moment(client: TestClient, installation: TestInstallation) -> None:
    open_shop(client)
    subscription = subscribe(client, "2026-04-01T00:00:00+02:00")
    send(client, call("2026-04-03T10:00:00Z", "1234.5"), call("2026-04-04T10:00:00Z", "0.000000000001"))
    estimate = get(client, f"/v1/subscriptions/{subscription['id']}/estimate")
    bill(client, as_of="2026-05-01T00:00:00+02:00")
    (invoice,) = invoices(client)
    assert [
        {name: line[name] for name in ("price_key", "quantity", "amount", "amount_exact", "steps", "groups")}
        for line in invoice["lines"]
    ] == [
        {name: line[name] for name in ("price_key", "quantity", "amount", "amount_exact", "steps", "groups")}
        for line in estimate["lines"]
    ]
    assert invoice["total"] == estimate["total"]


def test_runs_side_by_side_bill_each_period_once(client: TestClient) -> None:
    open_shop(client)
    for n in range(5):
        post(client, "/v1/customers", {"external_id": f"c{n}"})
        subscribe(client, "2026-01-01T00:00:00Z", customer_id=f"c{n}")
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda _: bill(client), range(4)))
    made = invoices(client)
    periods = [(invoice["subscription_id"], invoice["period_end"]) for invoice in made]
    assert len(periods) == len(set(periods)) == 15
    assert sum(run["invoices_created"] for run in runs) == 15
    assert sorted(invoice["number"] for invoice in made) == [f"INV-{n:06d}" for n in range(1, 16)]


def test_a_run_waits_for_the_chunk_of_another_before_it_locks_anything(client: TestClient, database: Database) -> None:
    """Each locks what is due in an order of its own moment: two that do so at once deadlock, and one fails."""
    open_shop(client)
    subscription = subscribe(client, FEBRUARY)
    held = sa.select(Subscription.id).where(Subscription.id == subscription["id"]).with_for_update()
    waits = sa.text("SELECT locktype FROM pg_locks WHERE NOT granted ORDER BY locktype")
    with ThreadPoolExecutor(2) as pool, database.system() as looking:
        with database.system() as holding:
            holding.execute(held)
            runs = [pool.submit(bill, client) for _ in range(2)]
            deadline = time.monotonic() + 20
            while len(waiting := looking.scalars(waits).all()) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
        made = [run.result()["invoices_created"] for run in runs]
    assert waiting == ["advisory", "transactionid"]
    assert sum(made) == 2


def test_a_run_repeated_under_its_key_is_not_run_again(client: TestClient) -> None:
    open_shop(client)
    subscribe(client, FEBRUARY)
    answers = [client.post("/v1/billing-runs", json={}, headers={"Idempotency-Key": "march"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["invoices_created"] == 2
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert [run["id"] for run in get(client, "/v1/billing-runs")["data"]] == [answers[0].json()["id"]]


def test_runs_are_kept(client: TestClient) -> None:
    runs = [bill(client, as_of=f"2026-0{month}-01T00:00:00Z", finalize=False) for month in (1, 2, 3)]
    assert runs[0]["finalize"] is False
    assert get(client, f"/v1/billing-runs/{runs[0]['id']}") == runs[0]
    page = get(client, "/v1/billing-runs", limit=2)
    rest = get(client, "/v1/billing-runs", limit=2, cursor=page["next_cursor"])
    assert [run["id"] for run in page["data"] + rest["data"]] == [run["id"] for run in reversed(runs)]
    assert client.get("/v1/billing-runs/run_nothere").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"as_of": "tomorrow"}, "as_of"),
        ({"as_of": "2026-05-01T00:00:00"}, "as_of"),
        ({"as_of": 1776263942}, "as_of"),
        ({"as_of": "2037-01-01T00:00:00Z"}, "as_of"),
        ({"finalize": "yes"}, "finalize"),
        ({"until": "2026-05-01T00:00:00Z"}, "until"),
    ],
)
def test_a_run_that_can_not_be_is_refused(client: TestClient, body: dict[str, object], field: str) -> None:
    response = client.post("/v1/billing-runs", json=body)
    assert (response.status_code, errors(response)) == (422, [field])
    assert get(client, "/v1/billing-runs")["data"] == []


def test_the_future_is_billed_in_test_mode_only(company: Company) -> None:
    body = {"as_of": "2026-04-15T22:00:00.000001Z"}
    refused = company.live.post("/v1/billing-runs", json=body)
    assert (refused.status_code, errors(refused)) == (422, ["as_of"])
    assert "test mode" in refused.json()["detail"]
    assert company.client.post("/v1/billing-runs", json=body).status_code == 201
    assert company.live.post("/v1/billing-runs", json={"as_of": "2026-04-15T22:00:00Z"}).status_code == 201


def test_a_fee_in_advance_is_billed_at_the_start(client: TestClient) -> None:
    fee = {"key": "fee", "model": "flat", "amount": "30", "billing": "advance"}
    open_shop(client, [fee])
    subscribe(client, FEBRUARY)
    bill(client, as_of=FEBRUARY)
    (invoice,) = invoices(client)
    assert (invoice["period_start"], invoice["period_end"]) == ("2026-01-31T23:00:00Z", "2026-01-31T23:00:00Z")
    assert (invoice["lines"][0]["period_end"], invoice["total"]) == ("2026-02-28T23:00:00Z", "30.00")
    assert get(client, f"/v1/invoices/{invoice['number']}/verify")["ok"] is True


@pytest.mark.parametrize(
    ("currency", "total"), [("JPY", "13"), ("USD", "12.50"), ("KWD", "12.500")], ids=["0 places", "2", "3"]
)
def test_amounts_have_the_places_of_their_currency(client: TestClient, currency: str, total: str) -> None:
    open_shop(client, [{"key": "base", "model": "flat", "amount": "12.5"}], currency=currency)
    subscribe(client, "2026-03-01T00:00:00+01:00")
    bill(client)
    (invoice,) = invoices(client)
    assert (invoice["lines"][0]["amount"], invoice["subtotal"], invoice["amount_due"]) == (total, total, total)
    assert invoice["lines"][0]["amount_exact"] == "12.5"


def test_events_that_come_after_the_cut_off_do_not_change_an_invoice(client: TestClient) -> None:
    open_shop(client)
    subscribe(client, "2026-03-01T00:00:00+01:00")
    send(client, call("2026-03-02T10:00:00Z", 500))
    bill(client)
    (before,) = invoices(client)
    send(client, call("2026-03-02T11:00:00Z", 500))
    bill(client)
    assert invoices(client) == [before]
    assert get(client, f"/v1/invoices/{before['id']}/verify")["ok"] is True
    assert amounts(before)["tokens"] == "1.00"


def test_billing_is_for_the_caller_alone(company: Company, new_company: Callable[[], Company]) -> None:
    other = new_company()
    for each in (company, other):
        open_shop(each.client)
        subscribe(each.client, FEBRUARY)
    send(other.client, call("2026-02-03T10:00:00Z", 900))
    assert bill(company.client)["invoices_created"] == 2
    assert [invoice["number"] for invoice in invoices(company.client)] == ["INV-000001", "INV-000002"]
    assert amounts(invoices(company.client)[0])["tokens"] == "0.00"
    assert invoices(other.client) == []
    assert bill(other.client)["invoices_created"] == 2
    assert amounts(invoices(other.client)[0])["tokens"] == "1.80"


def test_an_event_names_the_invoice_line_that_bills_it(client: TestClient) -> None:
    open_shop(client)
    subscribe(client, FEBRUARY)
    billed = {"id": "billed"} | call("2026-02-03T10:00:00Z", 5)
    send(client, billed, {"id": "next"} | call("2026-03-03T10:00:00Z", 5))
    bill(client, as_of="2026-03-01T00:00:00+01:00")
    send(client, {"id": "late"} | call("2026-02-04T10:00:00Z", 5))
    lines = get(client, "/v1/events/billed")["lines"]
    assert [line["price_key"] for line in lines] == ["calls", "tokens", "users", "storage"]
    assert {(line["invoice_number"], line["invoice_status"]) for line in lines} == {("INV-000001", "finalized")}
    reasons = {
        "next": "no invoice line includes it so far",
        "late": "it came after INV-000001 was issued: GET /v1/invoices/INV-000001/late-usage says what that comes to",
    }
    for unbilled, reason in reasons.items():
        fate = get(client, f"/v1/events/{unbilled}")
        assert (fate["lines"], fate["reason"]) == ([], reason)
