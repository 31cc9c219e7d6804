"""Subscriptions by HTTP: their periods in the customer's calendar, their end, and what they cost so far."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, amounts, bill, call, errors, get, invoices, open_shop, post, send, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    open_shop(client)
    return client


def test_what_was_sent_comes_back(shop: TestClient) -> None:
    customer = get(shop, "/v1/customers/acme")
    body = {
        "customer_id": "acme", "plan": "pro", "start_at": "2026-04-10T12:00:00+02:00", "end_at": "2027-01-01T00:00:00Z",
        "billing_anchor": "calendar", "seats": 5, "overrides": {},
    }  # fmt: skip
    subscription = post(shop, "/v1/subscriptions", body, 201)
    assert subscription["id"].startswith("sub_")
    (phase,) = subscription["phases"]
    assert {name: value for name, value in phase.items() if name != "id"} == {
        "kind": "paid",
        "start_at": "2026-04-10T10:00:00Z",
        "end_at": "2027-01-01T00:00:00Z",
        "plan": "pro",
        "plan_version": 1,
        "seats": 5,
        "overrides": {},
        "add_ons": [],
        "billing_anchor": "2026-03-31T22:00:00Z",
        "fees_from": "2026-04-10T10:00:00Z",
    }
    assert {name: value for name, value in subscription.items() if name not in {"id", "created_at", "phases"}} == {
        "customer_id": customer["id"],
        "plan": "pro",
        "plan_version": 1,
        "status": "active",
        "start_at": "2026-04-10T10:00:00Z",
        "end_at": "2027-01-01T00:00:00Z",
        "billing_anchor": "2026-03-31T22:00:00Z",
        "timezone": "Europe/Berlin",
        "currency": "USD",
        "seats": 5,
        "overrides": {},
        "add_ons": [],
        "current_period_start": "2026-04-10T10:00:00Z",
        "current_period_end": "2026-04-30T22:00:00Z",
        "next_bill_at": "2026-04-30T22:00:00Z",
        "billing_thresholds": None,
        "canceled_at": None,
    }
    assert get(shop, f"/v1/subscriptions/{subscription['id']}") == subscription


def test_what_was_not_sent_is_filled_in(shop: TestClient) -> None:
    subscription = post(shop, "/v1/subscriptions", {"customer_id": "acme", "plan": "pro"})
    assert (subscription["start_at"], subscription["billing_anchor"]) == ("2026-04-15T22:00:00Z",) * 2
    assert (subscription["end_at"], subscription["seats"], subscription["status"]) == (None, 1, "active")


@pytest.mark.parametrize(
    ("start_at", "anchor", "period"),
    [
        ("2026-01-31T12:00:00Z", "anniversary", ("2026-03-31T11:00:00Z", "2026-04-30T11:00:00Z")),
        ("2026-01-31T12:00:00Z", "calendar", ("2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z")),
        ("2026-01-31T12:00:00Z", "2020-05-20T00:00:00+02:00", ("2026-03-19T23:00:00Z", "2026-04-19T22:00:00Z")),
        ("2026-04-12T00:00:00Z", "2030-01-14T00:00:00+01:00", ("2026-04-13T22:00:00Z", "2026-05-13T22:00:00Z")),
        ("2026-05-01T00:00:00Z", "anniversary", (None, None)),
    ],
)
def test_periods_follow_the_anchor(shop: TestClient, start_at: str, anchor: str, period: tuple[str, str]) -> None:
    """12:00 in UTC is 13:00 in Berlin's winter and stays 13:00 in its summer."""
    subscription = subscribe(shop, start_at, billing_anchor=anchor)
    assert (subscription["current_period_start"], subscription["current_period_end"]) == period


@pytest.mark.parametrize(
    ("start_at", "end_at", "status"),
    [
        ("2026-04-15T22:00:00.000001Z", None, "pending"),
        ("2026-04-15T22:00:00Z", None, "active"),
        ("2026-04-01T00:00:00Z", "2026-04-15T22:00:00.000001Z", "active"),
        ("2026-04-01T00:00:00Z", "2026-04-15T22:00:00Z", "ended"),
    ],
)
def test_status_follows_the_clock(shop: TestClient, start_at: str, end_at: str | None, status: str) -> None:
    subscription = subscribe(shop, start_at, end_at=end_at)
    assert get(shop, f"/v1/subscriptions/{subscription['id']}")["status"] == status


