"""Signing in: by password, by one-time link, by invitation; what it gives away, and how often it may be tried."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.accounts import OneTimeLink, SignInAttempts, UserSession, attempts, forget_expired, passwords
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, TestInstallation
from tests.contract.people import PASSWORD, browser, link_for, new_user, signed_in
from tests.contract.steps import post

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def installation(database: Database) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW))


def sign_in(client: TestClient, email: str, password: str = PASSWORD, **more: Any) -> Any:
    return client.post("/v1/auth/sign-in", json={"email": email, "password": password}, **more)


def test_the_session_tells_who_for_whom_and_what_is_allowed(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "finance"), password=PASSWORD)
    client = browser(app)
    answer = sign_in(client, f" {email.upper()} ")
    assert answer.status_code == 200
    session = answer.json()
    assert session["user"]["email"] == email
    assert session["user"]["has_password"] is True
    assert session["organisation"]["id"] == company.organisation_id
    assert (session["organisation"]["mode"], session["organisation"]["role"]) == ("test", "finance")
    assert session["organisations"] == [session["organisation"]]
    assert "billing:write" in session["permissions"]
    assert "api_keys:write" not in session["permissions"]
    again = client.get("/v1/auth/session").json()
    assert {**again, "expires_at": None} == {**session, "expires_at": None}
    assert client.get("/v1/customers").status_code == 200


@pytest.mark.parametrize(
    ("headers", "secure"), [({}, False), ({"X-Forwarded-Proto": "https"}, True), ({"X-Forwarded-Proto": "http"}, False)]
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    app: FastAPI, database: Database, company: Company, headers: dict[str, str], secure: bool
) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    cookie = sign_in(browser(app), email, headers=headers).headers["set-cookie"]
    name, *flags = [part.strip() for part in cookie.split(";")]
    assert name.startswith("jp_session=")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Max-Age=1209600"} <= set(flags)
    assert ("Secure" in flags) is secure


def test_over_https_the_cookie_is_for_https_alone(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    client = TestClient(app, base_url="https://testserver")
    assert "Secure" in sign_in(client, email).headers["set-cookie"]


def test_nothing_that_signs_in_is_kept_as_it_is(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    client, token = browser(app), link_for(database, email, at=NOW)
    sign_in(client, email)
    invited = {"email": "carl@acme.example", "name": "Carl", "role": "viewer"}
    invitation = post(company.client, "/v1/members", invited)["link"].partition("=")[2]
    secrets = [PASSWORD, client.cookies["jp_session"], token, invitation]
    with database.system() as session:
        for table in ("users", "sessions", "one_time_links", "members", "audit_entries", "sign_in_attempts"):
            kept = str(session.execute(sa.text(f"SELECT * FROM {table}")).all())
            assert not any(secret in kept for secret in secrets)
        hashes = session.scalars(sa.text("SELECT password_hash FROM users WHERE password_hash IS NOT NULL")).all()
    assert all(one.startswith("$argon2id$") for one in hashes)


def test_an_unknown_user_is_answered_like_a_wrong_password(
    app: FastAPI, database: Database, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words, and the same work: one verification of argon2 each."""
    verified: list[str] = []
    real = passwords._hasher

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            verified.append(password_hash)
            return real.verify(password_hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    owner = (company.organisation_id, "owner")
    known, linked = new_user(database, owner), new_user(database, (company.organisation_id, "viewer"))
    monkeypatch.setattr(passwords, "_hasher", real)
    with_password = new_user(database, (company.organisation_id, "viewer"), password=PASSWORD)
    monkeypatch.setattr(passwords, "_hasher", Counting())
    answers = []
    for email in (known, linked, with_password, "nobody@acme.example"):
        verified.clear()
        answer = sign_in(browser(app, "192.0.2.7"), email, "wrong horse battery")
        assert len(verified) == 1
        answers.append((answer.status_code, answer.json(), answer.headers.get("set-cookie")))
    assert answers[0][0] == 401
    assert answers[0][1]["code"] == "wrong_credentials"
    assert all(answer == answers[0] for answer in answers)


def test_who_guesses_is_locked_out_for_a_while_and_the_person_is_not(
    app: FastAPI, database: Database, company: Company, installation: TestInstallation
) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    guesser, person = browser(app, "192.0.2.66"), browser(app, "192.0.2.67")
    for _ in range(attempts.PAIR_LIMIT):
        assert sign_in(guesser, email, "wrong horse battery").status_code == 401
    refused = sign_in(guesser, email)  # even with the right one
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
    assert int(refused.headers["retry-after"]) == 15 * 60
    assert sign_in(person, email).status_code == 200
    installation.clock = FixedClock(NOW + attempts.WINDOW)
    assert sign_in(guesser, email).status_code == 200


def test_an_unknown_user_is_locked_out_alike(app: FastAPI) -> None:
    guesser = browser(app, "192.0.2.68")
    for _ in range(attempts.PAIR_LIMIT):
        assert sign_in(guesser, "nobody@locked.example").status_code == 401
    assert sign_in(guesser, "nobody@locked.example").status_code == 429


@pytest.mark.parametrize("by", ["address", "e-mail"])
def test_guessing_in_breadth_is_bounded_too(app: FastAPI, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setattr(attempts, "ADDRESS_LIMIT", 3)
    monkeypatch.setattr(attempts, "EMAIL_LIMIT", 3)
    answers = [
        sign_in(browser(app, "198.51.100.1"), f"nobody{n}@breadth.example")
        if by == "address"
        else sign_in(browser(app, f"198.51.100.{n + 10}"), "nobody@breadth.example")
        for n in range(4)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]


def test_a_right_password_begins_the_count_anew(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    client = browser(app, "192.0.2.69")
    for _ in range(2):
        for _ in range(attempts.PAIR_LIMIT - 1):
            assert sign_in(client, email, "wrong horse battery").status_code == 401
        assert sign_in(client, email).status_code == 200


@pytest.mark.parametrize("header", [{"X-Forwarded-For": "203.0.113.5, 192.0.2.70"}])
def test_behind_a_proxy_the_address_is_what_the_proxy_saw(
    app: FastAPI, database: Database, company: Company, header: dict[str, str]
) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    for peer, seen in (("127.0.0.1", "192.0.2.70"), ("8.8.8.8", "8.8.8.8")):
        client = browser(app, peer)
        assert sign_in(client, email, headers=header).status_code == 200
        assert client.get("/v1/auth/sessions").json()["data"][0]["address"] == seen


def test_a_link_signs_in_once_and_only_for_minutes(
    app: FastAPI, database: Database, company: Company, installation: TestInstallation
) -> None:
    email = new_user(database, (company.organisation_id, "owner"))
    token, late = link_for(database, email, at=NOW), link_for(database, email, at=NOW)
    first = browser(app).post("/v1/auth/link", json={"token": token})
    assert first.json()["user"]["email"] == email
    for used in (token, "made-up", ""):
        again = browser(app).post("/v1/auth/link", json={"token": used})
        assert (again.status_code, again.json()["code"]) == (401, "link_used")
    installation.clock = FixedClock(NOW + timedelta(minutes=15))
    assert browser(app).post("/v1/auth/link", json={"token": late}).status_code == 401


def test_a_session_can_not_be_fixed_beforehand(app: FastAPI, database: Database, company: Company) -> None:
    """A token that an attacker put into the browser means nothing before, and nothing after signing in."""
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    client = browser(app)
    client.cookies.set("jp_session", "planted")
    assert client.get("/v1/auth/session").status_code == 401
    client.cookies.clear()
    sign_in(client, email)
    first = client.cookies["jp_session"]
    sign_in(client, email)
    assert client.cookies["jp_session"] != first
    planted = browser(app)
    for token in ("planted", first):
        planted.cookies.set("jp_session", token)
        answer = planted.get("/v1/auth/session")
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        planted.cookies.clear()


def test_another_sites_page_signs_nobody_in(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    answer = sign_in(browser(app), email, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    form = browser(app).post("/v1/auth/sign-in", data={"email": email, "password": PASSWORD})
    assert form.status_code == 415


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("short", "12 to 256 characters"),
        ("x" * 257, "12 to 256 characters"),
        ("aaaaaaaaaaaa", "again and again"),
        (None, "e-mail address"),
    ],
)
def test_a_password_that_can_be_guessed_is_refused(
    app: FastAPI, database: Database, company: Company, password: str | None, told: str
) -> None:
    email = new_user(database, (company.organisation_id, "owner"))
    client = signed_in(app, database, email)
    answer = client.post("/v1/auth/password", json={"new_password": password or email.upper()})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "new_password"
    assert told in answer.json()["detail"]


def test_a_first_password_needs_none_before_and_a_further_one_does(
    app: FastAPI, database: Database, company: Company
) -> None:
    email = new_user(database, (company.organisation_id, "owner"))
    client, elsewhere = signed_in(app, database, email), signed_in(app, database, email)
    assert client.get("/v1/auth/session").json()["user"]["has_password"] is False
    assert client.post("/v1/auth/password", json={"new_password": PASSWORD}).status_code == 204
    assert client.get("/v1/auth/session").json()["user"]["has_password"] is True
    assert elsewhere.get("/v1/auth/session").status_code == 401
    other = {"new_password": "another good password"}
    for wrong in ({}, {"current_password": "wrong horse battery"}):
        answer = client.post("/v1/auth/password", json={**other, **wrong})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "current_password"
    assert client.post("/v1/auth/password", json={**other, "current_password": PASSWORD}).status_code == 204
    assert sign_in(browser(app), email).status_code == 401
    assert sign_in(browser(app), email, "another good password").status_code == 200


def test_a_user_in_no_organisation_is_told_so(app: FastAPI, database: Database) -> None:
    email = new_user(database, password=PASSWORD)
    answer = sign_in(browser(app), email)
    assert (answer.status_code, answer.json()["code"]) == (403, "no_organisation")
    assert "set-cookie" not in answer.headers


def test_what_has_expired_is_forgotten(app: FastAPI, database: Database, company: Company) -> None:
    email = new_user(database, (company.organisation_id, "owner"), password=PASSWORD)
    client = browser(app, "192.0.2.80")
    assert sign_in(client, email, "wrong horse battery").status_code == 401
    assert sign_in(client, email).status_code == 200
    unused = link_for(database, email, at=NOW)

    def left(at: datetime) -> list[int]:
        with database.system() as session:
            forget_expired(session, at)
            counts = [
                session.scalar(
                    sa.select(sa.func.count()).select_from(UserSession).where(UserSession.created_at == NOW)
                ),
                session.scalar(
                    sa.select(sa.func.count()).select_from(OneTimeLink).where(OneTimeLink.created_at == NOW)
                ),
                session.scalar(
                    sa.select(sa.func.count()).select_from(SignInAttempts).where(SignInAttempts.since == NOW)
                ),
            ]
        return [count or 0 for count in counts]

    assert all(left(NOW))
    sessions, links, attempted = left(NOW + timedelta(minutes=16))
    assert (sessions > 0, links > 0, attempted) == (True, True, 0)
    assert left(NOW + timedelta(days=45)) == [0, 0, 0]
    assert browser(app).post("/v1/auth/link", json={"token": unused}).status_code == 401
