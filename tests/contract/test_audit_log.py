"""Every change through the API leaves an entry, in its own transaction; entries can't be altered."""

from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, get, open_shop, post, send, subscribe


def trail(client: TestClient, record_id: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = get(client, "/v1/audit-log", record_id=record_id)["data"]
    return entries


def test_a_change_tells_who_what_and_from_what_to_what(client: TestClient) -> None:
    (key,) = get(client, "/v1/api-keys")["data"]
    customer = post(client, "/v1/customers", {"external_id": "acme", "name": "Acme"})
    assert client.patch("/v1/customers/acme", json={"name": "Acme Inc."}).status_code == 200
    updated, created = trail(client, customer["id"])
    assert (created["action"], created["record"], created["request"]) == ("created", "customers", "POST /v1/customers")
    assert created["changes"]["name"] == [None, "Acme"]
    assert (updated["action"], updated["request"]) == ("updated", "PATCH /v1/customers/acme")
    assert updated["changes"]["name"] == ["Acme", "Acme Inc."]
    assert updated["actor"] == {"type": "api_key", "id": key["id"], "name": f"sk_test_…{key['hint']}"}
    assert updated["at"] > created["at"]


def test_a_refused_change_leaves_none(client: TestClient) -> None:
    post(client, "/v1/customers", {"external_id": "acme", "name": "Acme"})
    before = get(client, "/v1/audit-log")["data"]
    assert client.post("/v1/customers", json={"external_id": "acme"}).status_code == 409
    assert client.patch("/v1/customers/acme", json={"timezone": "Mars"}).status_code == 422
    assert get(client, "/v1/audit-log")["data"] == before


def test_what_changes_nothing_leaves_none(client: TestClient) -> None:
    customer = post(client, "/v1/customers", {"external_id": "acme", "name": "Acme"})
    assert client.patch("/v1/customers/acme", json={"name": "Acme"}).status_code == 200
    assert [entry["action"] for entry in trail(client, customer["id"])] == ["created"]


def test_secrets_are_not_written_down(client: TestClient) -> None:
    key = post(client, "/v1/api-keys", {"name": "second"})
    (entry,) = trail(client, key["id"])
    assert entry["changes"]["digest"] == [None, "(hidden)"]
    assert key["secret"] not in str(entry)


def test_it_is_paged_newest_first(client: TestClient) -> None:
    for n in range(3):
        post(client, "/v1/customers", {"external_id": f"c{n}"})
    first = get(client, "/v1/audit-log", limit=2)
    second = get(client, "/v1/audit-log", limit=2, cursor=first["next_cursor"])
    names = [entry["changes"].get("external_id") for entry in first["data"] + second["data"]]
    assert [name for name in names if name] == [[None, "c2"], [None, "c1"], [None, "c0"]]


@pytest.fixture
def billed(client: TestClient) -> TestClient:
    """Acme's March is issued as INV-000001, and April's days are a draft."""
    open_shop(client)
    send(client, {**call("2026-03-02T10:00:00Z", 1000), "id": "e1"}, {**call("2026-03-03T10:00:00Z", 1), "id": "e2"})
    subscribe(client, "2026-03-01T00:00:00+01:00")
    return client


def told(client: TestClient, record_id: str) -> list[tuple[str, str, dict[str, Any]]]:
    """(action, request, changes), the first one first."""
    return [(one["action"], one["request"], one["changes"]) for one in reversed(trail(client, record_id))]


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def test_the_life_of_an_invoice_is_told(billed: TestClient) -> None:
    run = bill(billed, finalize=False)
    ((action, request, changes),) = told(billed, run["id"])
    assert (action, request, changes["invoices_created"]) == ("created", "POST /v1/billing-runs", [None, 1])
    (invoice,) = get(billed, "/v1/invoices")["data"]
    path = f"/v1/invoices/{invoice['id']}"
    post(billed, f"{path}/finalize")
    note = post(billed, "/v1/credit-notes", {"invoice": invoice["id"], "amount": "1"})
    post(billed, f"/v1/credit-notes/{note['id']}/void")
    post(billed, f"{path}/void")
    entries = [
        (request, changes["status"]) for _, request, changes in told(billed, invoice["id"]) if "status" in changes
    ]
    assert entries == [
        (f"POST {path}/finalize", ["draft", "finalized"]),
        (f"POST {path}/void", ["finalized", "void"]),
    ]
    assert [changes["status"] for _, _, changes in told(billed, note["id"])] == [[None, "issued"], ["issued", "void"]]


def test_corrections_of_events_and_late_usage_are_told(billed: TestClient) -> None:
    bill(billed)
    post(billed, "/v1/events/e1/amend", {"quantity": 3})
    post(billed, "/v1/events/e2/void")
    assert told(billed, "e1") == [("updated", "POST /v1/events/e1/amend", {"quantity": ["1", "3"]})]
    assert told(billed, "e2") == [("updated", "POST /v1/events/e2/void", {"status": ["counted", "voided"]})]
    late = post(billed, "/v1/invoices/INV-000001/late-usage", {"policy": "supplementary_invoice"})
    ((action, request, changes),) = told(billed, late["corrections"][0]["id"])
    assert (action, request) == ("created", "POST /v1/invoices/INV-000001/late-usage")
    assert changes["policy"] == [None, "supplementary_invoice"]


def test_changes_of_subscriptions_aliases_and_backfills_are_told(billed: TestClient) -> None:
    (subscription,) = get(billed, "/v1/subscriptions")["data"]
    post(billed, f"/v1/subscriptions/{subscription['id']}/change", {"seats": 3})
    post(billed, f"/v1/subscriptions/{subscription['id']}/cancel", {})
    entries = get(billed, "/v1/audit-log", limit=100)["data"]
    path = f"POST /v1/subscriptions/{subscription['id']}"
    requests = [one["request"] for one in entries]
    assert {f"{path}/change", f"{path}/cancel"} <= set(requests)
    billed.patch("/v1/customers/acme", json={"aliases": ["acme-old"]})
    assert told(billed, subscription["customer_id"])[-1][2] == {"aliases": [[], ["acme-old"]]}
    backfill = post(billed, "/v1/backfills", {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z"})
    post(billed, f"/v1/backfills/{backfill['id']}/close")
    post(billed, f"/v1/backfills/{backfill['id']}/revert")
    assert [changes["status"] for _, _, changes in told(billed, backfill["id"])[1:]] == [
        ["open", "closed"], ["closed", "reverted"],
    ]  # fmt: skip


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET actor_id = 'x'", "DELETE FROM audit_entries"])
def test_an_entry_is_for_ever(company: Company, database: Database, change: str) -> None:
    post(company.client, "/v1/customers", {"external_id": "acme"})
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.tenant(company.organisation_id) as session:
        session.execute(sa.text(change))
