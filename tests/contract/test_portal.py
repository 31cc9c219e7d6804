"""The customer portal: a token opens one customer's own, with the organisation's numbers, and nothing else."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.api.portal_stream import PortalStream
from justpaid.api.rate_limit import RateLimit
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.errors import TooManyAttempts
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, errors, get, invoices, open_shop, post, send, subscribe
from tests.contract.test_events_stream import Reader, run, sent

PRICES = [
    {"key": "base", "model": "flat", "amount": "20"},
    {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.01"},
]
READS = (
    "me",
    "meters",
    "usage?meter=calls",
    "usage.csv?meter=calls",
    "subscriptions",
    "estimates",
    "periods?meter=calls",
    "invoices",
    "invoices/{number}",
    "invoices/{number}/pdf",
    "invoices/{number}/csv",
    "credits",
)


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("justpaid.api.portal_route._RATE", RateLimit(per_second=10_000, burst=10_000))


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))  # type: ignore[arg-type]


@dataclass
class Visit:
    link: dict[str, Any]
    client: TestClient


def visit(app: FastAPI, client: TestClient, customer: str = "acme", **more: Any) -> Visit:
    link = post(client, "/v1/portal-links", {"customer_id": customer, **more})
    assert app.state.installation.metering.drain(20)
    return Visit(link, TestClient(app, headers={"Authorization": f"Bearer {link['token']}"}))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    """acme and globex pay 20 a month and 0.01 a call; March is billed, April half over."""
    open_shop(client, PRICES)
    post(client, "/v1/customers", {"external_id": "globex", "name": "Globex", "timezone": "Europe/Berlin"})
    for customer, calls in (("acme", 3), ("globex", 5)):
        subscribe(client, "2026-02-28T23:00:00Z", customer_id=customer)
        send(client, *(call("2026-03-10T12:00:00Z", 1, customer=customer) for _ in range(calls)))
        send(client, *(call("2026-04-10T12:00:00Z", 1, customer=customer) for _ in range(2 * calls)))
        post(client, "/v1/credit-grants", {"customer_id": customer, "amount": str(calls), "kind": "promotional"})
    bill(client, as_of="2026-04-01T00:00:00Z")
    return client


def number_of(client: TestClient, customer: str) -> str:
    return str(invoices(client, customer_id=customer)[0]["number"])


def test_a_link_is_shown_once_and_found_by_its_customer(app: FastAPI, shop: TestClient) -> None:
    made = visit(app, shop, expires_in_s=3600, theme="dark").link
    assert made["url"] == f"http://testserver/portal#token={made['token']}"
    assert made["token"].startswith("pt_")
    assert made["expires_at"] == "2026-04-15T23:00:00Z"
    other = visit(app, shop, "globex").link
    assert other["expires_at"] == "2026-04-22T22:00:00Z"
    listed = get(shop, "/v1/portal-links")["data"]
    assert [link["id"] for link in listed] == [other["id"], made["id"]]
    assert all("token" not in link and "url" not in link and "digest" not in link for link in listed)
    assert [link["id"] for link in get(shop, "/v1/portal-links", customer_id="acme")["data"]] == [made["id"]]


def test_a_repeated_request_makes_no_second_link_and_shows_no_token(shop: TestClient) -> None:
    headers = {"Idempotency-Key": "once"}
    first = shop.post("/v1/portal-links", json={"customer_id": "acme"}, headers=headers).json()
    second = shop.post("/v1/portal-links", json={"customer_id": "acme"}, headers=headers).json()
    assert second == {**first, "token": None, "url": None}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"expires_at": "2026-04-15T22:00:00Z"}, ["expires_at"]),
        ({"expires_at": "2027-04-20T00:00:00Z"}, ["expires_at"]),
        ({"expires_in_s": 0}, ["expires_in_s"]),
        ({"expires_in_s": 60, "expires_at": "2026-05-01T00:00:00Z"}, ["expires_in_s"]),
        ({"theme": "neon"}, ["theme"]),
    ],
)
def test_what_a_link_can_not_be(shop: TestClient, body: dict[str, Any], fields: list[str]) -> None:
    assert errors(shop.post("/v1/portal-links", json={"customer_id": "acme", **body})) == fields


def test_links_have_the_public_address_where_one_is_set(
    app: FastAPI, shop: TestClient, installation: TestInstallation
) -> None:
    installation.settings = load_settings(public_url="https://billing.example.com/x/")
    assert visit(app, shop).link["url"].startswith("https://billing.example.com/x/portal#token=pt_")


def test_the_page_knows_whose_it_is_and_how_it_looks(app: FastAPI, shop: TestClient) -> None:
    seller = {"legal_name": "Rainbow AI GmbH", "locale": "de", "email": "billing@rainbow.example"}
    look = {"accent_colour": "#2F6fed", "background_colour": "#ffffff"}
    assert shop.patch("/v1/organisation", json={"settings": {"seller": seller, "portal": look}}).status_code == 200
    bad = {"settings": {"portal": {"accent_colour": "red;} body{display:none"}}}
    assert errors(shop.patch("/v1/organisation", json=bad)) == ["settings.portal.accent_colour"]
    me = get(visit(app, shop, theme="light").client, "/v1/portal/me")
    assert me["customer"]["external_id"] == "acme"
    assert me["customer"]["timezone"] == "Europe/Berlin"
    assert me["organisation"] == {
        "name": "Rainbow AI GmbH",
        "mode": "test",
        "locale": "de",
        "logo": None,
        "support_email": "billing@rainbow.example",
        **look,
    }
    assert (me["theme"], me["now"]) == ("light", "2026-04-15T22:00:00Z")


def test_its_numbers_are_those_of_the_organisation(app: FastAPI, shop: TestClient) -> None:
    page = visit(app, shop).client
    asked = {"meter": "calls", "window": "day", "from": "2026-03-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}
    assert get(page, "/v1/portal/usage", **asked) == get(shop, "/v1/usage", customer_id="acme", **asked)
    theirs = shop.get("/v1/usage.csv", params={**asked, "customer_id": "acme"}).text
    assert page.get("/v1/portal/usage.csv", params=asked).text == theirs
    (subscription,) = get(page, "/v1/portal/subscriptions")["data"]
    estimates = get(page, "/v1/portal/estimates")
    assert estimates["data"] == [get(shop, f"/v1/subscriptions/{subscription['id']}/estimate")]
    assert estimates["cost"] == [{"currency": "USD", "so_far": "20.06", "projected": "20.12"}]
    number = number_of(shop, "acme")
    assert get(page, "/v1/portal/invoices")["data"] == invoices(shop, customer_id="acme")
    assert get(page, f"/v1/portal/invoices/{number}") == get(shop, f"/v1/invoices/{number}")
    assert page.get(f"/v1/portal/invoices/{number}/csv").text == shop.get(f"/v1/invoices/{number}/csv").text
    assert page.get(f"/v1/portal/invoices/{number}/pdf").content[:5] == b"%PDF-"
    credits = get(page, "/v1/portal/credits")
    assert credits["balances"] == get(shop, "/v1/credits/balance", customer_id="acme")["data"]
    assert credits["data"] == get(shop, "/v1/credits/ledger", customer_id="acme")["data"]
    assert [meter["key"] for meter in get(page, "/v1/portal/meters")["data"]] == ["calls", "tokens", "users"]


def test_periods_stand_beside_each_other(app: FastAPI, shop: TestClient) -> None:
    """By the middle of Berlin's April: 6 calls, where the same time of March had 3."""
    found = get(visit(app, shop).client, "/v1/portal/periods", meter="calls", days=40)
    april, march = found["data"]
    assert april == {
        "from": "2026-03-31T22:00:00Z",
        "to": "2026-04-30T22:00:00Z",
        "running": True,
        "usage": "6",
        "previous_usage": "3",
        "change": "1",
        "currency": "USD",
        "cost": "20.06",
        "projected": "20.12",
    }
    assert (march["usage"], march["cost"], march["projected"], march["running"]) == ("3", "20.03", None, False)
    assert (march["from"], march["previous_usage"], march["change"]) == ("2026-02-28T23:00:00Z", None, None)
    assert len(found["days"]) == 40
    assert {day["date"]: day["usage"] for day in found["days"] if day["usage"] != "0"} == {
        "2026-03-10": "3",
        "2026-04-10": "6",
    }
    assert not any(day["spike"] for day in found["days"])
    without = get(visit(app, shop).client, "/v1/portal/periods", count=1)
    assert (without["meter"], without["days"], len(without["data"])) == (None, [], 1)
    assert without["data"][0]["usage"] is None


