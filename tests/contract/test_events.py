"""Sending events and reading them back, on the real journal and warehouse."""

import asyncio
import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zstandard
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.ingest import Submission
from justpaid.kernel.errors import Overloaded
from justpaid.platform import failpoints
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import BODY_LIMIT, Company, Engines, TestInstallation


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(max_events_body_bytes=BODY_LIMIT), **vars(engines))


def event(event_id: str, minute: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": event_id,
        "customer_id": "acme",
        "event": "completion",
        "timestamp": f"2026-03-01T10:{minute:02}:00Z",
        **more,
    }


def send(client: TestClient, *events: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/v1/events", json=list(events))
    assert response.status_code == 200, response.text
    receipt: dict[str, Any] = response.json()
    return receipt


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    return document


def ids(client: TestClient, **query: Any) -> list[str]:
    response = client.get("/v1/events", params=query)
    assert response.status_code == 200, response.text
    return [one["id"] for one in response.json()["data"]]


ONE = json.dumps(event("e1")).encode()
TWO = json.dumps(event("e2")).encode()


@pytest.mark.parametrize(
    ("body", "headers", "accepted"),
    [
        (ONE, {"Content-Type": "application/json"}, 1),
        (ONE, {"Content-Type": "application/json; charset=utf-8"}, 1),
        (ONE, {}, 1),
        (b"[%b,%b]" % (ONE, TWO), {"Content-Type": "application/json"}, 2),
        (b'{"events": [%b,%b]}' % (ONE, TWO), {"Content-Type": "application/json"}, 2),
        (b"%b\n\n%b\n" % (ONE, TWO), {"Content-Type": "application/x-ndjson"}, 2),
        (b"%b\r\n%b" % (ONE, TWO), {"Content-Type": "application/ndjson"}, 2),
        (gzip.compress(ONE, mtime=0), {"Content-Encoding": "gzip"}, 1),
        (zstandard.compress(ONE), {"Content-Encoding": "zstd"}, 1),
        (b"[]", {"Content-Type": "application/json"}, 0),
    ],
)
def test_every_form_of_a_body_is_read(client: TestClient, body: bytes, headers: dict[str, str], accepted: int) -> None:
    response = client.post("/v1/events", content=body, headers=headers)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"accepted": accepted, "duplicates": 0, "conflicts": 0, "rejected": 0, "errors": []}
    assert len(ids(client)) == accepted


def test_a_receipt_tells_each_events_fate(client: TestClient) -> None:
    assert send(client, event("a"), event("b"))["accepted"] == 2
    receipt = send(
        client,
        event("a"),
        event("b", quantity=2),
        event("c"),
        event("d", timestamp="2026-03-01T10:00:00"),
        {"id": "e", "event": "completion"},
    )
    errors = [(error["index"], error["id"], error["code"]) for error in receipt.pop("errors")]
    assert receipt == {"accepted": 1, "duplicates": 1, "conflicts": 1, "rejected": 2}
    assert errors == [(1, "b", "conflict"), (3, "d", "invalid_timestamp"), (4, "e", "missing_field")]
    assert sorted(ids(client)) == ["a", "b", "c"]


def test_an_event_without_an_id_gets_one(client: TestClient) -> None:
    receipt = send(client, event("mine"), {"customer_id": "acme", "event": "completion"})
    assert len(receipt["ids"]) == 1
    found = client.get(f"/v1/events/{receipt['ids'][0]}").json()
    assert (found["customer_id"], found["quantity"]) == ("acme", "1")


