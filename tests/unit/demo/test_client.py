"""The demo's client finds what exists, asks a busy server again, and tells a problem as the server meant it."""

import json
import threading
from collections.abc import Callable

import httpx
import pytest

from justpaid.demo.client import Api, Stopped
from justpaid.kernel.errors import Conflict, InvalidRequest, JustPaidError, Unauthenticated

Handler = Callable[[httpx.Request], httpx.Response]


def api(handler: Handler, stop: threading.Event | None = None) -> Api:
    return Api("http://test", "sk_test_demo", stop or threading.Event(), httpx.MockTransport(handler))


def problem(status: int, detail: str, *errors: dict[str, str], **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"code": "x", "title": "x", "detail": detail, "errors": errors}, headers=headers)


def test_a_record_that_exists_is_found() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return problem(409, "A plan with the key 'team' exists.")
        assert request.url.path == "/v1/plans/team"
        return httpx.Response(200, json={"key": "team"})

    assert api(handler).ensure("/v1/plans", "team", {"key": "team"}) == ({"key": "team"}, False)


def test_a_record_that_is_missing_is_made() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == "Bearer sk_test_demo"
        return httpx.Response(201, json=json.loads(request.content))

    assert api(handler).ensure("/v1/plans", "team", {"key": "team"}) == ({"key": "team"}, True)


def test_a_busy_server_is_asked_again_with_the_same_key() -> None:
    keys: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["Idempotency-Key"])
        if len(keys) < 3:
            return problem(503, "Too busy", **{"Retry-After": "0"})
        return httpx.Response(200, json={"id": "run_1"})

    assert api(handler).post("/v1/billing-runs", {}) == {"id": "run_1"}
    assert len(keys) == 3
    assert len(set(keys)) == 1


def test_a_connection_that_breaks_is_tried_again() -> None:
    attempts: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        attempts.append(1)
        if len(attempts) == 1:
            raise httpx.ReadError("broken")
        return httpx.Response(200, json={"accepted": 1})

    assert api(handler).send_events([{"id": "a"}]) == {"accepted": 1}


def test_waiting_ends_when_the_demo_is_stopped() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        api(lambda request: problem(503, "Too busy", **{"Retry-After": "30"}), stop).get("/v1/usage")


@pytest.mark.parametrize(
    ("answer", "kind", "detail"),
    [
        (problem(401, "This key is revoked."), Unauthenticated, "This key is revoked."),
        (problem(409, "It has ended."), Conflict, "It has ended."),
        (problem(422, "Bad.", {"field": "prices.0", "message": "no", "code": "c"}), InvalidRequest, "Bad."),
        (httpx.Response(502, text="<html>"), JustPaidError, "GET /v1/usage was answered with 502."),
        (httpx.Response(500, json=["no document"]), JustPaidError, "GET /v1/usage was answered with 500."),
    ],
    ids=["401", "409", "422", "502", "500"],
)
def test_a_refusal_is_told_as_the_server_meant_it(
    answer: httpx.Response, kind: type[JustPaidError], detail: str
) -> None:
    with pytest.raises(kind) as raised:
        api(lambda request: answer).get("/v1/usage")
    assert type(raised.value) is kind
    assert raised.value.detail == detail
    assert [e.field for e in raised.value.errors] == (["prices.0"] if kind is InvalidRequest else [])


def test_lists_are_read_to_their_end() -> None:
    pages = {None: (["a", "b"], "two"), "two": (["c"], None)}

    def handler(request: httpx.Request) -> httpx.Response:
        data, cursor = pages[request.url.params.get("cursor")]
        return httpx.Response(200, json={"data": data, "next_cursor": cursor})

    read: list[object] = list(api(handler).pages("/v1/invoices"))
    assert read == ["a", "b", "c"]
