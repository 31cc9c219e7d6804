"""Organisations and their keys: made, shown once, revoked; and the key that an installation starts with."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.accounts import (
    ApiKey,
    Organisation,
    authenticate,
    bootstrap,
    create_organisation,
    issue_key,
    list_organisations,
    revoke_key,
)
from justpaid.kernel.errors import Conflict, InvalidRequest, Unauthenticated
from justpaid.kernel.ids import new_id
from justpaid.platform.database import Database
from tests.contract.conftest import Company


def with_key(app: FastAPI, secret: str) -> TestClient:
    return TestClient(app, headers={"Authorization": f"Bearer {secret}"})


def test_a_key_acts_for_its_organisation_in_its_mode(company: Company) -> None:
    test = company.client.get("/v1/organisation").json()
    live = company.live.get("/v1/organisation").json()
    assert (test["id"], test["mode"]) == (company.organisation_id, "test")
    assert live["mode"] == "live"
    assert live["id"] != test["id"]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (None, "no API key in this request"),
        ("", "no API key in this request"),
        ("Basic c2tfdGVzdA==", "malformed"),
        ("Bearer", "malformed"),
        ("sk_test_0123456789", "malformed"),
        ("Bearer pk_test_0123456789", "is no API key"),
        ("Bearer sk_test_é", "is no API key"),
        ("Bearer sk_test_0123456789", "unknown or was revoked"),
        ("Bearer sk_live_0123456789", "unknown or was revoked"),
    ],
)
def test_without_a_valid_key_the_reason_is_told(anonymous: TestClient, header: str | None, told: str) -> None:
    headers = {} if header is None else {b"Authorization": header.encode()}
    response = anonymous.get("/v1/organisation", headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert told in response.json()["detail"]


def test_the_scheme_is_read_in_any_case(anonymous: TestClient, company: Company) -> None:
    response = anonymous.get("/v1/organisation", headers={"Authorization": f"bearer {company.secret}"})
    assert response.status_code == 200


def test_a_new_key_works_and_its_secret_is_shown_once(app: FastAPI, client: TestClient, database: Database) -> None:
    issued = client.post("/v1/api-keys", json={"name": "backend"})
    assert issued.status_code == 201
    secret = issued.json()["secret"]
    assert secret.startswith("sk_test_")
    assert len(secret) >= 8 + 43  # 32 bytes in base 64
    assert with_key(app, secret).get("/v1/organisation").status_code == 200
    listed = client.get("/v1/api-keys")
    assert listed.json()["data"][0] == {
        "id": issued.json()["id"],
        "name": "backend",
        "hint": secret[-4:],
        "created_at": issued.json()["created_at"],
        "revoked_at": None,
    }
    assert secret not in listed.text
    with database.system() as session:
        kept = session.scalars(sa.select(sa.cast(sa.literal_column("api_keys.*"), sa.Text)).select_from(ApiKey)).all()
    assert kept
    assert not any(secret in row for row in kept)


def test_a_repeated_request_for_a_key_does_not_show_the_secret_again(client: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "new-key"}
    first, second = (client.post("/v1/api-keys", json={"name": "backend"}, headers=headers).json() for _ in range(2))
    assert second == {**first, "secret": None}
    with database.system() as session:
        assert (
            session.scalar(sa.text("SELECT count(*) FROM idempotency_keys WHERE body LIKE :it"), {"it": b"%sk\\_test%"})
            == 0
        )


def test_a_revoked_key_stops_at_once(app: FastAPI, client: TestClient) -> None:
    issued = client.post("/v1/api-keys", json={"name": "leaked"}).json()
    leaked = with_key(app, issued["secret"])
    assert leaked.get("/v1/organisation").status_code == 200
    revoked = client.delete(f"/v1/api-keys/{issued['id']}")
    assert revoked.status_code == 200
    assert revoked.json()["revoked_at"] is not None
    assert leaked.get("/v1/organisation").status_code == 401
    assert client.delete(f"/v1/api-keys/{issued['id']}").json() == revoked.json()


def test_a_revocation_that_is_rolled_back_changes_nothing(app: FastAPI, company: Company, database: Database) -> None:
    issued = company.client.post("/v1/api-keys", json={"name": "kept"}).json()
    with database.begin(company.organisation_id) as session:
        revoke_key(session, issued["id"])
        session.rollback()
    assert with_key(app, issued["secret"]).get("/v1/organisation").status_code == 200


def test_a_key_can_not_revoke_itself(client: TestClient) -> None:
    own = client.get("/v1/api-keys").json()["data"][0]["id"]
    assert client.delete(f"/v1/api-keys/{own}").status_code == 409
    assert client.get("/v1/organisation").status_code == 200


def test_a_key_that_does_not_exist_can_not_be_revoked(client: TestClient) -> None:
    assert client.delete(f"/v1/api-keys/{new_id('key')}").status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_a_key_needs_a_name(client: TestClient, name: str) -> None:
    response = client.post("/v1/api-keys", json={"name": name})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "name"


@pytest.mark.parametrize(
    ("options", "field"),
    [({"timezone": "Mars/Olympus"}, "timezone"), ({"currency": "ABC"}, "currency")],
)
def test_an_organisation_needs_a_real_zone_and_currency(
    database: Database, options: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refusal, database.system() as session:
        create_organisation(session, "Acme", **options)
    assert refusal.value.errors[0].field == field


def test_a_secret_is_a_key_once_and_in_one_mode(database: Database) -> None:
    secret = f"sk_test_{new_id('key')}"
    with database.system() as session:
        pair = create_organisation(session, "Acme")
        issue_key(session, pair.test, "first", secret=secret)
        with pytest.raises(Conflict):
            issue_key(session, pair.test, "second", secret=secret)
        with pytest.raises(InvalidRequest):
            issue_key(session, pair.live, "third", secret=secret)


@pytest.fixture
def first_start(database: Database) -> Iterator[Database]:
    """A database without any organisation, beside the one that the other tests share."""
    name = f"first_start_{new_id('org')}"
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        fresh = Database(sa.make_url(database.url).set(database=name).render_as_string(hide_password=False))
        fresh.migrate()
        yield fresh
        fresh.close()
        connection.execute(sa.text(f"DROP DATABASE {name}"))


def test_the_first_start_makes_an_organisation_and_the_next_ones_change_nothing(first_start: Database) -> None:
    secret = f"sk_test_{new_id('key')}"
    made = {bootstrap(first_start, secret) for _ in range(3)}
    with first_start.system() as session:
        assert [o.mode for o in list_organisations(session)].count("test") == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Organisation)) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(ApiKey)) == 1
    assert made == {authenticate(first_start, secret).organisation_id}


@pytest.mark.parametrize(("given", "made"), [("Larkspur AI", "Larkspur AI"), (None, "My company")])
def test_the_first_start_names_its_organisation(first_start: Database, given: str | None, made: str) -> None:
    bootstrap(first_start, f"sk_test_{new_id('key')}", given)
    with first_start.system() as session:
        assert {organisation.name for organisation in list_organisations(session)} == {made}


def test_another_key_joins_the_oldest_organisation_of_its_mode(first_start: Database) -> None:
    first = bootstrap(first_start, f"sk_test_{new_id('key')}")
    with first_start.system() as session:
        create_organisation(session, "A younger one")
    assert bootstrap(first_start, f"sk_test_{new_id('key')}") == first
    live = f"sk_live_{new_id('key')}"
    assert bootstrap(first_start, live) != first
    assert authenticate(first_start, live).mode == "live"


def test_a_revoked_bootstrap_key_stays_revoked(database: Database) -> None:
    secret = f"sk_test_{new_id('key')}"
    bootstrap(database, secret)
    key_id = authenticate(database, secret).key_id
    with database.system() as session:
        revoke_key(session, key_id)
    bootstrap(database, secret)
    with pytest.raises(Unauthenticated):
        authenticate(database, secret)


def test_a_bootstrap_key_has_to_look_like_one(database: Database) -> None:
    with pytest.raises(InvalidRequest, match="JUSTPAID_BOOTSTRAP_API_KEY"):
        bootstrap(database, "secret")
