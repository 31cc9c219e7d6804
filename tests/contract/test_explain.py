"""The proof of a line by HTTP: its arithmetic, and its events by pages, as CSV and as NDJSON."""

import csv
import json
from io import StringIO
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, PRICES, bill, call, errors, get, open_shop, post, send, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def billed(client: TestClient) -> TestClient:
    """Half of Acme's March, from the 16th at noon of the clocks' change on, with 10 % off and 19 % tax."""
    open_shop(client, PRICES)
    post(client, "/v1/tax-rates", {"key": "vat", "name": "VAT", "percent": "19", "default": True})
    post(client, "/v1/coupons", {"key": "TEN", "name": "Ten off", "percent": "10", "duration": "forever"})
    post(client, "/v1/discounts", {"coupon": "TEN", "customer_id": "acme"})
    subscribe(client, "2026-03-17T00:00:00+01:00", billing_anchor="calendar")
    for n in range(5):
        model = "=large" if n == 4 else "small"
        send(client, {**call(f"2026-03-2{n}T10:00:00Z", 300 + n, user="=HYPERLINK()", model=model), "id": f"e{n}"})
    send(client, {**call("2026-03-17T00:00:00Z", "many"), "id": "no-number"})
    bill(client)
    send(client, {**call("2026-03-25T10:00:00Z", 1000), "id": "late"})
    post(client, "/v1/events/e0/void")
    return client


TOKENS = "/v1/invoices/INV-000001/lines/3"


def test_a_metered_line_is_explained(billed: TestClient) -> None:
    told = get(billed, f"{TOKENS}/explain")
    invoice = get(billed, "/v1/invoices/INV-000001")
    assert told["line"] == invoice["lines"][2]
    assert (told["origin"], told["price"]["model"], told["proration"]) == ("usage", "graduated", None)
    metered = told["metered"]
    assert metered.pop("events_url") == f"/v1/invoices/{invoice['id']}/lines/3/events"
    assert metered.pop("counted")["cutoff"] == invoice["cutoff"]
    assert metered == {
        "meter": "tokens",
        "event": "api_call",
        "aggregation": "sum",
        "property": "properties.tokens",
        "filters": [],
        "dimensions": ["model"],
        "period_start": "2026-03-16T23:00:00Z",
        "period_end": "2026-03-31T22:00:00Z",
        "counted_before": None,
        "value": "1510",
    }
    # 1,000 × 0.002 + 510 × 0.001 = 2.51; 10 % of it is 0.25, and 19 % of 2.26 is 0.43.
    assert told["rounding"] == {"exact": "2.51", "places": 2, "amount": "2.51"}
    assert [(one["coupon"], one["amount"]) for one in told["discounts"]] == [("TEN", "0.25")]
    assert [(one["key"], one["amount"]) for one in told["line"]["taxes"]] == [("vat", "0.43")]
    assert told["total"] == "2.69"


def test_a_prorated_fee_is_explained(billed: TestClient) -> None:
    """17 March 00:00 to 1 April in Berlin: 15 days less the hour of the change of clocks, of 31 days less that hour."""
    told = get(billed, "/v1/invoices/INV-000001/lines/1/explain")
    assert (told["origin"], told["metered"], told["units"]) == ("fee", None, "1")
    assert told["proration"] == {
        "full_period_start": "2026-02-28T23:00:00Z",
        "full_period_end": "2026-03-31T22:00:00Z",
        "numerator": 359,
        "denominator": 743,
        "share": "0.483176312248",
    }
    assert told["line"]["amount"] == "9.66"  # 20 × 359 ÷ 743
    refused = billed.get("/v1/invoices/INV-000001/lines/1/events")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_the_events_come_by_pages_and_sum_to_the_quantity(billed: TestClient) -> None:
    first = get(billed, f"{TOKENS}/events", limit=4)
    second = get(billed, f"{TOKENS}/events", limit=4, cursor=first["next_cursor"])
    listed = [*first["data"], *second["data"]]
    assert second["next_cursor"] is None
    assert [one["id"] for one in listed] == ["no-number", "e0", "e1", "e2", "e3", "e4"]
    assert [(one["value"], one["part"]) for one in listed[:2]] == [(None, "0"), ("300", "300")]
    assert sum(int(one["part"]) for one in listed) == 1510
    assert listed[1]["properties"] == {"tokens": 300, "user": "=HYPERLINK()", "model": "small"}
    assert listed[1]["change"] is None


def test_the_events_are_exported(billed: TestClient) -> None:
    by_name = billed.get(f"{TOKENS}/events.csv")
    by_accept = billed.get(f"{TOKENS}/events", headers={"Accept": "text/csv"})
    assert by_name.text == by_accept.text
    assert by_name.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_name.headers["content-disposition"] == 'attachment; filename="INV-000001-3-events.csv"'
    rows = list(csv.DictReader(StringIO(by_name.text)))
    assert [row["part"] for row in rows] == ["0", "300", "301", "302", "303", "304"]
    users = list(csv.DictReader(StringIO(billed.get("/v1/invoices/INV-000001/lines/4/events.csv").text)))
    assert [(row["value"], row["part"]) for row in users[:3]] == [
        ("ann", "1"),
        ("'=HYPERLINK()", "1"),
        ("'=HYPERLINK()", "0"),
    ]
    lines = billed.get(f"{TOKENS}/events.ndjson")
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["id"] for line in lines.text.splitlines()] == [row["id"] for row in rows]
    assert billed.get(f"{TOKENS}/events", headers={"Accept": "application/x-ndjson"}).text == lines.text


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("lines/9/explain", 404, None),
        ("lines/9/events", 404, None),
        ("lines/9/events.csv", 404, None),
        ("lines/0/explain", 422, "position"),
        ("lines/one/events", 422, "position"),
        ("lines/3/events?cursor=nonsense", 422, "cursor"),
        ("lines/3/events?limit=0", 422, "limit"),
        ("lines/3/events?form=csv", 422, "form"),
    ],
)
def test_what_is_not_there_is_refused(billed: TestClient, path: str, status: int, field: str | None) -> None:
    refused: Any = billed.get(f"/v1/invoices/INV-000001/{path}")
    assert (refused.status_code, errors(refused)) == (status, [field] if field else [])


def test_expired_events_are_refused_and_not_left_out(billed: TestClient, engines: Engines, company: Any) -> None:
    month = {company.organisation_id: NOW}
    engines.metering.expire(month)
    for path in ("events", "events.csv"):
        refused = billed.get(f"{TOKENS}/{path}")
        assert (refused.status_code, refused.json()["code"]) == (410, "events_expired")
    assert get(billed, f"{TOKENS}/explain")["metered"]["value"] == "1510"
