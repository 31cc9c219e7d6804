"""Alerts by HTTP: who may make, see and delete which, what is refused, and what is shown of them."""

from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from justpaid.api.rate_limit import RateLimit
from justpaid.delivery import MailSender
from justpaid.delivery.smtp import SmtpServer
from justpaid.kernel.clock import FixedClock
from justpaid.limits import AlertChecker, Firing, alerts
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, call, errors, get, open_shop, post, send, subscribe
from tests.contract.test_portal import visit

PRICES = [
    {"key": "base", "model": "flat", "amount": "20"},
    {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "1", "included_quantity": "5"},
]
USAGE = {"name": "Calls", "measure": "usage", "meter": "calls", "quantity": "4", "recipients": ["Ann@acme.example"]}
COST = {"name": "Budget", "measure": "cost", "amount": "30"}


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("justpaid.api.portal_route._RATE", RateLimit(per_second=10_000, burst=10_000))


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))  # type: ignore[arg-type]


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    """acme has made 3 calls in April, globex 1; 5 are included in 20 a month."""
    open_shop(client, PRICES)
    post(client, "/v1/customers", {"external_id": "globex", "name": "Globex"})
    for customer, calls in (("acme", 3), ("globex", 1)):
        subscribe(client, "2026-03-31T22:00:00Z", customer_id=customer)
        send(client, *(call("2026-04-10T12:00:00Z", 1, customer=customer) for _ in range(calls)))
    return client


def look(installation: TestInstallation) -> int:
    assert installation.metering.drain(30)
    return AlertChecker(installation.database, installation.metering, installation.clock).look()


def test_an_alert_shows_where_it_stands_and_when_it_fired(
    app: FastAPI, shop: TestClient, installation: TestInstallation
) -> None:
    people = visit(app, shop).client
    made = post(people, "/v1/portal/alerts", USAGE)
    assert made["recipients"] == ["ann@acme.example"]
    assert (made["value"], made["threshold"], made["share"]) == ("3", "4", "0.75")
    assert (made["has_fired"], made["last_fired"], made["delivery"]) == (False, None, "in_app_only")
    assert made["period"] == {"from": "2026-03-31T22:00:00Z", "to": "2026-04-30T22:00:00Z"}
    send(shop, call("2026-04-11T12:00:00Z", 1))
    look(installation)
    (shown,) = get(people, "/v1/portal/alerts")["data"]
    assert (shown["value"], shown["share"], shown["has_fired"]) == ("4", "1", True)
    assert shown["last_fired"]["value"] == "4"
    assert shown["last_fired"]["emails"] == [{"recipient": "ann@acme.example", "status": "waiting", "error": None}]
    app.state.installation.settings = load_settings(
        smtp_url=SecretStr("smtp://127.0.0.1:1"), email_from="billing@example.com"
    )
    assert get(people, "/v1/portal/alerts")["data"][0]["delivery"] == "email"
    server = SmtpServer.of("smtp://127.0.0.1:1", "billing@example.com")
    MailSender(installation.database, installation.clock, server).send_due()
    for client, path, told in ((shop, "/v1/alerts", True), (people, "/v1/portal/alerts", False)):
        (mail,) = get(client, path)["data"][0]["last_fired"]["emails"]
        assert (mail["status"], bool(mail["error"])) == ("waiting", told)


