"""Sessions: CSRF, their ends, the organisation in use; and one person in two organisations, which stay apart."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, TestInstallation
from tests.contract.people import new_user, signed_in, visitor
from tests.contract.steps import get, post

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CUSTOMER = {"external_id": "acme"}


@pytest.fixture
def installation(database: Database) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW))


@pytest.fixture
def owner(app: FastAPI, database: Database, company: Company) -> TestClient:
    return visitor(app, database, company.organisation_id, "owner")


@pytest.mark.parametrize("token", [None, "", "wrong", "é"])
def test_a_change_without_the_sessions_token_is_refused(owner: TestClient, token: str | None) -> None:
    del owner.headers["X-CSRF-Token"]
    headers = {} if token is None else {b"X-CSRF-Token": token.encode()}
    for method, path in (
        ("POST", "/v1/customers"),
        ("PATCH", "/v1/organisation"),
        ("DELETE", "/v1/test-clock"),
        ("PUT", "/v1/credits/top-up-rules"),
        ("POST", "/v1/events"),
        ("POST", "/v1/auth/sign-out"),
        ("POST", "/v1/auth/password"),
        ("POST", "/v1/organisations"),
    ):
        answer = owner.request(method, path, json={}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed"), path
    assert owner.get("/v1/customers").json()["data"] == []


def test_the_token_of_another_session_does_not_do(app: FastAPI, owner: TestClient, database: Database) -> None:
    here = owner.get("/v1/auth/session").json()["organisation"]["id"]
    theirs = visitor(app, database, here, "owner").headers["X-CSRF-Token"]
    answer = owner.post("/v1/customers", json=CUSTOMER, headers={"X-CSRF-Token": theirs})
    assert answer.json()["code"] == "csrf_failed"
    assert owner.post("/v1/customers", json=CUSTOMER).status_code == 201


def test_a_key_in_the_header_goes_before_the_cookie(owner: TestClient, new_company: Callable[[], Company]) -> None:
    other = new_company()
    del owner.headers["X-CSRF-Token"]
    key = {"Authorization": f"Bearer {other.secret}"}
    assert owner.post("/v1/customers", json=CUSTOMER, headers=key).status_code == 201
    assert [one["external_id"] for one in get(other.client, "/v1/customers")["data"]] == ["acme"]
    assert owner.get("/v1/organisation", headers={"Authorization": "Bearer sk_test_unknown"}).status_code == 401


@pytest.mark.parametrize(
    ("used_after", "asked_after", "lives"),
    [
        ([], timedelta(hours=23), True),
        ([], timedelta(days=1), False),
        ([timedelta(hours=23)], timedelta(hours=46), True),
        ([timedelta(hours=20 * n) for n in range(1, 17)], timedelta(days=14) - timedelta(seconds=1), True),
        ([timedelta(hours=20 * n) for n in range(1, 17)], timedelta(days=14), False),
    ],
)
def test_a_session_ends_when_it_is_idle_or_old(
    owner: TestClient, installation: TestInstallation, used_after: list[timedelta], asked_after: timedelta, lives: bool
) -> None:
    for after in used_after:
        installation.clock = FixedClock(NOW + after)
        # Not by the seconds that an identity is remembered: they are real, and here a day goes by in a moment.
        forget(owner)
        assert owner.get("/v1/organisation").status_code == 200
    installation.clock = FixedClock(NOW + asked_after)
    forget(owner)
    assert (owner.get("/v1/organisation").status_code == 200) is lives


def forget(client: TestClient) -> None:
    from justpaid.accounts.recent import _forget

    _forget(lambda identity: identity.person is not None)


def test_what_ended_is_over_at_once(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "owner"))
    here, there = signed_in(app, database, email), signed_in(app, database, email)
    sessions = here.get("/v1/auth/sessions").json()["data"]
    assert [one["current"] for one in sessions] == [False, True]
    assert here.delete(f"/v1/auth/sessions/{sessions[0]['id']}").status_code == 204
    assert there.get("/v1/organisation").status_code == 401
    out = here.post("/v1/auth/sign-out")
    assert out.status_code == 204
    assert 'jp_session=""' in out.headers["set-cookie"]
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert here.get("/v1/auth/session").json()["code"] == "not_signed_in"


def test_the_cookie_of_an_ended_session_opens_nothing(owner: TestClient) -> None:
    token = owner.cookies["jp_session"]
    owner.post("/v1/auth/sign-out")
    owner.cookies.set("jp_session", token)
    for path in ("/v1/auth/session", "/v1/organisation", "/v1/events/stream"):
        assert owner.get(path).status_code == 401


def test_nobody_ends_or_sees_another_persons_session(app: FastAPI, owner: TestClient, database: Database) -> None:
    here = owner.get("/v1/auth/session").json()
    other = visitor(app, database, here["organisation"]["id"], "owner")
    assert other.delete(f"/v1/auth/sessions/{here['id']}").status_code == 404
    assert here["id"] not in other.get("/v1/auth/sessions").text
    assert owner.get("/v1/auth/session").status_code == 200


def test_a_person_in_two_organisations_acts_for_the_one_in_use(
    app: FastAPI, database: Database, company: Company, new_company: Callable[[], Company]
) -> None:
    other = new_company()
    email = new_user(database, (company.organisation_id, "viewer"), (other.organisation_id, "admin"))
    post(company.client, "/v1/customers", {"external_id": "ours"})
    theirs = post(other.client, "/v1/customers", {"external_id": "theirs"})["id"]
    person = signed_in(app, database, email, company.organisation_id)
    assert [one["external_id"] for one in get(person, "/v1/customers")["data"]] == ["ours"]
    assert person.get(f"/v1/customers/{theirs}").status_code == 404
    assert person.post("/v1/customers", json=CUSTOMER).json()["code"] == "forbidden_by_role"
    switched = person.post("/v1/auth/organisation", json={"organisation_id": other.organisation_id}).json()
    assert (switched["organisation"]["id"], switched["organisation"]["role"]) == (other.organisation_id, "admin")
    assert {one["id"] for one in switched["organisations"]} == {company.organisation_id, other.organisation_id}
    assert [one["external_id"] for one in get(person, "/v1/customers")["data"]] == ["theirs"]
    assert person.post("/v1/customers", json=CUSTOMER).status_code == 201
    assert company.client.get("/v1/customers/acme").status_code == 404
    # The next session begins where this one is.
    assert signed_in(app, database, email).get("/v1/organisation").json()["id"] == other.organisation_id


def test_an_organisation_that_one_is_not_in_can_not_be_used(
    owner: TestClient, company: Company, new_company: Callable[[], Company]
) -> None:
    for stranger in (new_company().organisation_id, "org_unknown", ""):
        assert owner.post("/v1/auth/organisation", json={"organisation_id": stranger}).status_code == 404
    assert owner.get("/v1/organisation").json()["id"] == company.organisation_id


def test_who_makes_an_organisation_owns_it_in_both_modes(owner: TestClient, company: Company) -> None:
    made = post(owner, "/v1/organisations", {"name": "Second", "mode": "live"})
    assert (made["name"], made["mode"], made["role"]) == ("Second", "live", "owner")
    listed = owner.get("/v1/auth/session").json()["organisations"]
    assert [(one["name"], one["mode"]) for one in listed if one["name"] == "Second"] == [
        ("Second", "live"),
        ("Second", "test"),
    ]
    assert owner.post("/v1/auth/organisation", json={"organisation_id": made["id"]}).status_code == 200
    assert owner.get("/v1/organisation").json()["mode"] == "live"
    assert company.client.post("/v1/organisations", json={"name": "By key"}).status_code == 401


def test_the_audit_trail_names_the_member(owner: TestClient, company: Company) -> None:
    post(owner, "/v1/customers", CUSTOMER)
    (entry,) = [one for one in get(company.client, "/v1/audit-log")["data"] if one["record"] == "customers"]
    email = owner.get("/v1/auth/session").json()["user"]["email"]
    (member,) = get(company.client, "/v1/members")["data"]
    assert entry["actor"] == {"type": "member", "id": member["id"], "name": email}
