"""Backfills over HTTP: the guide's example, what is refused, ids, invoices."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform import failpoints
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, amounts, bill, call, errors, get, invoices, open_shop, post, send, subscribe

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "backfills.md"
APRIL = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def event(event_id: str, at: str = "2026-04-02T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": event_id, "customer_id": "acme", "event": "job", "timestamp": at, **more}


def meter(client: TestClient) -> None:
    post(client, "/v1/meters", {"key": "n", "event": "job", "aggregation": "sum", "property": "quantity"})


def total(client: TestClient, **span: str) -> str:
    value: str = get(client, "/v1/usage", meter="n", **(span or APRIL))["data"][0]["value"]
    return value


def opened(client: TestClient, **more: Any) -> str:
    path: str = post(client, "/v1/backfills", {**APRIL, **more}, 201)["id"]
    return path


def step(client: TestClient, backfill: str, what: str) -> dict[str, Any]:
    return post(client, f"/v1/backfills/{backfill}/{what}", status=200)


def under(client: TestClient, backfill: str, *events: dict[str, Any]) -> dict[str, Any]:
    return post(client, f"/v1/events?backfill={backfill}", list(events), 200)


def example() -> list[list[str]]:
    """Rows of request, body and usage."""
    _, _, table = GUIDE.read_text().partition("| request | body | usage in June |\n")
    return [
        [cell.strip().strip("`") for cell in row.strip("|").split("|")]
        for row in table.split("\n\n")[0].split("\n")[1:]
    ]


def test_the_example_of_the_guide(client: TestClient) -> None:
    meter(client)
    ids: dict[str, str] = {}
    for request, body, usage in example():
        path = request.removeprefix("POST ")
        for name, real in ids.items():
            path = path.replace(name, real)
        sent = json.loads(body) if body else None
        if isinstance(sent, list):
            sent = [{"customer_id": "acme", "event": "job", **each} for each in sent]
        answer = post(client, path, sent)
        if path == "/v1/backfills":
            ids[f"bf_{len(ids) + 1}"] = answer["id"]
        assert total(client, **{"from": "2025-06-01T00:00:00Z", "to": "2025-07-01T00:00:00Z"}) == usage, request
    assert len(ids) == 2


def test_a_backfill_tells_what_it_is_and_how_far(client: TestClient) -> None:
    meter(client)
    send(client, event("a", quantity=1), event("b", quantity=1))
    made = post(client, "/v1/backfills", {**APRIL, "replace": True, "reason": "why", "event": "job"}, 201)
    assert {name: made[name] for name in ("status", "from", "to", "event", "customer_id", "replace", "reason")} == {
        **APRIL,
        "status": "open",
        "event": "job",
        "customer_id": None,
        "replace": True,
        "reason": "why",
    }
    assert (made["events"], made["replaced"], made["closed_at"], made["reverted_at"]) == (0, 2, None, None)
    assert under(client, made["id"], event("a", quantity=5))["accepted"] == 1
    assert get(client, f"/v1/backfills/{made['id']}")["events"] == 1
    closed = step(client, made["id"], "close")
    assert (closed["status"], closed["events"], closed["replaced"]) == ("closed", 1, 2)
    assert closed["closed_at"] is not None
    assert step(client, made["id"], "close") == closed
    reverted = step(client, made["id"], "revert")
    assert (reverted["status"], reverted["replaced"], reverted["closed_at"]) == ("reverted", 2, closed["closed_at"])
    assert step(client, made["id"], "revert") == reverted
    other = opened(client)
    listed = get(client, "/v1/backfills", limit=1)
    assert [one["id"] for one in listed["data"]] == [other]
    (rest,) = get(client, "/v1/backfills", cursor=listed["next_cursor"])["data"]
    assert rest == reverted


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["from", "to"]),
        ({"from": APRIL["to"], "to": APRIL["from"]}, ["to"]),
        ({"from": APRIL["to"], "to": APRIL["to"]}, ["to"]),
        ({**APRIL, "from": "2026-04-01T00:00:00"}, ["from"]),
        ({**APRIL, "from": 5}, ["from"]),
        ({**APRIL, "event": ""}, ["event"]),
        ({**APRIL, "customer_id": "x" * 256}, ["customer_id"]),
        ({**APRIL, "replace": "yes"}, ["replace"]),
        ({**APRIL, "reason": "x" * 501}, ["reason"]),
        ({**APRIL, "close": True}, ["close"]),
        ([], ["body"]),
    ],
)
def test_a_backfill_that_makes_no_sense_is_not_opened(client: TestClient, body: Any, fields: list[str]) -> None:
    response = client.post("/v1/backfills", json=body)
    assert response.status_code == 422, response.text
    assert errors(response) == fields
    assert get(client, "/v1/backfills")["data"] == []


def test_an_event_outside_the_scope_is_rejected_alone(client: TestClient) -> None:
    meter(client)
    post(client, "/v1/customers", {"external_id": "acme", "name": "Acme", "aliases": ["acme-eu"]})
    backfill = opened(client, event="job", customer_id="acme")
    receipt = under(
        client,
        backfill,
        event("late", "2026-05-01T00:00:00Z"),
        event("early", "2026-03-31T23:59:59.999999Z"),
        event("first", APRIL["from"], quantity=1),
        event("other", event="image"),
        event("whose", customer_id="globex"),
        event("alias", customer_id="acme-eu", quantity=2),
        {"id": "when", "customer_id": "acme", "event": "job"},
        event("bad", quantity="many"),
    )
    assert (receipt["accepted"], receipt["rejected"]) == (2, 6)
    assert [(one["index"], one["id"], one["code"]) for one in receipt["errors"]] == [
        (0, "late", "outside_backfill"),
        (1, "early", "outside_backfill"),
        (3, "other", "outside_backfill"),
        (4, "whose", "outside_backfill"),
        (6, "when", "missing_field"),
        (7, "bad", "invalid_quantity"),
    ]
    assert receipt["errors"][0]["message"].startswith("timestamp: 2026-05-01")
    step(client, backfill, "close")
    assert total(client) == "3"


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("backfil=x", 422, "backfil"),
        ("backfill=bf_1&backfill=bf_2", 422, "backfill"),
        ("backfill=%00", 422, "backfill"),
        ("backfill=", 404, None),
        ("backfill=bf_none", 404, None),
    ],
)
def test_events_under_no_backfill_are_not_kept(client: TestClient, query: str, status: int, field: str | None) -> None:
    response = client.post(f"/v1/events?{query}", json=event("a"))
    assert (response.status_code, errors(response)) == (status, [field] if field else [])
    assert client.get("/v1/events/a").status_code == 404


def test_a_backfill_that_is_not_open_takes_nothing(client: TestClient) -> None:
    closed, reverted = opened(client), opened(client)
    step(client, closed, "close")
    step(client, reverted, "revert")
    for backfill in (closed, reverted):
        response = client.post(f"/v1/events?backfill={backfill}", json=event("a"))
        assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert client.get("/v1/events/a").status_code == 404
    response = client.post(f"/v1/backfills/{reverted}/close")
    assert (response.status_code, response.json()["code"]) == (409, "conflict")


def test_ndjson_and_whole_bodies_are_refused_as_anywhere(client: TestClient) -> None:
    backfill = opened(client)
    path = f"/v1/events?backfill={backfill}"
    lines = "\n".join(json.dumps(event(name)) for name in "ab") + "\n{"
    receipt = client.post(path, content=lines, headers={"Content-Type": "application/x-ndjson"}).json()
    assert (receipt["accepted"], receipt["rejected"], receipt["errors"][0]["code"]) == (2, 1, "malformed_json")
    assert client.post(path, content="{", headers={"Content-Type": "application/json"}).status_code == 400
    assert client.post(path, content="{}", headers={"Content-Encoding": "br"}).status_code == 415
    assert client.post(path, json=[event(str(n)) for n in range(1001)]).status_code == 413
    assert get(client, f"/v1/backfills/{backfill}")["events"] == 2


def test_ids_are_held_then_taken_and_free_after_a_revert(client: TestClient) -> None:
    meter(client)
    backfill = opened(client)
    first = event("a", quantity=3)
    assert under(client, backfill, first)["accepted"] == 1
    assert under(client, backfill, first)["duplicates"] == 1
    assert under(client, backfill, event("a", quantity=4))["conflicts"] == 1
    held = post(client, "/v1/events", first)
    assert (held["rejected"], held["errors"][0]["code"]) == (1, "held")
    assert backfill in held["errors"][0]["message"]
    step(client, backfill, "close")
    assert post(client, "/v1/events", first)["duplicates"] == 1
    assert total(client) == "3"
    step(client, backfill, "revert")
    assert total(client) == "0"
    again = opened(client)
    assert under(client, again, event("a", quantity=4))["accepted"] == 1
    step(client, again, "revert")
    assert post(client, "/v1/events", [first, first]) | {"errors": []} == {
        "accepted": 1,
        "duplicates": 1,
        "conflicts": 0,
        "rejected": 0,
        "errors": [],
    }
    assert total(client) == "3"
    assert [one["change"] for one in get(client, "/v1/events/a")["versions"]] == ["accepted"] * 3


def test_an_id_is_taken_over_only_from_what_is_replaced(client: TestClient) -> None:
    meter(client)
    send(
        client, event("in", quantity=1), event("out", "2026-03-02T10:00:00Z", quantity=1), event("void"), event("moved")
    )
    post(client, "/v1/events/void/void", status=200)
    post(client, "/v1/events/moved/amend", {"timestamp": "2026-03-03T00:00:00Z"}, 200)
    backfill = opened(client, replace=True)
    receipt = under(client, backfill, *(event(name, quantity=7) for name in ("in", "out", "void", "moved")))
    assert (receipt["accepted"], receipt["conflicts"]) == (1, 3)
    step(client, backfill, "close")
    assert total(client) == "7"


def test_an_event_tells_its_backfill_and_why_it_does_not_count(client: TestClient) -> None:
    meter(client)
    send(client, event("a", quantity=1), event("b", quantity=1))
    backfill = opened(client, replace=True)
    under(client, backfill, event("b", quantity=2), event("c", quantity=2))

    def fates() -> dict[str, tuple[str, Any]]:
        found = {name: get(client, f"/v1/events/{name}") for name in "abc"}
        return {name: (one["status"], one["backfill"]) for name, one in found.items()}

    assert fates() == {"a": ("metered", None), "b": ("metered", None), "c": ("held", backfill)}
    assert "open: close it" in get(client, "/v1/events/c")["reason"]
    step(client, backfill, "close")
    assert fates() == {"a": ("replaced", None), "b": ("metered", backfill), "c": ("metered", backfill)}
    replaced = get(client, "/v1/events/a")
    assert (replaced["meters"], replaced["reason"]) == ([], f"backfill {backfill} replaced it")
    listed = get(client, "/v1/events")["data"]
    assert sorted((one["id"], one["status"]) for one in listed) == [
        ("a", "replaced"),
        ("b", "metered"),
        ("b", "replaced"),
        ("c", "metered"),
    ]
    assert {one["id"] for one in get(client, "/v1/events", backfill=backfill)["data"]} == {"b", "c"}
    response = client.post("/v1/events/a/amend", json={"quantity": 5})
    assert (response.status_code, response.json()["code"]) == (409, "conflict")
    assert backfill in response.json()["detail"]
    post(client, "/v1/events/c/amend", {"quantity": 9}, 200)
    assert total(client) == "11"
    step(client, backfill, "revert")
    assert fates() == {"a": ("metered", None), "b": ("metered", None), "c": ("reverted", backfill)}
    assert client.post("/v1/events/c/void").status_code == 409
    assert total(client) == "2"


def test_repeated_requests_act_once_and_a_failed_step_can_be_repeated(client: TestClient) -> None:
    headers = {"Idempotency-Key": "one"}
    first, second = (client.post("/v1/backfills", json=APRIL, headers=headers).json() for _ in range(2))
    assert first == second
    assert len(get(client, "/v1/backfills")["data"]) == 1
    under(client, first["id"], event("a"))
    for what, status in (("close", "closed"), ("revert", "reverted")):
        failpoints.arm("journal.before_write=error")
        try:
            response = client.post(f"/v1/backfills/{first['id']}/{what}")
        finally:
            failpoints.arm("")
        assert (response.status_code, response.json()["code"]) == (503, "engine_unavailable")
        assert get(client, f"/v1/backfills/{first['id']}")["status"] != status
        assert step(client, first["id"], what)["status"] == status


def test_issued_invoices_verify_and_what_is_not_billed_yet_follows(client: TestClient) -> None:
    """March: 1000 tokens at 0.002 = 2.00. Then its 1000 are replaced by 500, which goes, and April gets 200 more."""
    open_shop(client)
    send(client, {**call("2026-03-10T10:00:00Z", 1000), "id": "old"}, call("2026-04-10T10:00:00Z", 100))
    subscription = subscribe(client, "2026-02-28T23:00:00Z")
    bill(client, as_of="2026-04-01T00:00:00Z")
    (march,) = invoices(client)
    assert amounts(march)["tokens"] == "2.00"
    range_ = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-15T00:00:00Z"}
    backfill = opened(client, **range_, replace=True)
    under(
        client,
        backfill,
        {**call("2026-03-10T10:00:00Z", 500), "id": "old"},
        {**call("2026-04-10T11:00:00Z", 300), "id": "new"},
    )

    def so_far() -> str:
        lines = get(client, f"/v1/subscriptions/{subscription['id']}/estimate")["lines"]
        amount: str = {line["price_key"]: line["amount"] for line in lines}["tokens"]
        return amount

    def late() -> int:
        answer = get(client, "/v1/unbilled", **{"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"})
        events: int = {gap["reason"]: gap["events"] for gap in answer["data"]}["late"]
        return events

    def verified() -> bool:
        return all(get(client, f"/v1/invoices/{one['id']}/verify")["ok"] for one in invoices(client))

    assert (so_far(), late(), verified()) == ("0.20", 0, True)
    step(client, backfill, "close")
    assert (so_far(), late(), verified()) == ("0.60", 1, True)
    assert get(client, "/v1/events/old")["lines"] == []
    bill(client, as_of="2026-05-01T00:00:00Z")
    april = invoices(client)[1]
    assert amounts(april)["tokens"] == "0.60"
    assert {line["invoice_id"] for line in get(client, "/v1/events/new")["lines"]} == {april["id"]}
    step(client, backfill, "revert")
    # The run for April took March's replaced call back as late usage; now that it counts again, it is late.
    assert (late(), verified()) == (1, True)

    def billed(event_id: str) -> list[tuple[str, str, str]]:
        lines = get(client, f"/v1/events/{event_id}")["lines"]
        return [(line["invoice_number"], line["price_key"], line["late_usage"]) for line in lines]

    of_the_call = [(key, None) for key in ("calls", "tokens", "users", "storage")]
    assert billed("new") == [("INV-000002", *line) for line in of_the_call]
    assert billed("old") == [
        *(("INV-000001", *line) for line in of_the_call),
        ("INV-000002", "tokens", "taken_back"),
        (None, "storage", "taken_back"),  # of no amount: 500 tokens fill the same package
    ]
    assert [amounts(one)["tokens"] for one in invoices(client)] == ["2.00", "0.60"]


def test_a_live_backfill_takes_no_events_of_the_future(company: Company) -> None:
    future = {"from": "2099-01-01T00:00:00Z", "to": "2099-02-01T00:00:00Z"}
    for client, accepted in ((company.client, 1), (company.live, 0)):
        assert under(client, opened(client, **future), event("a", "2099-01-02T00:00:00Z"))["accepted"] == accepted