@pytest.mark.parametrize(
    ("body", "headers", "status", "code", "detail"),
    [
        (b"", {}, 400, "malformed_request", "not valid JSON"),
        (b"{", {}, 400, "malformed_request", "not valid JSON"),
        (b'{"customer_id": NaN}', {}, 400, "malformed_request", "not valid JSON"),
        (b"3", {}, 422, "invalid_request", "must be an event"),
        (b'{"events": 3}', {}, 422, "invalid_request", "events"),
        (ONE, {"Content-Type": "text/plain"}, 415, "unsupported_media_type", "application/x-ndjson"),
        (ONE, {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type", "application/json"),
        (ONE, {"Content-Encoding": "br"}, 415, "unsupported_media_type", "gzip"),
        (ONE, {"Content-Encoding": "gzip"}, 400, "malformed_request", "gzip"),
        (
            gzip.compress(ONE, mtime=0)[:-5],
            {"Content-Encoding": "gzip"},
            400,
            "malformed_request",
            "ends in the middle",
        ),
        (b" " * (BODY_LIMIT + 1), {}, 413, "too_large", str(BODY_LIMIT)),
        (
            gzip.compress(b" " * (BODY_LIMIT + 1), mtime=0),
            {"Content-Encoding": "gzip"},
            413,
            "too_large",
            str(BODY_LIMIT),
        ),
        (b"[" + b",".join([b"{}"] * 1001) + b"]", {}, 413, "too_large", "1001 events"),
    ],
)
def test_a_request_that_is_refused_keeps_nothing(
    client: TestClient, body: bytes, headers: dict[str, str], status: int, code: str, detail: str
) -> None:
    document = problem(client.post("/v1/events", content=body, headers=headers), status)
    assert document["code"] == code
    assert detail in document["detail"]
    assert ids(client) == []


def test_a_body_over_the_limit_is_refused_before_its_end(client: TestClient) -> None:
    read = 0

    def chunks() -> Iterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b" " * (BODY_LIMIT // 4)

    problem(client.post("/v1/events", content=chunks()), 413)


async def over_asgi(
    app: FastAPI, messages: list[dict[str, Any]], headers: list[tuple[bytes, bytes]]
) -> tuple[int, int]:
    """The status of the answer and how many messages of the body were read for it; waits for ever after the last."""
    waiting = list(messages)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    async def keep(message: Any) -> None:
        sent.append(message)

    await asyncio.wait_for(app(scope("POST", "/v1/events", headers), receive, keep), 10)
    return (sent[0]["status"] if sent else 0), len(messages) - len(waiting)


def scope(method: str, path: str, headers: list[tuple[bytes, bytes]], query: bytes = b"") -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }


def bearer(company: Company) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {company.secret}".encode()


def chunk(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("messages", "headers", "outcome"),
    [
        ([chunk(b" " * BODY_LIMIT)], [(b"content-length", b"%d" % (BODY_LIMIT + 1))], (413, 0)),
        ([chunk(b" " * (BODY_LIMIT // 2))] * 4, [], (413, 3)),
        ([chunk(ONE[:20]), chunk(ONE[20:]), chunk(b"", more=False)], [], (200, 3)),
        ([chunk(ONE[:20]), chunk(ONE[20:], more=False)], [], (200, 2)),
        ([chunk(ONE[:20]), {"type": "http.disconnect"}], [], (400, 2)),
        ([{"type": "http.disconnect"}], [], (400, 1)),
    ],
    ids=["announced", "streamed", "chunks", "short", "left", "left at once"],
)
def test_a_body_is_read_no_further_than_needed(
    app: FastAPI, company: Company, messages: Any, headers: Any, outcome: tuple[int, int]
) -> None:
    assert asyncio.run(over_asgi(app, messages, [bearer(company), *headers])) == outcome
    assert ids(company.client) == (["e1"] if outcome[0] == 200 else [])


@pytest.mark.parametrize("authorization", [None, "Bearer sk_test_unknown", "Bearer nonsense", "Basic abc"])
def test_without_a_key_nothing_is_read(anonymous: TestClient, authorization: str | None) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    for method, path in (("POST", "/v1/events"), ("GET", "/v1/events"), ("GET", "/v1/events/stream")):
        response = anonymous.request(method, path, headers=headers)
        assert problem(response, 401)["code"] == "unauthenticated"
        assert response.headers["www-authenticate"] == "Bearer"


def test_other_methods_are_told_what_there_is(client: TestClient) -> None:
    for path, allowed in (("/v1/events", "GET, POST"), ("/v1/events/stream", "GET"), ("/v1/events/x", "GET")):
        response = client.delete(path)
        problem(response, 405)
        assert response.headers["allow"] == allowed
    assert client.head("/v1/events/stream").status_code == 405


def test_overload_says_when_to_come_back(installation: TestInstallation, company: Company) -> None:
    class Full:
        def submit(self, submission: Submission) -> None:
            raise Overloaded("too much waits", retry_after_s=7)

    installation.ingest = Full()
    response = company.client.post("/v1/events", content=ONE)
    assert problem(response, 503)["code"] == "overloaded"
    assert response.headers["retry-after"] == "7"


def test_when_the_journal_fails_nothing_was_kept_and_the_next_request_works(client: TestClient) -> None:
    failpoints.arm("journal.before_write=error")
    try:
        response = client.post("/v1/events", content=ONE)
    finally:
        failpoints.arm("")
    assert problem(response, 503)["code"] == "engine_unavailable"
    assert "retry-after" in response.headers
    assert ids(client) == []
    assert send(client, event("e1"))["accepted"] == 1


def test_live_events_cannot_lie_in_the_future_and_test_events_can(company: Company) -> None:
    later = event("later", timestamp="2099-01-01T00:00:00Z")
    assert send(company.client, later)["accepted"] == 1
    assert send(company.live, later)["errors"][0]["code"] == "invalid_timestamp"


def test_the_list_is_latest_first_and_paged(client: TestClient) -> None:
    # Two events share each minute: the sequence decides.
    send(client, *(event(f"e{n}", minute=n // 2) for n in range(7)))
    expected = [f"e{n}" for n in range(6, -1, -1)]
    assert ids(client) == expected
    seen: list[str] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        page = client.get("/v1/events", params={"limit": 3} | ({"cursor": cursor} if cursor else {})).json()
        seen += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert seen == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["d", "c", "b", "a"]),
        ({"event": "embedding"}, ["b"]),
        ({"from": "2026-03-01T10:01:00Z", "to": "2026-03-01T10:03:00Z"}, ["c", "b"]),
        ({"from": "2026-03-01T11:01:00+01:00", "limit": 1}, ["d"]),
        ({"customer_id": "acme"}, ["c", "b", "a"]),
        ({"customer_id": "acme-eu"}, ["c", "b", "a"]),
        ({"customer_id": "cus_id"}, ["c", "b", "a"]),
        ({"customer_id": "stray"}, ["d"]),
        ({"customer_id": "none"}, []),
        ({"unattributed": "true"}, ["d"]),
        ({"unattributed": "true", "customer_id": "acme"}, []),
        ({"unattributed": "true", "event": "embedding"}, []),
    ],
)
def test_filters(client: TestClient, query: dict[str, Any], expected: list[str]) -> None:
    send(
        client,
        event("a", 0),
        event("b", 1, event="embedding"),
        event("c", 2, customer_id="acme-eu"),
        event("d", 3, customer_id="stray"),
    )
    customer = client.post("/v1/customers", json={"external_id": "acme", "aliases": ["acme-eu"]}).json()["id"]
    query = {name: customer if value == "cus_id" else value for name, value in query.items()}
    assert ids(client, **query) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-03-01T10:00:00"}, "to"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuMQ"}, "cursor"),
        ({"cursor": "MS4tMQ"}, "cursor"),
        ({"customer": "acme"}, "customer"),
        ({"event": "\0"}, "event"),
        ({"unattributed": "perhaps"}, "unattributed"),
    ],
)
def test_a_question_that_makes_no_sense(client: TestClient, query: dict[str, Any], field: str) -> None:
    assert [error["field"] for error in problem(client.get("/v1/events", params=query), 422)["errors"]] == [field]


def test_what_was_sent_comes_back_exactly(client: TestClient) -> None:
    sent = b"""{"id": "a/b c", "customer_id": "ac'me", "event": "e", "timestamp": 1772359200.25, "quantity": "0.10",
        "properties": {"n": 0.1000000000000000000001, "big": 12345678901234567890, "t": "\\u00e9\\n",
        "l": [1.50, null]}}"""
    assert client.post("/v1/events", content=sent).json()["accepted"] == 1
    text = client.get("/v1/events").text
    assert '"properties":{"big":12345678901234567890,"l":[1.5,null],"n":"0.1000000000000000000001","t":"é\\n"}' in text
    one = json.loads(text)["data"][0]
    assert (one["id"], one["customer_id"], one["customer"]) == ("a/b c", "ac'me", None)
    assert (one["timestamp"], one["quantity"]) == ("2026-03-01T10:00:00.250000Z", "0.1")
    assert one["received_at"].endswith("Z")
    found = client.get("/v1/events/a%2Fb%20c")
    assert '"n":"0.1000000000000000000001"' in found.text
    assert {name: found.json()[name] for name in one} == one


def test_the_fate_of_an_event(client: TestClient) -> None:
    send(client, event("a", properties={"tokens": 1847.5, "model": "gpt-4o"}))

    def fate() -> dict[str, Any]:
        found: dict[str, Any] = client.get("/v1/events/a").json()
        return {name: found[name] for name in ("status", "attributed", "customer", "meters", "lines")} | {
            "reason": found["reason"].partition(":")[0]
        }

    unknown = {"status": "metered", "attributed": False, "customer": None, "meters": [], "lines": []}
    assert fate() == unknown | {"reason": "no customer has this key"}
    customer = client.post("/v1/customers", json={"external_id": "acme"}).json()["id"]
    known = unknown | {"attributed": True, "customer": customer}
    assert fate() == known | {"reason": "no meter takes this event"}
    meters: list[dict[str, Any]] = [
        {"key": "requests", "aggregation": "count"},
        {"key": "tokens", "aggregation": "sum", "property": "properties.tokens"},
        {"key": "models", "aggregation": "unique", "property": "properties.model"},
        {
            "key": "others",
            "aggregation": "count",
            "filters": [{"property": "properties.model", "operator": "ne", "values": ["gpt-4o"]}],
        },
    ]
    for meter in meters:
        response = client.post("/v1/meters", json={"name": meter["key"], "event": "completion", **meter})
        assert response.status_code == 201, response.text
    measured = fate()
    assert sorted((m["key"], m["value"]) for m in measured.pop("meters")) == [
        ("models", None),
        ("requests", "1"),
        ("tokens", "1847.5"),
    ]
    assert measured["reason"] == "no invoice line includes it so far"


def test_an_event_is_found_from_its_receipt_on(client: TestClient, engines: Engines) -> None:
    with engines.metering.drainer.paused():
        send(client, event("fresh"))
        found = client.get("/v1/events/fresh").json()
    assert (found["id"], found["status"], found["meters"]) == ("fresh", "pending", [])
    assert client.get("/v1/events/fresh").json()["status"] == "metered"


def test_an_unknown_event(client: TestClient) -> None:
    for path in ("/v1/events/none", "/v1/events/"):
        assert problem(client.get(path), 404)["code"] == "not_found"


@pytest.mark.parametrize("stranger_is", ["another company", "the twin in live mode"])
def test_events_stay_within_their_organisation(
    company: Company, new_company: Callable[[], Company], stranger_is: str
) -> None:
    stranger = new_company().client if stranger_is == "another company" else company.live
    send(company.client, event("secret"))
    assert stranger.get("/v1/events/secret").status_code == 404
    for query in ({}, {"customer_id": "acme"}, {"unattributed": "true"}):
        assert ids(stranger, **query) == []
    assert send(stranger, event("secret", quantity=5))["accepted"] == 1
    assert company.client.get("/v1/events/secret").json()["quantity"] == "1"
    send(company.client, event("later", minute=59))
    cursor = company.client.get("/v1/events", params={"limit": 1}).json()["next_cursor"]
    assert ids(stranger, cursor=cursor) == ["secret"]


def test_the_document_describes_what_is_served_without_the_framework(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"]["/v1/events"]["post"]
    assert set(operation["requestBody"]["content"]) == {"application/json", "application/x-ndjson"}
    assert {"200", "400", "401", "413", "415", "422", "503"} <= operation["responses"].keys()
    assert "get" in document["paths"]["/v1/events"]
    assert "text/event-stream" in document["paths"]["/v1/events/stream"]["get"]["responses"]["200"]["content"]
    answered = send(client, event("a"), {"customer_id": "x", "event": "y"}, {})
    receipt = document["components"]["schemas"]["ReceiptOut"]
    assert set(answered) == set(receipt["properties"])
    listed = client.get("/v1/events").json()["data"][0]
    assert set(listed) == set(document["components"]["schemas"]["EventOut"]["required"])
    fate = client.get("/v1/events/a").json()
    assert set(fate) == set(document["components"]["schemas"]["EventFate"]["required"])


def test_every_reference_of_the_document_leads_somewhere(client: TestClient) -> None:
    text = client.get("/openapi.json").text
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names <= json.loads(text)["components"]["schemas"].keys()
