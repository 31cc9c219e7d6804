"""Credits by HTTP, from the grant to the invoice that they pay, on the real engines."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.invoicing import check_invoices, keep_credits
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, errors, get, invoices, open_shop, post, send, subscribe

PRICES: list[dict[str, Any]] = [
    {"key": "base", "name": "Base fee", "model": "flat", "amount": "30"},
    {"key": "calls", "name": "Calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.50"},
]
CALLS = [call("2026-04-10T10:00:00Z", 1) for _ in range(20)]


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    open_shop(client, PRICES)
    return client


def grant(client: TestClient, amount: str, kind: str = "prepaid", **more: Any) -> dict[str, Any]:
    return post(client, "/v1/credit-grants", {"customer_id": "acme", "kind": kind, "amount": amount, **more})


def balance(client: TestClient) -> dict[str, str]:
    (only,) = get(client, "/v1/credits/balance", customer_id="acme")["data"]
    return dict(only)


def test_the_balance_of_the_guide(shop: TestClient) -> None:
    subscribe(shop, "2026-04-01T00:00:00+02:00")
    send(shop, *CALLS)
    assert (balance(shop)["balance"], balance(shop)["uncovered"]) == ("0.00", "40.00")
    grant(shop, "100")
    assert balance(shop) == {
        "currency": "USD", "balance": "100.00", "prepaid": "100.00", "promotional": "0.00",
        "pending": "40.00", "available": "60.00", "uncovered": "0.00", "scheduled": "0.00",
    }  # fmt: skip


def test_ended_periods_and_drafts_are_pending_until_they_are_drawn(shop: TestClient) -> None:
    subscribe(shop, "2026-03-01T00:00:00+01:00")
    grant(shop, "100")
    assert balance(shop)["pending"] == "60.00"  # March, not billed yet, and April so far
    bill(shop, finalize=False)
    assert balance(shop)["pending"] == "60.00"
    bill(shop)
    shown = balance(shop)
    assert (shown["balance"], shown["pending"], shown["available"]) == ("70.00", "30.00", "40.00")


def test_an_invoice_draws_and_a_void_gives_back(shop: TestClient, company: Company, database: Database) -> None:
    subscribe(shop, "2026-02-01T00:00:00+01:00")
    bought, given = grant(shop, "25"), grant(shop, "15.50", "promotional", name="Welcome")
    bill(shop)
    february, march = invoices(shop)
    assert {name: february[name] for name in ("subtotal", "credits_applied", "total", "amount_due", "status")} == {
        "subtotal": "30.00", "credits_applied": "30.00", "total": "0.00", "amount_due": "0.00", "status": "paid",
    }  # fmt: skip
    assert (march["credits_applied"], march["total"], march["status"]) == ("10.50", "19.50", "finalized")
    for invoice in (february, march):
        assert get(shop, f"/v1/invoices/{invoice['id']}/verify")["ok"] is True

    post(shop, f"/v1/invoices/{february['id']}/void")
    after = get(shop, f"/v1/invoices/{february['id']}")
    assert (after["status"], after["amount_due"]) == ("void", "0.00")
    grants = {one["id"]: one["remaining"] for one in get(shop, "/v1/credit-grants", customer_id="acme")["data"]}
    assert grants == {bought["id"]: "14.50", given["id"]: "15.50"}
    history = get(shop, "/v1/credits/ledger", customer_id="acme")["data"]
    assert [(entry["reason"], entry["change"]) for entry in history] == [
        ("credit_return", "30.00"), ("credit_draw", "-10.50"), ("credit_draw", "-30.00"),
        ("credit_grant", "15.50"), ("credit_grant", "25.00"),
    ]  # fmt: skip
    first = get(shop, "/v1/credits/ledger", customer_id="acme", limit=2)
    rest = get(shop, "/v1/credits/ledger", customer_id="acme", limit=9, cursor=first["next_cursor"])
    assert first["data"] + rest["data"] == history
    with database.tenant(company.organisation_id) as session:
        assert check_invoices(session) == []


def test_twenty_finalisations_and_voids_at_once(shop: TestClient, company: Company, database: Database) -> None:
    subscribe(shop, "2024-09-01T00:00:00+02:00")
    grant(shop, "290")
    bill(shop, finalize=False)
    drafts = invoices(shop)
    assert len(drafts) == 19

    def finalize(invoice: dict[str, Any]) -> int:
        return shop.post(f"/v1/invoices/{invoice['id']}/finalize").status_code

    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(finalize, [*drafts, drafts[0]]))
    assert sorted(codes) == [200] * 19 + [409]
    issued = invoices(shop)
    assert sum(float(one["credits_applied"]) for one in issued) == 290
    assert balance(shop)["balance"] == "0.00"
    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda one: shop.post(f"/v1/invoices/{one['id']}/void").status_code, issued * 2))
    assert sorted(codes) == [200] * 19 + [409] * 19
    assert balance(shop)["balance"] == "290.00"
    with database.tenant(company.organisation_id) as session:
        assert check_invoices(session) == []


def test_usage_that_runs_the_balance_low_orders_a_top_up(
    shop: TestClient, database: Database, engines: Engines
) -> None:
    subscribe(shop, "2026-04-01T00:00:00+02:00")
    grant(shop, "60")
    rule = {"customer_id": "acme", "threshold": "25", "amount": "100"}
    assert shop.put("/v1/credits/top-up-rules", json=rule).json()["grant_at"] == "payment"
    keep_credits(database, engines.metering, NOW)
    assert get(shop, "/v1/credits/top-ups")["data"] == []  # 60 − 30 is enough
    send(shop, *CALLS)
    balance(shop)  # waits until the calls are metered
    keep_credits(database, engines.metering, NOW)
    keep_credits(database, engines.metering, NOW)
    (due,) = get(shop, "/v1/credits/top-ups", customer_id="acme")["data"]
    paid = post(shop, f"/v1/credits/top-ups/{due['id']}/pay")
    assert (paid["status"], balance(shop)["balance"]) == ("paid", "160.00")
    assert get(shop, f"/v1/credit-grants/{paid['grant_id']}")["kind"] == "prepaid"
    assert len(get(shop, "/v1/credits/top-up-rules", customer_id="acme")["data"]) == 1
    assert shop.delete("/v1/credits/top-up-rules?customer_id=acme").status_code == 204
    assert shop.delete("/v1/credits/top-up-rules?customer_id=acme").status_code == 404


@pytest.mark.parametrize(
    ("path", "more", "field"),
    [
        ("/v1/credit-grants", {"kind": "free"}, "kind"),
        ("/v1/credit-grants", {"kind": "prepaid", "amount": "-1"}, "amount"),
        ("/v1/credit-grants", {"kind": "prepaid", "amount": "1.005"}, "amount"),
        ("/v1/credit-grants", {"kind": "prepaid", "rollover": {"percent": "50"}}, "rollover"),
        ("/v1/credits/top-ups", {"expires_after_days": 0}, "expires_after_days"),
        ("/v1/credits/top-ups", {"currency": "gold"}, "currency"),
    ],
)
def test_bad_input_is_refused_by_field(shop: TestClient, path: str, more: dict[str, Any], field: str) -> None:
    refused = shop.post(path, json={"customer_id": "acme", "amount": "1", **more})
    assert (refused.status_code, errors(refused)) == (422, [field])
    assert get(shop, "/v1/credit-grants")["data"] == []


def test_a_rule_whose_amount_is_below_its_threshold_is_refused(shop: TestClient) -> None:
    rule = {"customer_id": "acme", "threshold": "25", "amount": "24.99"}
    assert errors(shop.put("/v1/credits/top-up-rules", json=rule)) == ["amount"]
