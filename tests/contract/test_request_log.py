"""The request log: who asked for what and how it went, in batches, bounded, and without what was in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.api import create_app, request_log
from justpaid.api.request_log import RequestLog, trim
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.people import visitor
from tests.contract.steps import get, post

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
EVENT = {"customer_id": "acme", "event": "api_call"}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def app(installation: TestInstallation) -> FastAPI:
    """Of each test its own: the log holds what waits to be written."""
    return create_app(installation)


def logged(app: FastAPI, client: TestClient) -> list[dict[str, Any]]:
    app.state.request_log.write()
    rows: list[dict[str, Any]] = get(client, "/v1/request-log")["data"]
    return rows


def test_a_request_is_told_by_template_and_by_whom(app: FastAPI, company: Company) -> None:
    post(company.client, "/v1/customers", {"external_id": "acme", "name": "Secret name"})
    answer = company.client.get("/v1/customers/acme", headers={"X-Anything": "Secret header"})
    refused = company.client.post("/v1/customers", json={"external_id": "acme"})
    newest, found, made = logged(app, company.client)
    (key,) = get(company.client, "/v1/api-keys")["data"]
    assert found == {
        "id": answer.headers["x-request-id"],
        "request_id": answer.headers["x-request-id"],
        "at": "2026-03-01T12:00:30Z",
        "method": "GET",
        "path": "/v1/customers/{customer}",
        "status": 200,
        "error_code": None,
        "duration_ms": found["duration_ms"],
        "count": 1,
        "key": f"sk_test_…{key['hint']}",
        "member": None,
        "actor_id": key["id"],
    }
    assert found["duration_ms"] >= 0
    assert (made["method"], made["path"], made["status"]) == ("POST", "/v1/customers", 201)
    assert (newest["status"], newest["error_code"]) == (409, "conflict")
    assert newest["request_id"] == refused.headers["x-request-id"]


def test_a_member_is_named_and_what_the_role_forbids_is_logged(
    app: FastAPI, database: Database, company: Company
) -> None:
    person = visitor(app, database, company.organisation_id, "viewer")
    assert person.post("/v1/customers", json={}).status_code == 403
    (row,) = logged(app, company.client)
    email = person.get("/v1/auth/session").json()["user"]["email"]
    assert (row["member"], row["key"], row["error_code"]) == (email, None, "forbidden_by_role")


def test_nothing_that_was_sent_is_in_it(app: FastAPI, database: Database, company: Company) -> None:
    post(company.client, "/v1/customers", {"external_id": "hush-id", "name": "hush-name"})
    company.client.get("/v1/customers/hush-id")
    company.client.get("/v1/customers", params={"cursor": "hush-query"})
    app.state.request_log.write()
    with database.system() as session:
        of_company = sa.text("SELECT * FROM request_log WHERE organisation_id = :id")
        kept = str(session.execute(of_company, {"id": company.organisation_id}).all())
    assert "/v1/customers/{customer}" in kept
    assert "hush" not in kept
    assert company.secret not in kept


def test_events_alike_are_one_row_a_minute(app: FastAPI, company: Company, installation: TestInstallation) -> None:
    for _ in range(5):
        post(company.client, "/v1/events", EVENT)
    assert company.client.post("/v1/events", content=b"{").status_code == 400
    assert logged(app, company.client) == []  # the minute runs
    installation.clock = FixedClock(NOW + timedelta(minutes=1))
    post(company.client, "/v1/events", EVENT)
    rows = [row for row in logged(app, company.client) if row["path"] == "/v1/events"]
    assert sorted((row["status"], row["count"], row["error_code"]) for row in rows) == [
        (200, 5, None),
        (400, 1, "malformed_request"),
    ]
    assert {row["at"] for row in rows} == {"2026-03-01T12:00:00Z"}
    assert {row["request_id"] for row in rows} == {None}


def test_it_is_the_organisations_own(app: FastAPI, company: Company, new_company: Callable[[], Company]) -> None:
    get(company.client, "/v1/organisation")
    assert [row["path"] for row in logged(app, company.client)] == ["/v1/organisation"]
    assert logged(app, new_company().client) == []
    assert logged(app, company.live) == []


def test_it_is_paged_newest_first(app: FastAPI, company: Company) -> None:
    for path in ("customers", "plans", "meters"):
        get(company.client, f"/v1/{path}")
    app.state.request_log.write()
    first = get(company.client, "/v1/request-log", limit=2)
    second = get(company.client, "/v1/request-log", limit=2, cursor=first["next_cursor"])
    paths = [row["path"] for row in first["data"] + second["data"]]
    assert paths == ["/v1/meters", "/v1/plans", "/v1/customers"]


def test_it_is_bounded_by_age_and_count(app: FastAPI, database: Database, company: Company) -> None:
    for path in ("customers", "plans", "meters"):
        get(company.client, f"/v1/{path}")
    app.state.request_log.write()
    with database.system() as session:
        trim(session, NOW - timedelta(days=1), rows=2)
    assert [row["path"] for row in get(company.client, "/v1/request-log")["data"]] == ["/v1/meters", "/v1/plans"]
    with database.system() as session:
        trim(session, NOW + timedelta(seconds=1), rows=2)
    assert get(company.client, "/v1/request-log")["data"] == []


def test_what_can_not_be_written_waits_within_bounds(
    app: FastAPI, company: Company, installation: TestInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    log: RequestLog = app.state.request_log
    get(company.client, "/v1/customers")
    working = installation.database
    installation.database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(sa.exc.OperationalError):
        log.write()
    installation.database = working
    monkeypatch.setattr(request_log, "_MOST_WAITING", 2)
    get(company.client, "/v1/plans")
    get(company.client, "/v1/meters")  # one too many
    assert [row["path"] for row in logged(app, company.client)] == ["/v1/plans", "/v1/customers"]


def test_no_days_is_no_log(app: FastAPI, company: Company, installation: TestInstallation) -> None:
    installation.settings = load_settings(request_log_days=0)
    assert "x-request-id" not in company.client.get("/v1/customers").headers
    assert logged(app, company.client) == []
