"""Every change through the API leaves an entry, in its own transaction; entries can't be altered."""

from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from justpaid.platform.database import Database
from tests.contract.conftest import Company
from tests.contract.steps import get, post


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


@pytest.mark.parametrize("change", ["UPDATE audit_entries SET actor_id = 'x'", "DELETE FROM audit_entries"])
def test_an_entry_is_for_ever(company: Company, database: Database, change: str) -> None:
    post(company.client, "/v1/customers", {"external_id": "acme"})
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), database.tenant(company.organisation_id) as session:
        session.execute(sa.text(change))
