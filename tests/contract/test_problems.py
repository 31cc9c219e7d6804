"""What goes wrong is told in one form, with the right status, and leaves nothing behind."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy import event
from starlette.requests import ClientDisconnect
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from justpaid.api import create_app
from justpaid.api.boundary import ProblemBoundary
from justpaid.api.route import router as new_router
from justpaid.api.schemas.customers import CustomerIn
from justpaid.api.unit_of_work import Unit
from justpaid.customers import NewCustomer, create_customer
from justpaid.kernel.errors import EngineUnavailable, Overloaded
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, TestInstallation


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert {"type", "title", "detail", "code"} <= document.keys()
    return document


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allow"),
    [
        ("GET", "/nothing", 404, "not_found", None),
        ("GET", "/v1/nothing", 404, "not_found", None),
        ("GET", "/v1/customers/", 404, "not_found", None),
        ("GET", "/docs", 404, "not_found", None),
        ("GET", "/v1/customers/cus_none", 404, "not_found", None),
        ("DELETE", "/v1/customers", 405, "method_not_allowed", "GET, POST"),
        ("PUT", "/v1/customers/acme", 405, "method_not_allowed", "GET, PATCH"),
        ("POST", "/healthz", 405, "method_not_allowed", "GET"),
    ],
)
def test_addresses(client: TestClient, method: str, path: str, status: int, code: str, allow: str | None) -> None:
    response = client.request(method, path)
    assert problem(response, status)["code"] == code
    assert response.headers.get("allow") == allow


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"", "application/json", 422),
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'"\xff"', "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b'{"name": NaN}', "application/json", 422),
        (b'{"name": 1e400}', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b"name=a", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"{}", "", 415),
        (b'{"name": "a"}', "application/json; charset=utf-8", 201),
        (b'{"name": "a"}', "application/vnd.api+json", 201),
    ],
)
def test_bodies(client: TestClient, body: bytes, content_type: str, status: int) -> None:
    response = client.post("/v1/customers", content=body, headers={"Content-Type": content_type})
    if status == 201:
        assert response.status_code == 201, response.text
    else:
        problem(response, status)
        assert client.get("/v1/customers").json()["data"] == []


def test_a_compressed_body_is_not_read_here(client: TestClient) -> None:
    response = client.post("/v1/customers", json={"name": "a"}, headers={"Content-Encoding": "gzip"})
    assert "Content-Encoding" in problem(response, 415)["detail"]


def chunked(total_bytes: int) -> Iterator[bytes]:
    for _ in range(total_bytes // 1000):
        yield b" " * 1000


@pytest.mark.parametrize("content", [b" " * 3000, chunked(3000)], ids=["announced", "chunked"])
def test_a_body_over_the_limit(database: Database, company: Company, content: Any) -> None:
    small = TestClient(create_app(TestInstallation(database, load_settings(max_body_bytes=2048))))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {company.secret}"}
    assert "2048 bytes" in problem(small.post("/v1/customers", content=content, headers=headers), 413)["detail"]


def test_a_key_is_asked_for_before_anything_else_is_told(anonymous: TestClient) -> None:
    problem(anonymous.post("/v1/customers", content=b"{"), 401)


def test_headers_keep_browsers_safe(client: TestClient) -> None:
    for path in ("/v1/customers", "/nothing", "/openapi.json"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_readiness_tells_the_reason(installation: TestInstallation, anonymous: TestClient) -> None:
    assert anonymous.get("/readyz").json() == {"status": "ready"}
    installation.readiness = "the warehouse is starting"
    assert "the warehouse is starting" in problem(anonymous.get("/readyz"), 503)["detail"]
    assert anonymous.get("/healthz").json() == {"status": "ok"}


def test_without_postgresql_everything_that_needs_it_is_503() -> None:
    gone = Database("postgresql://nobody@/gone?host=/nonexistent")
    client = TestClient(create_app(TestInstallation(gone, load_settings())))
    for path in ("/v1/customers", "/readyz"):
        response = client.get(path, headers={"Authorization": "Bearer sk_test_0123456789"})
        assert problem(response, 503)["code"] == "engine_unavailable"
        assert response.headers["retry-after"] == "5"
    assert client.get("/healthz").status_code == 200


@pytest.fixture
def app(installation: TestInstallation) -> FastAPI:
    """Of each test its own, as some add routes."""
    return create_app(installation)


@pytest.fixture
def faulty(app: FastAPI) -> None:
    """Routes that fail after they wrote, each in its way."""
    router = new_router("faulty", "/v1/faulty")

    def write(unit: Unit) -> None:
        create_customer(unit.session, unit.organisation_id, NewCustomer(name="half"))

    @router.post("/bug")
    def bug(unit: Unit) -> None:
        write(unit)
        raise ZeroDivisionError("sk_live_secret")

    @router.post("/known")
    def known(unit: Unit) -> None:
        write(unit)
        raise Overloaded("busy", retry_after_s=3)

    @router.post("/data")
    def data(unit: Unit) -> None:
        write(unit)
        unit.session.execute(sa.text("SELECT 'x'::int"))

    @router.post("/duplicate")
    def duplicate(unit: Unit) -> None:
        write(unit)
        unit.session.execute(sa.text("INSERT INTO organisations SELECT * FROM organisations"))

    @router.post("/commit")
    def commit(unit: Unit, body: CustomerIn) -> None:
        write(unit)

        @event.listens_for(unit.session, "before_commit")
        def fail(_session: object) -> None:
            raise EngineUnavailable("gone at the last moment")

    @router.post("/type")
    def wrong_type(unit: Unit) -> int:
        write(unit)
        return 5

    app.include_router(router)


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("bug", 500, "internal_error"),
        ("known", 503, "overloaded"),
        ("data", 422, "invalid_request"),
        ("duplicate", 409, "conflict"),
        ("commit", 503, "engine_unavailable"),
        ("type", 500, "internal_error"),
    ],
)
def test_what_fails_is_undone_and_told(client: TestClient, path: str, status: int, code: str) -> None:
    headers = {"Idempotency-Key": path}
    for _ in range(2):  # the key is free again: the second attempt acts, and fails, itself
        response = client.post(f"/v1/faulty/{path}", json={}, headers=headers)
        assert problem(response, status)["code"] == code
        assert "sk_live_secret" not in response.text
        assert "idempotency-replayed" not in response.headers
    assert client.get("/v1/customers").json()["data"] == []


def test_a_body_that_breaks_off_is_told_to_whoever_still_listens() -> None:
    """The server reports malformed chunks as a client that left; without an answer it would say 500 itself."""

    async def reading(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ClientDisconnect

    assert "broke off" in problem(TestClient(ProblemBoundary(reading)).post("/v1/events"), 400)["detail"]


def test_a_handler_that_could_not_be_one_transaction_is_refused_at_once() -> None:
    router = new_router("faulty", "/v1/faulty")

    async def handler(unit: Unit) -> None: ...

    with pytest.raises(TypeError, match="handler must be a plain function"):
        router.get("")(handler)


KEY_OR_SESSION = [{"api_key": []}, {"session": []}]
SESSION = [{"session": []}]
#: By what requests are let in, where it is not a key or a session; who is about to sign in has neither.
DOORS: dict[str, list[list[dict[str, list[str]]]]] = {
    "auth": [[], SESSION],
    "organisations": [SESSION],
    "portal": [[{"portal_token": []}]],
}


def test_the_openapi_document_describes_every_route(anonymous: TestClient) -> None:
    document = anonymous.get("/openapi.json").json()
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    ids = [operation["operationId"] for _, _, operation in operations]
    assert {"create_customer", "list_customers", "create_api_key"} <= set(ids)
    assert len(set(ids)) == len(ids)
    for path, method, operation in operations:
        where = f"{method} {path}"
        assert operation["tags"], where
        assert "application/problem+json" in operation["responses"]["default"]["content"], where
        if path.startswith("/v1/"):
            assert operation["security"] in DOORS.get(path.split("/")[2], [KEY_OR_SESSION]), where
            assert {"401", "422"} <= operation["responses"].keys(), where
        names = [parameter["name"] for parameter in operation.get("parameters", [])]
        # An event tells its repetition by its id, a file by its digest; at the door people see for themselves.
        own_ways = path in ("/v1/events", "/v1/imports") or path.startswith(("/v1/auth/", "/v1/organisations"))
        takes_a_key = method in {"post", "patch"} and not own_ways
        assert ("Idempotency-Key" in names) is takes_a_key, where
    assert "HTTPValidationError" not in document["components"]["schemas"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_load_balancers_may_ask_with_head(anonymous: TestClient, path: str) -> None:
    answer = anonymous.head(path)
    assert (answer.status_code, answer.content) == (200, b"")
