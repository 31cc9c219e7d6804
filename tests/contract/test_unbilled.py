"""The report of unbilled usage: every reason with its events, and nothing that is or will be billed."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, bill, errors, get, invoices, post, send, subscribe

MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
PRICE = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": 1}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def event(id: str, day: int, customer: str = "acme", name: str = "call", **properties: Any) -> dict[str, Any]:
    at = f"2026-03-{day:02}T12:00:00Z"
    return {"id": id, "customer_id": customer, "event": name, "timestamp": at, "properties": properties}


def meter(client: TestClient, key: str, aggregation: str = "count", **more: Any) -> None:
    post(client, "/v1/meters", {"key": key, "event": "call", "aggregation": aggregation, **more})


def plan(client: TestClient, key: str = "pro", *prices: dict[str, Any]) -> None:
    post(client, "/v1/plans", {"key": key, "currency": "USD", "interval": "month", "prices": prices or [PRICE]})


def report(client: TestClient, **period: str) -> dict[str, list[tuple[Any, ...]]]:
    """By reason, where there is something: (what names the group, events, first day, last day, sample)."""
    document = get(client, "/v1/unbilled", **(period or MARCH))
    found = {}
    for reason in document["data"]:
        groups = [
            (
                *filter(None, (group[name] for name in ("customer_key", "event", "meter", "invoice_id"))),
                group["events"],
                *(group[name][8:10] for name in ("first_at", "last_at")),
                ",".join(group["sample"]),
            )
            for group in reason["groups"]
        ]
        assert (reason["events"] > 0) == bool(groups)
        if groups:
            found[reason["reason"]] = [reason["events"], *groups]
    return found


def test_what_has_a_customer_a_meter_and_a_price_is_not_reported(client: TestClient) -> None:
    meter(client, "calls")
    plan(client)
    post(client, "/v1/customers", {"external_id": "acme", "aliases": ["acme-eu"]})
    subscribe(client, "2026-03-01T00:00:00Z")
    send(client, event("a", 1), event("b", 31, "acme-eu"))
    assert report(client) == {}
    document = get(client, "/v1/unbilled", **MARCH)
    assert [reason["reason"] for reason in document["data"]] == [
        "no_customer",
        "no_meter",
        "filters_exclude",
        "no_value",
        "no_subscription",
        "no_price",
        "late",
    ]
    assert (document["from"], document["to"]) == (MARCH["from"], MARCH["to"])


def test_keys_that_mean_no_customer_the_most_frequent_first(client: TestClient) -> None:
    meter(client, "calls")
    send(client, *(event(f"a{n}", n + 1, "stray") for n in range(7)), event("b", 9, "lost"), event("c", 9, "lost"))
    assert report(client)["no_customer"] == [
        9,
        ("stray", 7, "01", "07", "a0,a1,a2,a3,a4"),
        ("lost", 2, "09", "09", "b,c"),
    ]
    post(client, "/v1/customers", {"external_id": "acme", "aliases": ["stray", "lost"]})
    assert set(report(client)) == {"no_subscription"}


def test_events_that_no_meter_takes_and_why(client: TestClient) -> None:
    post(client, "/v1/customers", {"external_id": "acme"})
    large = {"property": "properties.size", "operator": "gt", "values": ["10"]}
    meter(client, "tokens", "sum", property="properties.tokens", filters=[large])
    meter(client, "users", "unique", property="properties.user", filters=[large])
    send(
        client,
        event("other", 1, name="cal"),
        event("small", 2, size=10, tokens=1, user="ann"),
        event("text", 3, size=11, tokens="many", user="ann"),
        event("missing", 4, size=11),
        event("well", 5, size=11, tokens="2", user="ann"),
    )
    found = report(client)
    assert found["no_meter"] == [1, ("cal", 1, "01", "01", "other")]
    assert found["filters_exclude"] == [1, ("call", 1, "02", "02", "small")]
    # `missing` is in two groups and counts once.
    assert found["no_value"] == [
        2,
        ("call", "tokens", 2, "03", "04", "text,missing"),
        ("call", "users", 1, "04", "04", "missing"),
    ]


def test_without_any_meter_all_events_are_unmetered(client: TestClient) -> None:
    post(client, "/v1/customers", {"external_id": "acme"})
    send(client, event("a", 1), event("b", 2))
    assert report(client) == {"no_meter": [2, ("call", 2, "01", "02", "a,b")]}


def test_a_time_without_a_subscription_and_a_meter_without_a_price(client: TestClient) -> None:
    """Acme's subscription runs from the 10th until the 20th; Globex never had one; Initech pays a flat fee."""
    meter(client, "calls")
    meter(client, "batches", filters=[{"property": "properties.kind", "operator": "eq", "values": ["batch"]}])
    plan(client)
    plan(client, "flat", {"key": "fee", "model": "flat", "amount": 5})
    for customer in ("acme", "globex", "initech"):
        post(client, "/v1/customers", {"external_id": customer})
    subscribe(client, "2026-03-10T00:00:00Z", end_at="2026-03-20T12:00:00Z")
    subscribe(client, "2026-01-01T00:00:00Z", customer_id="initech", plan="flat")
    send(
        client,
        event("before", 9),
        event("first", 10, kind="batch"),  # no price for batches, but one for calls
        event("at the end", 20),
        event("g", 15, "globex"),
        event("i", 15, "initech"),
        event("j", 16, "initech", kind="batch"),
    )
    assert report(client) == {
        "no_subscription": [3, ("acme", 2, "09", "20", "before,at the end"), ("globex", 1, "15", "15", "g")],
        "no_price": [2, ("initech", "calls", 2, "15", "16", "i,j"), ("initech", "batches", 1, "16", "16", "j")],
    }