def test_a_day_that_stands_out_is_marked(app: FastAPI, shop: TestClient) -> None:
    for ago in range(1, 12):
        day = datetime(2026, 4, 15, 12, tzinfo=UTC) - timedelta(days=ago)
        send(shop, *(call(day.isoformat(), 1, customer="globex") for _ in range(2)))
    send(shop, *(call("2026-04-15T12:00:00Z", 1, customer="globex") for _ in range(60)))
    days = get(visit(app, shop, "globex").client, "/v1/portal/periods", meter="calls", days=5)["days"]
    assert [(day["date"], day["usage"], day["spike"]) for day in days][-2:] == [
        ("2026-04-15", "60", True),
        ("2026-04-16", "0", False),
    ]


def test_a_customer_without_a_subscription_sees_months(app: FastAPI, client: TestClient) -> None:
    open_shop(client, PRICES)
    send(client, call("2026-04-10T12:00:00Z", 1), call("2026-03-10T12:00:00Z", 1))
    found = get(visit(app, client).client, "/v1/portal/periods", meter="calls", count=2)
    assert [(past["from"], past["usage"], past["cost"]) for past in found["data"]] == [
        ("2026-03-31T22:00:00Z", "1", "0.00"),
        ("2026-02-28T23:00:00Z", "1", "0.00"),
    ]


