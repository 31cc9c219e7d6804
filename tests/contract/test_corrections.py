"""Voiding and amending events by HTTP; and what issued invoices, estimates and usage say then."""

from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform import failpoints
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, amounts, bill, call, errors, get, invoices, open_shop, post, send, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def event(event_id: str, at: str = "2026-04-02T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": event_id, "customer_id": "acme", "event": "completion", "timestamp": at, **more}


def total(client: TestClient, meter: str = "n", **more: Any) -> str:
    answer = get(
        client, "/v1/usage", meter=meter, **{"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"} | more
    )
    value: str = answer["data"][0]["value"]
    return value


def meter(client: TestClient, key: str = "n", aggregation: str = "sum", property: str | None = "quantity") -> None:
    post(client, "/v1/meters", {"key": key, "event": "completion", "aggregation": aggregation, "property": property})


def test_a_voided_event(client: TestClient) -> None:
    meter(client)
    send(client, event("a", quantity=2), event("b", quantity=3))
    assert total(client) == "5"
    voided = post(client, "/v1/events/a/void", status=200)
    assert (voided["id"], voided["status"], voided["meters"], voided["lines"]) == ("a", "voided", [], [])
    assert total(client) == "3"
    found = get(client, "/v1/events/a")
    assert (found["status"], found["reason"]) == ("voided", "it was voided before any invoice included it")
    assert [(v["change"], v["quantity"]) for v in found["versions"]] == [("accepted", "2"), ("voided", "2")]
    listed = get(client, "/v1/events")["data"]
    assert [(one["id"], one["status"]) for one in listed] == [("b", "metered"), ("a", "voided")]
    assert post(client, "/v1/events", event("a", quantity=2))["duplicates"] == 1
    assert total(client) == "3"


def test_an_amended_event(client: TestClient) -> None:
    meter(client)
    send(client, event("a/b c", quantity=2, properties={"model": "x", "big": 12345678901234567890}))
    changes = {"quantity": "0.10", "customer_id": "globex", "timestamp": "2026-04-03T12:00:00+02:00"}
    amended = post(client, "/v1/events/a%2Fb%20c/amend", changes, 200)
    assert (amended["quantity"], amended["customer_id"], amended["event"]) == ("0.1", "globex", "completion")
    assert amended["timestamp"] == "2026-04-03T10:00:00Z"
    assert amended["properties"] == {"model": "x", "big": 12345678901234567890}
    assert total(client) == "0.1"
    assert total(client, to="2026-04-03T00:00:00Z") == "0"
    found = get(client, "/v1/events/a%2Fb%20c")
    assert (found["status"], found["meters"]) == ("metered", [{"key": "n", "value": "0.1"}])
    assert [(v["change"], v["customer_id"], v["quantity"]) for v in found["versions"]] == [
        ("accepted", "acme", "2"),
        ("amended", "globex", "0.1"),
    ]
    (listed,) = get(client, "/v1/events")["data"]
    assert {name: found[name] for name in listed} == listed
    exact = '"properties":{"big":12345678901234567890,"pi":3.14159265358979}'
    headers = {"Content-Type": "application/json"}
    again = client.post("/v1/events/a%2Fb%20c/amend", content="{" + exact + "}", headers=headers)
    assert exact in again.text
    assert again.json()["quantity"] == "0.1"
    assert exact in client.get("/v1/events/a%2Fb%20c").text


def test_numbers_stay_exact_and_events_without_a_key_can_be_corrected(client: TestClient) -> None:
    meter(client)
    receipt = post(client, "/v1/events", {"customer_id": "acme", "event": "completion", "quantity": "0.1"})
    path = f"/v1/events/{receipt['ids'][0]}"
    body = b'{"quantity": 99999999999999999999.123456789012, "timestamp": 1775131200.25}'
    response = client.post(f"{path}/amend", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 200, response.text
    assert (response.json()["quantity"], response.json()["timestamp"]) == (
        "99999999999999999999.123456789012",
        "2026-04-02T12:00:00.250000Z",
    )
    assert total(client) == "99999999999999999999.123456789012"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "body"),
        ({"id": "other"}, 422, "id"),
        ({"quantity": None}, 422, "quantity"),
        ({"quantity": "many"}, 422, "quantity"),
        ({"quantity": True}, 422, "quantity"),
        ({"quantity": "1e400"}, 422, "quantity"),
        ({"quantity": [1]}, 422, "quantity"),
        ({"customer_id": ""}, 422, "customer_id"),
        ({"customer_id": None}, 422, "customer_id"),
        ({"customer_id": 7}, 422, "customer_id"),
        ({"event": "x" * 256}, 422, "event"),
        ({"event": "a\nb"}, 422, "event"),
        ({"timestamp": None}, 422, "timestamp"),
        ({"timestamp": "2026-04-02T10:00:00"}, 422, "timestamp"),
        ({"timestamp": "9999-01-01T00:00:00Z"}, 422, "timestamp"),
        ({"timestamp": {}}, 422, "timestamp"),
        ({"properties": None}, 422, "properties"),
        ({"properties": "x"}, 422, "properties"),
        ({"properties": {"n": 10**21}}, 422, "properties"),
        ({"properties": {"text": "x" * 70_000}}, 422, "properties"),
        ([], 422, "body"),
        ("x", 422, "body"),
    ],
)
def test_an_amendment_that_makes_no_sense_changes_nothing(
    client: TestClient, body: Any, status: int, field: str
) -> None:
    send(client, event("a"))
    response = client.post("/v1/events/a/amend", json=body)
    assert response.status_code == status, response.text
    assert errors(response) == [field]
    assert len(get(client, "/v1/events/a")["versions"]) == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"quantity": NaN}'])