def test_events_that_missed_the_cut_off_of_their_invoice(client: TestClient) -> None:
    meter(client, "calls")
    plan(client)
    customer = post(client, "/v1/customers", {"external_id": "acme"})
    subscribe(client, "2026-03-01T00:00:00Z")
    send(client, event("in time", 5), event("by another key", 6, "acme-eu"))
    bill(client, as_of="2026-04-01T00:00:00Z")
    (invoice,) = invoices(client)
    assert invoice["total"] == "1.00"
    assert set(report(client)) == {"no_customer"}
    send(client, event("late", 7), {**event("of April", 1), "timestamp": "2026-04-01T00:00:00Z"})
    assert report(client)["late"] == [1, ("acme", "calls", invoice["id"], 1, "07", "07", "late")]
    # It came in time, but nobody knew whose it was.
    response = client.patch(f"/v1/customers/{customer['id']}", json={"aliases": ["acme-eu"]})
    assert response.status_code == 200, response.text
    assert report(client) == {
        "late": [
            2,
            ("acme", "calls", invoice["id"], 1, "07", "07", "late"),
            ("acme-eu", "calls", invoice["id"], 1, "06", "06", "by another key"),
        ]
    }


def test_only_the_fifty_largest_groups_are_told(client: TestClient) -> None:
    send(client, *(event(f"{n}-{m}", 1, name=f"name-{n:02}") for n in range(60) for m in range(1 + (n == 59))))
    found = report(client)["no_meter"]
    assert (found[0], len(found) - 1, found[1][:2]) == (61, 50, ("name-59", 2))


def test_the_period_and_its_default(client: TestClient) -> None:
    send(client, event("of March", 31), {**event("of April", 1), "timestamp": "2026-04-15T00:00:00Z"})
    assert report(client)["no_meter"][1][-1] == "of March"
    this_month = get(client, "/v1/unbilled")
    assert (this_month["from"], this_month["to"]) == ("2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z")
    assert this_month["data"][1]["groups"][0]["sample"] == ["of April"]
    assert errors(client.get("/v1/unbilled", params={"from": MARCH["to"], "to": MARCH["from"]})) == ["to"]
    assert errors(client.get("/v1/unbilled?form=x")) == ["form"]


def test_another_organisations_events_customers_and_meters_are_not_seen(
    client: TestClient, company: Company, new_company: Callable[[], Company]
) -> None:
    send(client, event("ours", 1))
    for stranger in (new_company().client, company.live):
        post(stranger, "/v1/customers", {"external_id": "acme"})
        meter(stranger, "calls")
        assert report(stranger) == {}
        send(stranger, event("theirs", 2, "it's \\ odd", "na'me\\"))
    found = report(client)
    assert found["no_customer"] == [1, ("acme", 1, "01", "01", "ours")]
    assert found["no_meter"] == [1, ("call", 1, "01", "01", "ours")]