def test_a_subscription_keeps_its_plan_version(shop: TestClient) -> None:
    old = subscribe(shop, "2026-04-01T00:00:00Z")
    post(shop, "/v1/plans/pro/versions", {"prices": [{"key": "base", "model": "flat", "amount": "99"}]})
    new = subscribe(shop, "2026-04-01T00:00:00Z")
    assert (new["plan_version"], get(shop, f"/v1/subscriptions/{old['id']}")["plan_version"]) == (2, 1)


def test_a_subscription_keeps_its_time_zone(shop: TestClient) -> None:
    subscription = subscribe(shop, "2026-04-01T00:00:00Z")
    shop.patch("/v1/customers/acme", json={"timezone": "Asia/Tokyo"})
    assert get(shop, f"/v1/subscriptions/{subscription['id']}")["timezone"] == "Europe/Berlin"


def test_subscriptions_are_listed_newest_first_and_by_customer(shop: TestClient) -> None:
    beta = post(shop, "/v1/customers", {"external_id": "beta"})
    first, second, third = (subscribe(shop, "2026-04-01T00:00:00Z", customer_id=c) for c in ("acme", "beta", "acme"))
    page = get(shop, "/v1/subscriptions", limit=2)
    rest = get(shop, "/v1/subscriptions", limit=2, cursor=page["next_cursor"])
    assert page["data"] + rest["data"] == [third, second, first]
    for reference in ("beta", beta["id"]):
        assert get(shop, "/v1/subscriptions", customer_id=reference)["data"] == [second]
    assert shop.get("/v1/subscriptions?customer_id=gamma").status_code == 404


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"customer_id": None}, ["customer_id"]),
        ({"plan": 5}, ["plan"]),
        ({"start_at": "now"}, ["start_at"]),
        ({"start_at": "2026-04-01"}, ["start_at"]),
        ({"start_at": "2026-04-01T00:00:00"}, ["start_at"]),
        ({"start_at": "9999-01-01T00:00:00Z"}, ["start_at"]),
        ({"start_at": "1999-12-31T23:59:59Z"}, ["start_at"]),
        ({"start_at": "2200-01-01T00:00:00Z"}, ["start_at"]),
        ({"end_at": "2026-04-01T00:00:00Z"}, ["end_at"]),
        ({"end_at": "2026-03-01T00:00:00Z"}, ["end_at"]),
        ({"end_at": "2200-01-01T00:00:00Z"}, ["end_at"]),
        ({"billing_anchor": "weekly"}, ["billing_anchor"]),
        ({"billing_anchor": 15}, ["billing_anchor"]),
        ({"billing_anchor": None}, ["billing_anchor"]),
        ({"billing_anchor": "1999-01-01T00:00:00Z"}, ["billing_anchor"]),
        ({"seats": 0}, ["seats"]),
        ({"seats": 1.5}, ["seats"]),
        ({"seats": "3"}, ["seats"]),
        ({"seats": True}, ["seats"]),
        ({"seats": 1_000_001}, ["seats"]),
        ({"overrides": {"base": {"amount": "-1"}}}, ["overrides.base.amount"]),
        ({"overrides": []}, ["overrides"]),
        ({"price": "10"}, ["price"]),
    ],
    ids=str,
)
def test_a_field_that_can_not_be_used_is_named(shop: TestClient, change: dict[str, Any], fields: list[str]) -> None:
    body = {"customer_id": "acme", "plan": "pro", "start_at": "2026-04-01T00:00:00Z", **change}
    response = shop.post("/v1/subscriptions", json=body)
    assert (response.status_code, errors(response)) == (422, fields)
    assert get(shop, "/v1/subscriptions")["data"] == []


@pytest.mark.parametrize("change", [{"customer_id": "beta"}, {"plan": "basic"}])
def test_who_or_what_is_not_there_is_not_found(shop: TestClient, change: dict[str, str]) -> None:
    response = shop.post("/v1/subscriptions", json={"customer_id": "acme", "plan": "pro", **change})
    assert response.status_code == 404
    assert next(iter(change.values())) in response.json()["detail"]


