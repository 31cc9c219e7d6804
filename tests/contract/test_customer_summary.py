"""Finding customers, one at a glance, and usage as a table."""

import csv
from io import StringIO

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, call, errors, get, open_shop, post, send, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def names(client: TestClient, **parameters: str) -> list[str]:
    """Page by page, two at a time."""
    found, cursor = [], None
    while True:
        page = get(client, "/v1/customers", limit=2, **parameters, **({"cursor": cursor} if cursor else {}))
        found += [customer["name"] for customer in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_customers_are_sorted_and_searched(client: TestClient, company: Company) -> None:
    for name, more in (
        ("beta", {"email": "Billing@Beta.example"}),
        ("Alpha", {"external_id": "a_1"}),
        ("gamma 100%", {"external_id": "g%"}),
        ("Alpha", {"external_id": "a-2"}),
        ("Ärger\\", {}),
    ):
        post(client, "/v1/customers", {"name": name, **more})
        post(company.live, "/v1/customers", {"name": f"live {name}", **more})
    assert names(client) == ["Ärger\\", "Alpha", "gamma 100%", "Alpha", "beta"]
    assert names(client, sort="created_at") == names(client)[::-1]
    assert names(client, sort="name")[:4] == ["Alpha", "Alpha", "beta", "gamma 100%"]
    assert names(client, sort="-name") == names(client, sort="name")[::-1]
    for search, expected in {
        "ALPHA": ["Alpha", "Alpha"],
        "beta.example": ["beta"],
        "a_1": ["Alpha"],
        "%": ["gamma 100%"],
        "\\": ["Ärger\\"],
        "'; DROP TABLE customers; --": [],
    }.items():
        assert names(client, search=search) == expected, search
    assert names(client, search="a", sort="name") == ["Alpha", "Alpha", "beta", "gamma 100%"]
    assert errors(client.get("/v1/customers", params={"sort": "email"})) == ["sort"]


def test_a_customer_at_a_glance(client: TestClient, engines: Engines) -> None:
    """NOW is the middle of Berlin's April. 3 calls in it at 0.01, a fee of 20: 20.03 now, 20.06 at the end."""
    prices = [
        {"key": "base", "model": "flat", "amount": "20"},
        {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.01"},
    ]
    open_shop(client, prices)
    client.patch("/v1/customers/acme", json={"aliases": ["acme/eu"]})
    subscribe(client, "2026-03-31T22:00:00Z")
    post(client, "/v1/customers", {"external_id": "globex"})
    send(
        client,
        call("2026-02-28T23:00:00Z", 7),  # March in Berlin
        call("2026-03-31T21:59:59Z", 5),
        call("2026-03-31T22:00:00Z", 3),
        call("2026-04-15T00:00:00Z", 2, customer="acme/eu"),
        call("2026-04-15T00:00:00Z", 1),
        call("2026-04-15T00:00:00Z", 9, customer="globex"),
    )
    draft = post(client, "/v1/invoices", {"customer_id": "acme", "items": [{"description": "x", "unit_amount": "5"}]})
    post(client, f"/v1/invoices/{draft['id']}/finalize")
    post(client, "/v1/credit-grants", {"customer_id": "acme", "amount": "7.5", "kind": "promotional"})
    summary = get(client, "/v1/customers/acme/eu/summary")
    assert summary == {
        "customer_id": get(client, "/v1/customers/acme")["id"],
        "as_of": "2026-04-15T22:00:00Z",
        "timezone": "Europe/Berlin",
        "usage": [
            {"meter": "calls", "name": "calls", "month_to_date": "3", "last_month": "2"},
            {"meter": "tokens", "name": "tokens", "month_to_date": "6", "last_month": "12"},
            {"meter": "users", "name": "users", "month_to_date": "1", "last_month": "1"},
        ],
        "cost": [{"currency": "USD", "so_far": "20.03", "projected": "20.06"}],
        "open_invoices": {"count": 1, "amounts": [{"currency": "USD", "amount": "5.00"}]},
        "balance": [{"currency": "USD", "amount": "7.50"}],
    }
    empty = get(client, "/v1/customers/globex/summary")
    assert (empty["cost"], empty["open_invoices"], empty["balance"]) == ([], {"count": 0, "amounts": []}, [])
    assert client.get("/v1/customers/nobody/summary").status_code == 404


def test_usage_as_a_table(client: TestClient) -> None:
    open_shop(client)
    send(
        client,
        call("2026-04-01T12:00:00Z", 5, model="=HYPERLINK(1)"),
        call("2026-04-01T12:00:00Z", "2.5", model="small"),
        call("2026-04-02T12:00:00Z", 1, model="small", customer="globex"),
    )
    response = client.get(
        "/v1/usage.csv", params={"meter": "tokens", "group_by": "model", "window": "day", "timezone": "UTC"}
    )
    assert response.headers["content-type"].startswith("text/csv")
    assert response.headers["content-disposition"] == 'attachment; filename="usage-tokens.csv"'
    assert list(csv.reader(StringIO(response.text))) == [
        ["meter", "from", "to", "model", "value"],
        ["tokens", "2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z", "'=HYPERLINK(1)", "5"],
        ["tokens", "2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z", "small", "2.5"],
        ["tokens", "2026-04-02T00:00:00Z", "2026-04-03T00:00:00Z", "small", "1"],
    ]
    theirs = client.get("/v1/usage.csv", params={"meter": "tokens", "customer_id": "acme"}).text.splitlines()
    assert theirs[1].endswith(",7.5")