def test_thresholds_of_every_kind(shop: TestClient) -> None:
    def threshold(**sent: Any) -> tuple[str | None, str | None]:
        body = {"customer_id": "acme", "name": "A", **sent}
        made = post(shop, "/v1/alerts", body)
        assert made["of"] == sent.get("of")
        return made["value"], made["threshold"]

    usage, cost = {"measure": "usage", "meter": "calls"}, {"measure": "cost"}
    assert threshold(**usage, quantity="10") == ("3", "10")
    assert threshold(**usage, percent="80", of="included_quantity") == ("3", "4")
    assert threshold(**usage, percent="50", of="9") == ("3", "4.5")
    assert threshold(**usage, percent="50", of="last_period") == ("3", None)
    assert threshold(**cost, amount="25.50") == ("20", "25.5")
    assert threshold(**cost, amount="5", currency="EUR") == ("0", "5")
    assert threshold(**cost, percent="12.5", of="200") == ("20", "25")
    assert threshold(**cost, percent="100", of="last_period") == ("20", None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nBcc: b@c.example"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"measure": "spend"}, "measure"),
        ({"meter": None}, "meter"),
        ({"measure": "cost"}, "quantity"),
        ({"currency": "USD"}, "currency"),
        ({"amount": "1", "quantity": None}, "amount"),
        ({"quantity": None}, "quantity"),
        ({"quantity": "0"}, "quantity"),
        ({"quantity": "1e400"}, "quantity"),
        ({"percent": "50"}, "quantity"),
        ({"of": "last_period"}, "of"),
        ({"quantity": None, "percent": "50"}, "of"),
        ({"quantity": None, "percent": "-1", "of": "5"}, "percent"),
        ({"quantity": None, "percent": "50", "of": "-5"}, "of"),
        ({"quantity": None, "percent": "50", "of": "everything"}, "of"),
        ({"recipients": ["nobody"]}, "recipients.0"),
        ({"recipients": ["a@b.example", "a,b@c.example"]}, "recipients.1"),
        ({"recipients": ["a@b.example\r\nBcc: c@d.example"]}, "recipients.0"),
        ({"recipients": ["<a@b.example>"]}, "recipients.0"),
        ({"recipients": ["Ann a@b.example"]}, "recipients.0"),
        ({"recipients": [f"a{n}@b.example" for n in range(11)]}, "recipients"),
        ({"customer_id": "acme"}, "customer_id"),
    ],
)
def test_what_is_refused_names_its_field(app: FastAPI, shop: TestClient, change: dict[str, Any], field: str) -> None:
    people = visit(app, shop).client
    body = {name: value for name, value in {**USAGE, **change}.items() if value is not None}
    if change.get("measure") == "cost":
        del body["meter"]
    response = people.post("/v1/portal/alerts", json=body)
    assert response.status_code in (400, 422), response.text
    assert errors(response) == [field]
    assert get(people, "/v1/portal/alerts")["data"] == []


def test_two_customers_and_the_organisation_do_not_see_each_others(app: FastAPI, shop: TestClient) -> None:
    acme, globex = visit(app, shop, "acme").client, visit(app, shop, "globex").client
    of_globex = get(shop, "/v1/subscriptions", customer_id="globex")["data"][0]["id"]
    assert acme.post("/v1/portal/alerts", json={**COST, "subscription_id": of_globex}).status_code == 404
    own = post(acme, "/v1/portal/alerts", USAGE)
    theirs = post(shop, "/v1/alerts", {**COST, "customer_id": "acme"})
    assert own["value"] == "3"
    assert get(globex, "/v1/portal/alerts")["data"] == []
    assert globex.delete(f"/v1/portal/alerts/{own['id']}").status_code == 404
    assert [one["id"] for one in get(acme, "/v1/portal/alerts")["data"]] == [own["id"]]
    assert acme.delete(f"/v1/portal/alerts/{theirs['id']}").status_code == 404
    assert [one["id"] for one in get(shop, "/v1/alerts", customer_id="acme")["data"]] == [theirs["id"], own["id"]]
    assert get(shop, "/v1/alerts", customer_id="globex")["data"] == []
    assert acme.delete(f"/v1/portal/alerts/{own['id']}").status_code == 204
    assert acme.delete(f"/v1/portal/alerts/{own['id']}").status_code == 404
    assert shop.delete(f"/v1/alerts/{theirs['id']}").status_code == 204
    assert get(shop, "/v1/alerts")["data"] == []


def test_a_hidden_meter_is_not_watched_in_the_portal(app: FastAPI, shop: TestClient) -> None:
    people = visit(app, shop).client
    post(people, "/v1/portal/alerts", USAGE)
    hidden = shop.patch("/v1/organisation", json={"settings": {"portal": {"hidden_meters": ["calls"]}}})
    assert hidden.status_code == 200
    assert people.post("/v1/portal/alerts", json=USAGE).status_code == 404
    assert get(people, "/v1/portal/alerts")["data"] == []


def test_a_deleted_alert_does_not_fire_and_there_is_an_end_to_new_ones(
    app: FastAPI, shop: TestClient, installation: TestInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "MAX_NEW_A_DAY", 3)
    people = visit(app, shop).client
    for _ in range(3):
        made = post(people, "/v1/portal/alerts", {**USAGE, "quantity": "1"})
        assert people.delete(f"/v1/portal/alerts/{made['id']}").status_code == 204
    look(installation)
    with installation.database.tenant(get(shop, "/v1/organisation")["id"]) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Firing)) == 0
    assert people.post("/v1/portal/alerts", json=USAGE).status_code == 409


def test_pages(shop: TestClient) -> None:
    made = [post(shop, "/v1/alerts", {**COST, "customer_id": "acme"})["id"] for _ in range(3)]
    first = get(shop, "/v1/alerts", limit=2)
    assert [one["id"] for one in first["data"]] == made[:0:-1]
    last = get(shop, "/v1/alerts", limit=2, cursor=first["next_cursor"])
    assert ([one["id"] for one in last["data"]], last["next_cursor"]) == (made[:1], None)
