"""Backtests over HTTP: asked for, followed, read by page and as a table, refused where they make no sense."""

import csv
import io
from typing import Any

import pytest

from justpaid.insights.backtest import run_waiting
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, call, errors, get, post, send

SPAN = {"from": "2026-02-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
CALLS: dict[str, Any] = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "1"}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def work(installation: TestInstallation) -> None:
    assert installation.metering.drain(10)
    run_waiting(installation.database, installation.metering, installation.clock)


def subscribers(company: Company) -> None:
    """`=SUM(A1)` with 3 calls in February, and `quiet` with none."""
    client = company.client
    post(client, "/v1/meters", {"key": "calls", "event": "api_call", "aggregation": "count"})
    post(client, "/v1/plans", {"key": "pro", "currency": "USD", "interval": "month", "prices": [CALLS]})
    for name in ("=SUM(A1)", "quiet"):
        post(client, "/v1/customers", {"external_id": name, "name": name})
        body = {"customer_id": name, "plan": "pro", "start_at": SPAN["from"], "billing_anchor": "calendar"}
        post(client, "/v1/subscriptions", body)
    send(client, *({**call("2026-02-02T00:00:00Z", 1), "customer_id": "=SUM(A1)"} for _ in range(3)))


def test_terms_sent_along(company: Company, installation: TestInstallation) -> None:
    subscribers(company)
    client = company.client
    terms = {"currency": "USD", "interval": "month", "prices": [{**CALLS, "unit_amount": "0.5"}]}
    asked = post(client, "/v1/backtests", {"terms": terms, **SPAN}, 201)
    assert (asked["status"], asked["progress"], asked["customers_total"], asked["result"]) == ("queued", "0", 2, None)
    work(installation)
    done = get(client, f"/v1/backtests/{asked['id']}")
    (usd,) = done["result"]
    assert (done["status"], done["progress"], usd["before"], usd["after"]) == ("completed", "1", "3", "1.5")
    assert (usd["winners"], usd["losers"], usd["unchanged"], usd["change_percent"]) == (1, 0, 1, "-50")

    path = f"/v1/backtests/{asked['id']}/customers"
    first = get(client, path, limit=1)
    second = get(client, path, limit=1, cursor=first["next_cursor"])
    assert [page["data"][0]["external_id"] for page in (first, second)] == ["=SUM(A1)", "quiet"]
    assert second["next_cursor"] is None
    assert first["data"][0]["months"] == [
        {"month": "2026-02", "before": "3", "after": "1.5"},
        {"month": "2026-03", "before": "0", "after": "0"},
    ]
    assert errors(client.get(path, params={"cursor": "x"})) == ["cursor"]

    table = list(csv.DictReader(io.StringIO(client.get(f"{path}.csv", params={"sort": "-before"}).text)))
    assert [(row["name"], row["before"], row["change"]) for row in table] == [
        ("'=SUM(A1)", "3", "-1.5"),
        ("quiet", "0", "0"),
    ]
    assert client.post(f"/v1/backtests/{asked['id']}/cancel").status_code == 409


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"plan": "pro", "from": SPAN["to"], "to": SPAN["from"]}, ["to"]),
        ({"plan": "pro", "from": SPAN["from"], "to": SPAN["from"]}, ["to"]),
        ({"plan": "pro", "from": "2025-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"}, ["to"]),
        ({"plan": "pro", "from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}, ["to"]),
        ({**SPAN}, ["plan"]),
        ({"plan": "pro", "customers": [], **SPAN}, ["customers"]),
        (
            {"terms": {"currency": "USD", "interval": "month", "prices": [{**CALLS, "meter": "none"}]}, **SPAN},
            ["prices.0.meter"],
        ),
    ],
)
def test_what_makes_no_sense(company: Company, body: dict[str, Any], fields: list[str]) -> None:
    subscribers(company)
    assert errors(company.client.post("/v1/backtests", json=body)) == fields


def test_a_plan_or_a_customer_that_is_not_there(company: Company) -> None:
    subscribers(company)
    for body in ({"plan": "none"}, {"plan": "pro", "version": 9}, {"plan": "pro", "customers": ["none"]}):
        assert company.client.post("/v1/backtests", json={**body, **SPAN}).status_code == 404
