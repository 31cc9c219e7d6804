"""The overview: every figure against records made by hand."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, call, errors, get, post, send

BERLIN = "Europe/Berlin"


@pytest.fixture
def installation(database: Database, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> TestInstallation:
    monkeypatch.setattr("justpaid.api.routes.overview._KEPT_S", 0.0)
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def asked(client: TestClient, engines: Engines, **parameters: Any) -> dict[str, Any]:
    assert engines.metering.drain(20)
    with engines.metering.drainer.paused():
        return get(client, "/v1/overview", **parameters)


def test_of_an_organisation_without_anything(client: TestClient, engines: Engines) -> None:
    document = asked(client, engines)
    standing = document.pop("metering")
    assert standing["behind"] == 0
    assert standing["lag_ms"] == 0
    assert standing["position"] == standing["head"] == engines.journal.head
    series = document["events"].pop("per_minute_series")
    assert len(series) == 60
    assert series[-1] == {"at": "2026-04-15T21:59:00Z", "count": 0}
    assert len(document.pop("daily")) == 14
    assert document == {
        "as_of": "2026-04-15T22:00:00Z",
        "timezone": "UTC",
        "events": {"today": 0, "per_minute": 0, "change_vs_last_month": None},
        "active_customers": 0,
        "revenue": [],
        "latency_ms": {"p50": None, "p99": None},
        "invoices": {"open": 0, "open_amounts": [], "issued_this_month": 0},
    }


def test_events_by_day_month_and_zone(client: TestClient, engines: Engines) -> None:
    """NOW is 22:00 in UTC and midnight in Berlin: there, today has just begun."""
    post(client, "/v1/customers", {"external_id": "acme", "aliases": ["acme-eu"]})
    post(client, "/v1/customers", {"external_id": "globex"})
    times = ["03-05T00:00", "03-30T00:00", "04-01T00:00", "04-14T22:00", "04-15T21:59", "04-15T22:00"]
    send(client, *(call(f"2026-{time}:00Z", 1) for time in times), call("2026-04-02T00:00:00Z", 1, customer="acme-eu"))
    send(client, call("2026-03-02T00:00:00Z", 1, customer="globex"), call("2026-04-02T00:00:00Z", 1, customer="nobody"))
    here = asked(client, engines)
    assert here["events"]["today"] == 2
    assert [day["events"] for day in here["daily"]] == [2, *[0] * 11, 1, 2]
    assert (here["daily"][0]["date"], here["daily"][-1]["date"]) == ("2026-04-02", "2026-04-15")
    # April so far, without what happens at this very instant: 5. To the same instant of March: the 2nd and the 5th.
    assert here["events"]["change_vs_last_month"] == "1.5"
    assert here["active_customers"] == 1
    there = asked(client, engines, timezone=BERLIN)
    assert there["events"]["today"] == 1
    assert there["timezone"] == BERLIN
    assert [day["events"] for day in there["daily"]][-3:] == [0, 2, 1]


def test_pace_and_latency_are_of_this_moment(client: TestClient, engines: Engines) -> None:
    asked(client, engines)
    send(client, *(call("2026-04-02T00:00:00Z", n) for n in range(7)))
    document = asked(client, engines)
    assert document["events"]["per_minute"] == 7
    assert 0 < document["latency_ms"]["p50"] <= document["latency_ms"]["p99"] < 20_000


def test_revenue_is_what_was_issued_before_tax_less_what_was_credited(
    client: TestClient, engines: Engines, installation: TestInstallation
) -> None:
    post(client, "/v1/tax-rates", {"key": "vat", "name": "VAT", "percent": "19", "inclusive": True})
    post(client, "/v1/tax-rates", {"key": "levy", "name": "Levy", "percent": "10"})
    post(client, "/v1/customers", {"external_id": "acme", "tax_rates": ["vat"]})
    post(client, "/v1/customers", {"external_id": "globex", "tax_rates": ["levy"]})
    clock = FixedClock(NOW)
    installation.clock = clock  # type: ignore[assignment]

    def issued(at: datetime, customer: str, amount: str, **more: Any) -> dict[str, Any]:
        clock.move_to(at)
        items = [{"description": "Work", "unit_amount": amount}]
        draft = post(client, "/v1/invoices", {"customer_id": customer, "items": items, **more})
        return post(client, f"/v1/invoices/{draft['id']}/finalize")

    issued(datetime(2026, 3, 10, tzinfo=UTC), "acme", "119")  # 100 of it before tax
    issued(datetime(2026, 3, 20, tzinfo=UTC), "globex", "1000")  # later in March than today in April
    first = issued(datetime(2026, 4, 2, tzinfo=UTC), "acme", "238")  # 200
    issued(datetime(2026, 4, 3, tzinfo=UTC), "globex", "50")  # 50, and 5 of tax
    issued(datetime(2026, 4, 3, tzinfo=UTC), "globex", "7", currency="EUR")
    withdrawn = issued(datetime(2026, 4, 4, tzinfo=UTC), "globex", "77")
    post(client, f"/v1/invoices/{withdrawn['id']}/void")
    post(client, "/v1/credit-notes", {"invoice": first["number"], "lines": [{"line": 1, "amount": "119"}]})
    clock.move_to(NOW)
    document = asked(client, engines)
    assert document["revenue"] == [
        {"currency": "EUR", "month_to_date": "7.00", "last_month_to_same_day": "0.00", "change": None},
        {"currency": "USD", "month_to_date": "150.00", "last_month_to_same_day": "100.00", "change": "0.5"},
    ]
    assert document["invoices"] == {
        "open": 5,
        "open_amounts": [{"currency": "EUR", "amount": "7.70"}, {"currency": "USD", "amount": "1393.00"}],
        "issued_this_month": 3,
    }


def test_another_organisation_sees_nothing_of_it(
    client: TestClient, new_company: Callable[[], Company], company: Company, engines: Engines
) -> None:
    asked(client, engines)
    send(client, call("2026-04-15T12:00:00Z", 1))
    for stranger in (new_company().client, company.live):
        document = asked(stranger, engines)
        assert document["events"]["today"] == 0
        assert document["events"]["per_minute"] == 0
        assert document["latency_ms"] == {"p50": None, "p99": None}


def test_answers_are_kept_for_a_moment(client: TestClient, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("justpaid.api.routes.overview._KEPT_S", 60.0)
    first = asked(client, engines)
    send(client, call("2026-04-15T12:00:00Z", 1))
    assert asked(client, engines) == first
    assert asked(client, engines, timezone=BERLIN)["events"]["per_minute"] == 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Berlin", "../etc/passwd"])
def test_a_zone_that_is_none(client: TestClient, zone: str) -> None:
    assert errors(client.get("/v1/overview", params={"timezone": zone})) == ["timezone"]