def test_hidden_meters_and_drafts_stay_the_organisations_own(app: FastAPI, shop: TestClient) -> None:
    shop.patch("/v1/organisation", json={"settings": {"portal": {"hidden_meters": ["tokens"]}}})
    draft = post(shop, "/v1/invoices", {"customer_id": "acme", "items": [{"description": "x", "unit_amount": "5"}]})
    page = visit(app, shop).client
    assert [meter["key"] for meter in get(page, "/v1/portal/meters")["data"]] == ["calls", "users"]
    tokens = next(meter["id"] for meter in get(shop, "/v1/meters")["data"] if meter["key"] == "tokens")
    for path in ("usage?meter=tokens", f"usage?meter={tokens}", "usage.csv?meter=tokens", "periods?meter=tokens"):
        assert page.get(f"/v1/portal/{path}").status_code == 404, path
    assert len(get(page, "/v1/portal/invoices")["data"]) == 1
    for path in ("", "/pdf", "/csv"):
        assert page.get(f"/v1/portal/invoices/{draft['id']}{path}").status_code == 404


@pytest.mark.parametrize("path", READS)
def test_another_customers_token_shows_nothing_of_it(
    app: FastAPI, shop: TestClient, new_company: Callable[[], Company], path: str
) -> None:
    """Of the same organisation, and of another one that has the like of each record."""
    other = new_company()
    open_shop(other.client, PRICES)
    subscribe(other.client, "2026-02-28T23:00:00Z")
    bill(other.client, as_of="2026-04-01T00:00:00Z")
    address = f"/v1/portal/{path.format(number=number_of(shop, 'acme'))}"
    own = visit(app, shop).client.get(address)
    assert own.status_code == 200, own.text
    secrets = {get(shop, "/v1/customers/acme")["id"], "Acme Inc."}
    secrets |= {invoice["id"] for invoice in invoices(shop, customer_id="acme")}
    for stranger in (visit(app, shop, "globex").client, visit(app, other.client).client):
        answer = stranger.get(address)
        if "{number}" in path and answer.status_code != 200:
            assert answer.status_code == 404
            continue
        assert answer.status_code == 200
        assert answer.content != own.content or path in ("meters",)
        if stranger.headers["authorization"] and "acme" not in path and answer.headers["content-type"][:4] != "appl":
            continue
        assert not any(secret in answer.text for secret in secrets if secret != "Acme Inc.")