def test_a_body_that_is_no_amendment(client: TestClient, content: bytes) -> None:
    send(client, event("a"))
    response = client.post("/v1/events/a/amend", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


def test_a_live_event_can_not_be_moved_into_the_future(company: Company) -> None:
    for client, status in ((company.client, 200), (company.live, 422)):
        send(client, event("a"))
        response = client.post("/v1/events/a/amend", json={"timestamp": "2099-01-01T00:00:00Z"})
        assert response.status_code == status


def test_what_is_not_there_or_no_longer_can_not_be_corrected(client: TestClient) -> None:
    send(client, event("a"))
    for path, body in (("void", None), ("amend", {"quantity": 2})):
        assert client.post(f"/v1/events/none/{path}", json=body).status_code == 404
    post(client, "/v1/events/a/void", status=200)
    for path, body in (("void", None), ("amend", {"quantity": 2})):
        response = client.post(f"/v1/events/a/{path}", json=body)
        assert (response.status_code, response.json()["code"]) == (409, "conflict")
        assert "voided" in response.json()["detail"]
    assert len(get(client, "/v1/events/a")["versions"]) == 2


def test_a_repeated_request_acts_once(client: TestClient) -> None:
    send(client, event("a"), event("b"))
    for path, body in (("a/void", None), ("b/amend", {"quantity": 5})):
        answers = [
            client.post(f"/v1/events/{path}", json=body, headers={"Idempotency-Key": f"key-{path}"}) for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].content == answers[1].content
    assert [len(get(client, f"/v1/events/{one}")["versions"]) for one in "ab"] == [2, 2]
    other = client.post("/v1/events/b/void", headers={"Idempotency-Key": "key-b/amend"})
    assert other.json()["code"] == "idempotency_mismatch"


@pytest.mark.parametrize(("path", "body"), [("void", None), ("amend", {"quantity": 5})])
def test_a_request_whose_answer_was_lost_is_known_by_the_journal(
    app: FastAPI, company: Company, monkeypatch: pytest.MonkeyPatch, path: str, body: Any
) -> None:
    """The process dies after the journal's commit and before PostgreSQL's, in which the answer would have been kept."""
    from justpaid.api import idempotency

    client = company.client
    send(client, event("a"))
    headers = {"Idempotency-Key": "lost"}
    with monkeypatch.context() as patched:

        def fail(*_: Any) -> None:
            raise OSError("gone")

        patched.setattr(idempotency, "remember", fail)
        assert client.post(f"/v1/events/a/{path}", json=body, headers=headers).status_code == 500
    assert len(get(client, "/v1/events/a")["versions"]) == 2
    assert client.post(f"/v1/events/a/{path}", json=body, headers=headers).status_code == 200
    assert len(get(client, "/v1/events/a")["versions"]) == 2


def test_when_the_journal_fails_nothing_was_corrected(client: TestClient) -> None:
    meter(client)
    send(client, event("a", quantity=2))
    failpoints.arm("journal.before_write=error")
    try:
        response = client.post("/v1/events/a/amend", json={"quantity": 3})
    finally:
        failpoints.arm("")
    assert (response.status_code, response.json()["code"]) == (503, "engine_unavailable")
    assert total(client) == "2"
    post(client, "/v1/events/a/amend", {"quantity": 3}, 200)
    assert total(client) == "3"


def test_issued_invoices_stay_and_verify_and_what_is_not_billed_yet_follows(client: TestClient) -> None:
    """March: 700 + 300 tokens at 0.002 = 2.00. Afterwards 700 become 7, and 300 are withdrawn."""
    open_shop(client)
    send(
        client,
        {**call("2026-03-10T10:00:00Z", 700), "id": "amended"},
        {**call("2026-03-10T10:01:00Z", 300), "id": "voided"},
        {**call("2026-04-10T10:00:00Z", 500), "id": "running"},
        {**call("2026-04-10T10:01:00Z", 100), "id": "withdrawn"},
    )
    subscription = subscribe(client, "2026-02-28T23:00:00Z")
    bill(client, as_of="2026-04-01T00:00:00Z")
    (invoice,) = invoices(client)
    assert amounts(invoice)["tokens"] == "2.00"
    path = f"/v1/invoices/{invoice['id']}"

    def so_far() -> str:
        lines = get(client, f"/v1/subscriptions/{subscription['id']}/estimate")["lines"]
        amount: str = {line["price_key"]: line["amount"] for line in lines}["tokens"]
        return amount

    assert so_far() == "1.20"
    changed = call("2026-03-10T10:00:00Z", 7)["properties"]
    post(client, "/v1/events/amended/amend", {"properties": changed}, 200)
    post(client, "/v1/events/voided/void", status=200)
    post(client, "/v1/events/withdrawn/void", status=200)
    assert so_far() == "1.00"
    march = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
    assert total(client, "tokens", customer_id="acme", **march) == "7"
    assert get(client, path) == invoice
    verification = get(client, f"{path}/verify")
    assert verification["ok"], verification
    # Each tells where it was billed: the voided one on the invoice that was issued before, the new version nowhere.
    assert {line["price_key"] for line in get(client, "/v1/events/voided")["lines"]} == {
        "calls",
        "tokens",
        "users",
        "storage",
    }
    assert get(client, "/v1/events/amended")["lines"] == []
    assert get(client, "/v1/events/withdrawn")["lines"] == []
    assert bill(client, as_of="2026-05-01T00:00:00Z")["invoices_created"] == 1
    assert amounts(invoices(client)[1])["tokens"] == "1.00"
    assert all(get(client, f"/v1/invoices/{one['id']}/verify")["ok"] for one in invoices(client))
