"""What each role may do: the table that docs/guides/people.md shows, tried on the routes themselves."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from starlette.testclient import TestClient

from justpaid.accounts import PERMISSIONS, ROLES, Role, may
from justpaid.api.permissions import PERMISSION_OF
from justpaid.api.person_route import PersonRoute
from justpaid.api.route import UnitOfWorkRoute
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.people import visitor

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "people.md"
#: Open to whoever asks: the process's state, and links whose token is the permission.
#: Whose callers are a customer's people, by a token: see test_portal.py.
PORTAL = "/v1/portal/"
OPEN = re.compile(r"/|/healthz|/readyz|/openapi\.json|/docs|/v1/shared/.*")

#: One route of each permission, and a body that it takes.
TRIED: dict[str, tuple[str, str, Any]] = {
    "organisation:read": ("GET", "/v1/organisation", None),
    "organisation:write": ("PATCH", "/v1/organisation", {"name": "Changed"}),
    "members:read": ("GET", "/v1/members", None),
    "members:write": ("POST", "/v1/members", {"email": "new@acme.example", "name": "New", "role": "viewer"}),
    "api_keys:read": ("GET", "/v1/api-keys", None),
    "api_keys:write": ("POST", "/v1/api-keys", {"name": "new"}),
    "audit_log:read": ("GET", "/v1/audit-log", None),
    "request_log:read": ("GET", "/v1/request-log", None),
    "installation:read": ("GET", "/v1/status", None),
    "customers:read": ("GET", "/v1/customers", None),
    "customers:write": ("POST", "/v1/customers", {"external_id": "new"}),
    "events:read": ("GET", "/v1/events", None),
    "events:write": ("POST", "/v1/events", {"customer_id": "acme", "event": "api_call"}),
    "usage:read": ("GET", "/v1/unbilled", None),
    "meters:read": ("GET", "/v1/meters", None),
    "meters:write": ("POST", "/v1/meters", {"key": "calls", "event": "api_call", "aggregation": "count"}),
    "catalog:read": ("GET", "/v1/plans", None),
    "catalog:write": ("POST", "/v1/products", {"key": "api"}),
    "subscriptions:read": ("GET", "/v1/subscriptions", None),
    "subscriptions:write": ("POST", "/v1/subscriptions", {"customer_id": "nobody", "plan": "none"}),
    "billing:read": ("GET", "/v1/invoices", None),
    "billing:write": ("POST", "/v1/coupons", {"key": "SAVE", "name": "Save", "percent": 10}),
}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), **vars(engines))


def routes(app: FastAPI) -> Iterator[tuple[str, Route]]:
    """Of the application and of the routers in it; each router's routes carry their whole path."""
    for mounted in app.routes:
        inner = getattr(mounted, "original_router", None)
        yield from _named(inner.routes if inner else [mounted])


def _named(routes: Iterable[Any]) -> Iterator[tuple[str, Route]]:
    for route in routes:
        for method in getattr(route, "methods", None) or ():
            if method != "HEAD":
                assert isinstance(route, Route)
                yield f"{method} {route.path_format}", route


def test_every_route_declares_its_permission(app: FastAPI) -> None:
    assert {name.partition(" ")[2] for name, _ in routes(app)} >= set(app.openapi()["paths"])  # none is overlooked
    bare = [
        name
        for name, route in routes(app)
        if name not in PERMISSION_OF
        and not isinstance(route, PersonRoute)
        and not OPEN.fullmatch(route.path)
        and not route.path.startswith(PORTAL)
    ]
    assert bare == [], "declare them in api/permissions.py"


def test_no_permission_is_declared_for_a_route_that_is_not_there(app: FastAPI) -> None:
    assert PERMISSION_OF.keys() - {name for name, _ in routes(app)} == set()


def test_every_route_that_is_not_open_goes_through_the_door(app: FastAPI, anonymous: TestClient) -> None:
    tried = 0
    for name, route in routes(app):
        if route.path.startswith(PORTAL):
            continue
        if isinstance(route, UnitOfWorkRoute) or route.path.startswith(("/v1/events", "/v1/imports")):
            method, path = name.split(" ")
            assert anonymous.request(method, re.sub("{.*?}", "x", path)).status_code == 401, name
            tried += 1
    assert tried == len(PERMISSION_OF)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_the_table_says(app: FastAPI, database: Database, company: Company, role: Role) -> None:
    assert TRIED.keys() == set(PERMISSIONS)
    person = visitor(app, database, company.organisation_id, role)
    for permission in PERMISSIONS:
        method, path, body = TRIED[permission]
        answer = person.request(method, path, json=body)
        if may(role, permission):
            assert answer.status_code in {200, 201, 404}, (permission, answer.text)
        else:
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_by_role"), permission
            named = answer.json()["detail"].partition("these roles have: ")[2].partition(".")[0].split(", ")
            assert named == [one for one in ROLES if may(one, permission)]


def test_the_guides_table_is_the_one_in_force() -> None:
    header, _, *rows = [line for line in GUIDE.read_text().splitlines() if line.startswith("|")][: len(PERMISSIONS) + 2]
    roles = [cell.strip() for cell in header.strip("|").split("|")][1:]
    assert roles == list(ROLES)
    for row in rows:
        permission, *marks = [cell.strip() for cell in row.strip("|").split("|")]
        assert [mark == "yes" for mark in marks] == [may(role, permission.strip("`")) for role in ROLES], permission  # type: ignore[arg-type]
    assert {row.split("`")[1] for row in rows} == set(PERMISSIONS)


def test_a_route_without_a_permission_is_closed_to_people(
    app: FastAPI, database: Database, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = visitor(app, database, company.organisation_id, "owner")
    undeclared = {name: permission for name, permission in PERMISSION_OF.items() if name != "GET /v1/customers"}
    monkeypatch.setattr("justpaid.api.permissions.PERMISSION_OF", undeclared)
    assert person.get("/v1/customers").json()["code"] == "forbidden_by_role"
    assert company.client.get("/v1/customers").status_code == 200
