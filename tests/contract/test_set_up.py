"""The first run: one owner, who comes from this machine or has the code that the server printed."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.accounts import bootstrap, issue_set_up_code
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import TestInstallation
from tests.contract.people import PASSWORD

BODY = {"name": "Ann", "email": "ann@acme.example", "password": PASSWORD, "organisation_name": "Acme"}
SECRET = "sk_test_first_0123456789"


_numbers = itertools.count(1)


def make(database: Database, name: str, template: str = "template1") -> Database:
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    return Database(database.url.replace("/justpaid?", f"/{name}?"))


@pytest.fixture(scope="module")
def migrated(database: Database) -> str:
    new = make(database, "migrated")
    new.migrate()
    new.close()
    return "migrated"


@pytest.fixture
def fresh(database: Database, migrated: str) -> Iterator[Database]:
    """A database without a user: those of other tests are in the shared one."""
    new = make(database, f"fresh_{next(_numbers)}", migrated)
    yield new
    new.close()


@pytest.fixture
def installation(fresh: Database) -> TestInstallation:
    return TestInstallation(fresh, load_settings())


@pytest.fixture
def local(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="http://127.0.0.1:8787", client=("127.0.0.1", 50_000))


def set_up(client: TestClient, **more: Any) -> Any:
    return client.post("/v1/auth/setup", json=BODY | more)


def state(client: TestClient) -> dict[str, bool]:
    answer: dict[str, bool] = client.get("/v1/auth/state").json()
    return answer


def test_the_first_user_owns_a_new_organisation_in_both_modes(local: TestClient) -> None:
    assert state(local) == {"setup_needed": True, "setup_code_needed": False}
    answer = set_up(local)
    assert answer.status_code == 201
    session = answer.json()
    assert (session["organisation"]["name"], session["organisation"]["mode"]) == ("Acme", "test")
    assert [(one["mode"], one["role"]) for one in session["organisations"]] == [("live", "owner"), ("test", "owner")]
    assert local.get("/v1/auth/session").json()["user"]["email"] == "ann@acme.example"
    assert state(local)["setup_needed"] is False


def test_there_is_no_second_first_user(local: TestClient) -> None:
    with ThreadPoolExecutor(3) as together:
        answers = list(together.map(lambda n: set_up(local, email=f"ann{n}@acme.example"), range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"set_up_already"}


def test_the_bootstrap_organisation_is_joined(local: TestClient, fresh: Database) -> None:
    organisation_id = bootstrap(fresh, SECRET)
    session = set_up(local).json()
    assert (session["organisation"]["id"], session["organisation"]["name"]) == (organisation_id, "Acme")
    assert len(session["organisations"]) == 2


def test_without_a_name_the_bootstrap_organisation_keeps_its_own(local: TestClient, fresh: Database) -> None:
    bootstrap(fresh, SECRET, "Rainbow AI")
    assert set_up(local, organisation_name=None).json()["organisation"]["name"] == "Rainbow AI"


@pytest.mark.parametrize(
    ("address", "base_url", "headers"),
    [
        ("192.0.2.1", "http://127.0.0.1:8787", {}),
        ("127.0.0.1", "http://bill.acme.example", {}),  # another name that leads here: DNS rebinding
        ("127.0.0.1", "http://127.0.0.1:8787", {"X-Forwarded-For": "127.0.0.1"}),  # a proxy on this machine
        ("127.0.0.1", "http://localhost", {"Forwarded": "for=127.0.0.1"}),
    ],
)
def test_from_elsewhere_the_printed_code_is_needed(
    app: FastAPI, fresh: Database, address: str, base_url: str, headers: dict[str, str]
) -> None:
    client = TestClient(app, base_url=base_url, client=(address, 50_000), headers=headers)
    with fresh.system() as session:
        before = issue_set_up_code(session, datetime.now(UTC))
    with fresh.system() as session:
        code = issue_set_up_code(session, datetime.now(UTC))
    assert state(client)["setup_code_needed"] is True
    for wrong in (None, "", "wrong", before):
        answer = set_up(client, code=wrong)
        assert (answer.status_code, answer.json()["code"]) == (403, "setup_code_needed")
    # A refused password uses nothing up.
    assert set_up(client, code=code, password="short").status_code == 422
    assert set_up(client, code=code).status_code == 201
    with fresh.system() as session:
        assert issue_set_up_code(session, datetime.now(UTC)) is None


def test_another_sites_page_sets_nothing_up(local: TestClient) -> None:
    answer = local.post("/v1/auth/setup", json=BODY, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert state(local)["setup_needed"] is True


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "ann"}, "email"),
        ({"password": "ann@acme.example"}, "password"),
        ({"password": "too short"}, "password"),
        ({"name": ""}, "name"),
        ({"organisation_name": ""}, "name"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_can_not_be_used_is_named(local: TestClient, wrong: dict[str, str], field: str) -> None:
    answer = set_up(local, **wrong)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert state(local)["setup_needed"] is True