def test_canceling_ends_it_with_the_period(shop: TestClient) -> None:
    subscription = subscribe(shop, "2026-04-01T00:00:00+02:00")
    canceled = post(shop, f"/v1/subscriptions/{subscription['id']}/cancel", None, 200)
    assert (canceled["end_at"], canceled["status"]) == ("2026-04-30T22:00:00Z", "active")
    assert canceled["canceled_at"] == "2026-04-15T22:00:00Z"


def test_canceling_at_an_instant_bills_to_it(shop: TestClient) -> None:
    """Ten of April's 30 days: a third of the fee of 20.00."""
    subscription = subscribe(shop, "2026-04-01T00:00:00+02:00")
    send(shop, call("2026-04-10T21:59:59Z", 1000), call("2026-04-10T22:00:00Z", 1000))
    at = {"at": "2026-04-11T00:00:00+02:00"}
    canceled = post(shop, f"/v1/subscriptions/{subscription['id']}/cancel", at)
    assert (canceled["end_at"], canceled["status"], canceled["current_period_end"]) == (
        "2026-04-10T22:00:00Z",
        "ended",
        None,
    )
    bill(shop)
    (invoice,) = invoices(shop)
    assert (amounts(invoice)["base"], amounts(invoice)["tokens"]) == ("6.67", "2.00")
    again = shop.post(f"/v1/subscriptions/{subscription['id']}/cancel", json=at)
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("at", "status"),
    [("2026-03-01T00:00:00+01:00", 422), ("2026-03-31T21:59:59Z", 409), ("2026-03-31T22:00:00Z", 200)],
    ids=["not after its start", "before what is billed", "just there"],
)
def test_what_is_billed_can_not_be_canceled(shop: TestClient, at: str, status: int) -> None:
    subscription = subscribe(shop, "2026-03-01T00:00:00+01:00")
    bill(shop)
    post(shop, f"/v1/subscriptions/{subscription['id']}/cancel", {"at": at}, status)


def test_an_estimate_tells_its_period(shop: TestClient) -> None:
    subscription = subscribe(shop, "2026-03-01T00:00:00+01:00")
    estimate = get(shop, f"/v1/subscriptions/{subscription['id']}/estimate")
    told = {name: value for name, value in estimate.items() if name not in {"lines", "projected"}}
    assert told == {
        "subscription_id": subscription["id"],
        "currency": "USD",
        "period_start": "2026-03-31T22:00:00Z",
        "period_end": "2026-04-30T22:00:00Z",
        "as_of": "2026-04-15T22:00:00Z",
        "subtotal": "20.00",
        "discount": "0.00",
        "tax": "0.00",
        "tax_included": "0.00",
        "total": "20.00",
        "billed_so_far": "0.00",
        "unbilled_usage": "0.00",
        "next_billing_threshold": None,
    }


def test_an_estimate_breaks_usage_down_like_an_invoice(shop: TestClient) -> None:
    subscription = subscribe(shop, "2026-04-01T00:00:00+02:00")
    send(shop, call("2026-04-02T00:00:00Z", "1.5"), call("2026-04-02T00:00:00Z", "2.25", model="large"))
    estimate = get(shop, f"/v1/subscriptions/{subscription['id']}/estimate")
    tokens = next(line for line in estimate["lines"] if line["price_key"] == "tokens")
    assert tokens["quantity"] == "3.75"
    assert tokens["groups"] == [{"label": "large", "quantity": "2.25"}, {"label": "small", "quantity": "1.5"}]
    assert get(shop, "/v1/usage", meter="tokens", customer_id="acme")["data"][0]["value"] == tokens["quantity"]


@pytest.mark.parametrize("start_at", ["2026-05-01T00:00:00Z", "2026-01-01T00:00:00Z"], ids=["not yet", "no more"])
def test_without_a_running_period_there_is_no_estimate(shop: TestClient, start_at: str) -> None:
    end_at = "2026-02-01T00:00:00Z" if start_at < "2026-02" else None
    subscription = subscribe(shop, start_at, end_at=end_at)
    assert shop.get(f"/v1/subscriptions/{subscription['id']}/estimate").status_code == 409


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel"), ("GET", "/estimate")])
def test_a_subscription_that_is_not_there_is_not_found(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, f"/v1/subscriptions/sub_nothere{path}").status_code == 404