@pytest.mark.parametrize("path", [*READS, "stream"])
def test_what_opens_nothing(
    app: FastAPI, shop: TestClient, company: Company, installation: TestInstallation, path: str
) -> None:
    address = f"/v1/portal/{path.format(number=number_of(shop, 'acme'))}"
    revoked, expired = visit(app, shop), visit(app, shop, expires_in_s=60)
    post(shop, f"/v1/portal-links/{revoked.link['id']}/revoke")
    again = post(shop, f"/v1/portal-links/{revoked.link['id']}/revoke")
    assert again["revoked_at"] == "2026-04-15T22:00:00Z"
    installation.clock = FixedClock(NOW + timedelta(seconds=60))  # type: ignore[assignment]
    strangers = [revoked.client, expired.client, company.client, company.live, TestClient(app)]
    for text in ("pt_", "pt_" + "x" * 43, "Bearer", "pt_" + "x" * 5000, "pt_\u00e9"):
        strangers.append(TestClient(app, headers={"Authorization": f"Bearer {text}".encode()}))
    for stranger in strangers:
        answer = stranger.get(address)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_a_token_opens_nothing_but_the_portal(app: FastAPI, shop: TestClient) -> None:
    page = visit(app, shop).client
    for path, operations in app.openapi()["paths"].items():
        if path.startswith("/v1/") and not path.startswith(("/v1/portal/", "/v1/shared/", "/v1/auth/")):
            for method in operations:
                body = (
                    {"name": "Mine", "mode": "test"} if path == "/v1/organisations" else None
                )  # read before its cookie
                answer = page.request(method, path.replace("{", "").replace("}", ""), json=body)
                assert answer.status_code == 401, (method, path)


@pytest.mark.parametrize("query", ["customer_id=globex", "customer=globex"])
def test_another_customer_can_not_be_named(app: FastAPI, shop: TestClient, query: str) -> None:
    page = visit(app, shop).client
    for path in ("usage?meter=calls&", "usage.csv?meter=calls&", "invoices?", "subscriptions?", "periods?", "credits?"):
        assert errors(page.get(f"/v1/portal/{path}{query}")) == [query.split("=")[0]], path


def test_too_many_requests_are_told_to_slow_down(
    app: FastAPI, shop: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = [0.0]
    monkeypatch.setattr("justpaid.api.portal_route._RATE", RateLimit(1, 3, monotonic=lambda: at[0]))
    page, other = visit(app, shop).client, visit(app, shop, "globex").client
    assert [page.get("/v1/portal/me").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = page.get("/v1/portal/me")
    assert refused.headers["retry-after"] == "1"
    assert other.get("/v1/portal/me").status_code == 200
    at[0] = 1.0
    assert [page.get("/v1/portal/me").status_code for _ in range(2)] == [200, 429]


def test_a_bucket_fills_no_higher_than_its_burst() -> None:
    at = [0.0]
    limit = RateLimit(2, 2, monotonic=lambda: at[0])
    at[0] = 1000.0
    for _ in range(2):
        limit.take("a")
    with pytest.raises(TooManyAttempts):
        limit.take("a")


def test_its_stream_tells_of_this_customers_events_alone(
    app: FastAPI, shop: TestClient, company: Company, engines: Engines
) -> None:
    link = visit(app, shop).link
    theirs = Company(company.organisation_id, company.client, company.live, link["token"])

    async def story() -> None:
        reader = await Reader(app, theirs, path="/v1/portal/stream").connected()
        assert await reader.next() == ("comment", "still here")
        await sent(shop, call("2026-04-11T12:00:00Z", 1, customer="globex"))
        await sent(company.live, call("2026-04-11T12:00:00Z", 1))
        await sent(shop, call("2026-04-11T12:00:00Z", 1), call("2026-04-11T12:00:00Z", 1))
        assert await reader.next() == ("pulse", {"at": "2026-04-15T22:00:00Z", "arrived": 2})
        await reader.leave()
        assert engines.feed._watchers == ()

    run(story())


def test_its_stream_ends_with_the_link(
    installation: TestInstallation, app: FastAPI, shop: TestClient, company: Company
) -> None:
    link = visit(app, shop).link
    theirs = Company(company.organisation_id, company.client, company.live, link["token"])

    async def story() -> None:
        stream = PortalStream(installation, heartbeat_s=0.01)
        reader = await Reader(stream, theirs, path="/v1/portal/stream").connected()
        await asyncio.to_thread(post, shop, f"/v1/portal-links/{link['id']}/revoke")
        await asyncio.wait_for(reader.task, 20)

    run(story())
