"""Members: invited by a link that opens once, given roles, removed; and there is always an owner."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, TestInstallation
from tests.contract.people import browser, new_user, signed_in, visitor
from tests.contract.steps import get, post

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def installation(database: Database) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW))


@pytest.fixture
def owner(app: FastAPI, database: Database, company: Company) -> TestClient:
    return visitor(app, database, company.organisation_id, "owner")


def invite(client: TestClient, email: str, role: str = "developer") -> tuple[dict[str, Any], str]:
    """The member, and the token of the link."""
    member = post(client, "/v1/members", {"email": email, "name": "Bob", "role": role})
    return member, member["link"].removeprefix("/sign-in#token=")


def follow(client: TestClient, token: str) -> Any:
    return client.post("/v1/auth/link", json={"token": token})


def test_who_is_invited_joins_by_the_link_once(app: FastAPI, owner: TestClient, company: Company) -> None:
    member, token = invite(owner, "Bob@Join.example ")
    assert (member["email"], member["status"], member["role"]) == ("bob@join.example", "invited", "developer")
    bob = browser(app)
    session = follow(bob, token).json()
    assert session["user"] == {**session["user"], "email": "bob@join.example", "name": "Bob", "has_password": False}
    assert session["organisation"]["id"] == company.organisation_id
    assert session["organisation"]["role"] == "developer"
    assert follow(browser(app), token).json()["code"] == "link_used"
    newest = get(owner, "/v1/members")["data"][0]
    assert (newest["id"], newest["status"]) == (member["id"], "joined")
    assert bob.get("/v1/organisation").status_code == 200


def test_an_invitation_expires_and_is_renewed_by_another(
    app: FastAPI, owner: TestClient, installation: TestInstallation, company: Company
) -> None:
    _, old = invite(owner, "bob@renew.example")
    member, new = invite(owner, "bob@renew.example", "viewer")
    assert follow(browser(app), old).status_code == 401
    installation.clock = FixedClock(NOW + timedelta(days=7))
    assert follow(browser(app), new).status_code == 401
    _, newest = invite(company.client, "bob@renew.example", "viewer")
    assert follow(browser(app), newest).json()["organisation"]["role"] == "viewer"
    again = company.client.post("/v1/members", json={"email": "bob@renew.example", "name": "Bob", "role": "viewer"})
    assert again.status_code == 409
    assert member["id"] in again.json()["detail"]


def test_an_invitation_taken_back_opens_nothing(app: FastAPI, owner: TestClient) -> None:
    member, token = invite(owner, "bob@back.example")
    assert owner.delete(f"/v1/members/{member['id']}").status_code == 204
    assert follow(browser(app), token).status_code == 401
    assert member["id"] not in owner.get("/v1/members").text


def test_an_invitation_signs_in_nobody_who_exists(
    app: FastAPI, database: Database, owner: TestClient, company: Company
) -> None:
    """Whoever invites has the link first; were it enough, any owner could sign in as anybody."""
    victim = new_user(database, (company.organisation_id, "viewer"))
    stranger_org = post(owner, "/v1/organisations", {"name": "Trap"})["id"]
    owner.post("/v1/auth/organisation", json={"organisation_id": stranger_org})
    _, token = invite(owner, victim)
    for thief in (browser(app), owner):
        answer = follow(thief, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_first")
        assert "set-cookie" not in answer.headers
    joined = follow(signed_in(app, database, victim), token).json()
    assert joined["organisation"]["id"] == stranger_org
    assert {one["id"] for one in joined["organisations"]} == {company.organisation_id, stranger_org}


def test_a_role_acts_at_once(app: FastAPI, database: Database, owner: TestClient, company: Company) -> None:
    person = visitor(app, database, company.organisation_id, "viewer")
    member = get(owner, "/v1/members")["data"][0]
    body = {"external_id": "acme"}
    assert person.post("/v1/customers", json=body).status_code == 403
    assert owner.patch(f"/v1/members/{member['id']}", json={"role": "finance"}).json()["role"] == "finance"
    assert person.post("/v1/customers", json=body).status_code == 201
    assert owner.delete(f"/v1/members/{member['id']}").status_code == 204
    assert person.get("/v1/customers").status_code == 401


def test_a_session_goes_on_in_another_organisation_of_its_person(
    app: FastAPI, database: Database, owner: TestClient, company: Company
) -> None:
    second = post(owner, "/v1/organisations", {"name": "Second"})["id"]
    email = new_user(database, (company.organisation_id, "viewer"), (second, "viewer"))
    person = signed_in(app, database, email, company.organisation_id)
    member = get(owner, "/v1/members")["data"][0]
    owner.delete(f"/v1/members/{member['id']}")
    assert person.get("/v1/organisation").json()["id"] == second
    assert [one["id"] for one in person.get("/v1/auth/session").json()["organisations"]] == [second]


def test_there_is_always_an_owner(app: FastAPI, database: Database, owner: TestClient, company: Company) -> None:
    (first,) = get(owner, "/v1/members")["data"]
    invite(owner, "later@owner.example", "owner")  # who has not joined can't own
    for attempt in (
        owner.patch(f"/v1/members/{first['id']}", json={"role": "admin"}),
        owner.delete(f"/v1/members/{first['id']}"),
    ):
        assert attempt.status_code == 409
        assert "last owner" in attempt.json()["detail"]
    visitor(app, database, company.organisation_id, "owner")
    assert owner.patch(f"/v1/members/{first['id']}", json={"role": "admin"}).status_code == 200


def test_two_owners_can_not_both_leave_at_once(
    app: FastAPI, database: Database, owner: TestClient, company: Company
) -> None:
    other = visitor(app, database, company.organisation_id, "owner")
    members = [one["id"] for one in get(owner, "/v1/members")["data"]]
    with ThreadPoolExecutor(2) as together:
        answers = list(
            together.map(
                lambda pair: pair[0].patch(f"/v1/members/{pair[1]}", json={"role": "viewer"}).status_code,
                zip((owner, other), members, strict=True),
            )
        )
    assert sorted(answers) in ([200, 403], [200, 409])
    assert [one["role"] for one in get(company.client, "/v1/members")["data"]].count("owner") == 1


@pytest.mark.parametrize("who", ["admin", "a key"])
def test_only_owners_deal_with_owners(
    app: FastAPI, database: Database, owner: TestClient, company: Company, who: str
) -> None:
    client = company.client if who == "a key" else visitor(app, database, company.organisation_id, "admin")
    owners = [one["id"] for one in get(owner, "/v1/members")["data"] if one["role"] == "owner"]
    member, _ = invite(client, "bob@only.example", "viewer")
    invited_owner, _ = invite(owner, "carl@only.example", "owner")
    for answer in (
        client.post("/v1/members", json={"email": "x@only.example", "name": "X", "role": "owner"}),
        client.post("/v1/members", json={"email": "carl@only.example", "name": "X", "role": "viewer"}),
        client.patch(f"/v1/members/{member['id']}", json={"role": "owner"}),
        client.patch(f"/v1/members/{owners[0]}", json={"role": "viewer"}),
        client.delete(f"/v1/members/{owners[0]}"),
        client.delete(f"/v1/members/{invited_owner['id']}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden_by_role")
    assert client.patch(f"/v1/members/{member['id']}", json={"role": "admin"}).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "no address", "name": "Bob", "role": "viewer"}, "email"),
        ({"email": "bob@acme.example", "name": " ", "role": "viewer"}, "name"),
        ({"email": "bob@acme.example", "name": "Bob", "role": "king"}, "role"),
    ],
)
def test_a_bad_invitation_names_the_field(owner: TestClient, body: dict[str, str], field: str) -> None:
    answer = owner.post("/v1/members", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_a_repeated_invitation_does_not_show_its_link_again(owner: TestClient) -> None:
    body = {"email": "bob@repeat.example", "name": "Bob", "role": "viewer"}
    first, second = (owner.post("/v1/members", json=body, headers={"Idempotency-Key": "one"}).json() for _ in range(2))
    assert second == {**first, "link": None}
