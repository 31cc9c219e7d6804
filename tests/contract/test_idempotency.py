"""`Idempotency-Key`: a repeated request acts once, whenever the repetition comes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.responses import Response
from starlette.testclient import TestClient

from justpaid.api.idempotency import Claim, IdempotencyInProgress, forget_before, remember, take
from justpaid.platform.database import Database
from tests.contract.conftest import Company

KEY = {"Idempotency-Key": "order 66"}


def customers(client: TestClient) -> list[str]:
    return [customer["name"] for customer in client.get("/v1/customers").json()["data"]]


def test_the_answer_is_given_again_and_nothing_is_done_again(client: TestClient) -> None:
    first, second = (client.post("/v1/customers", json={"name": "Acme"}, headers=KEY) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert customers(client) == ["Acme"]


def test_the_same_document_in_another_order_is_the_same_request(client: TestClient) -> None:
    json = {**KEY, "Content-Type": "application/json"}
    client.post("/v1/customers", content=b'{"name": "Acme", "currency": "EUR"}', headers=json)
    again = client.post("/v1/customers", content=b'{ "currency":"EUR","name":"Acme" }', headers=json)
    assert again.headers["idempotency-replayed"] == "true"


def test_without_a_key_each_request_acts(client: TestClient) -> None:
    for _ in range(2):
        client.post("/v1/customers", json={"name": "Acme"})
    assert customers(client) == ["Acme", "Acme"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/customers", {"name": "Beta"}),
        ("POST", "/v1/api-keys", {"name": "Acme"}),
        ("PATCH", "/v1/customers/acme", {"name": "Acme"}),
    ],
)
def test_a_key_of_another_request_is_refused(client: TestClient, method: str, path: str, body: dict[str, Any]) -> None:
    client.post("/v1/customers", json={"name": "Acme", "external_id": "acme"}, headers=KEY)
    response = client.request(method, path, json=body, headers=KEY)
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_mismatch")
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"
    assert customers(client) == ["Acme"]


def test_a_patch_is_remembered_too(client: TestClient) -> None:
    client.post("/v1/customers", json={"external_id": "acme"})
    first = client.patch("/v1/customers/acme", json={"name": "One"}, headers=KEY)
    client.patch("/v1/customers/acme", json={"name": "Two"})
    again = client.patch("/v1/customers/acme", json={"name": "One"}, headers=KEY)
    assert again.json() == first.json()
    assert customers(client) == ["Two"]


def test_a_request_that_failed_leaves_its_key_free(client: TestClient) -> None:
    client.post("/v1/customers", json={"external_id": "acme"})
    taken = client.post("/v1/customers", json={"external_id": "acme", "name": "B"}, headers=KEY)
    assert taken.status_code == 409
    client.patch("/v1/customers/acme", json={"external_id": None, "aliases": []})
    assert client.post("/v1/customers", json={"external_id": "acme", "name": "B"}, headers=KEY).status_code == 201


def test_organisations_do_not_share_keys(company: Company) -> None:
    for client in (company.client, company.live):
        response = client.post("/v1/customers", json={"name": "Acme"}, headers=KEY)
        assert "idempotency-replayed" not in response.headers


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "schlüssel"])
def test_a_key_has_to_be_short_and_printable(client: TestClient, key: str) -> None:
    response = client.post("/v1/customers", json={"name": "Acme"}, headers={b"Idempotency-Key": key.encode()})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"


def test_a_key_on_a_read_means_nothing(client: TestClient) -> None:
    for _ in range(2):
        assert "idempotency-replayed" not in client.get("/v1/customers", headers=KEY).headers


def test_many_at_once_act_once(client: TestClient) -> None:
    def post(_: int) -> Any:
        return client.post("/v1/customers", json={"name": "Acme"}, headers=KEY)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(post, range(6)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 5
    assert customers(client) == ["Acme"]


@pytest.fixture
def first(company: Company, database: Database) -> Iterator[Session]:
    """The transaction of a request that came first and has not ended."""
    with database.begin(company.organisation_id) as session:
        yield session


CLAIM = Claim("order 66", "fingerprint")


def wait_until_blocked_by(session: Session, database: Database, deadline_s: float = 10) -> None:
    """Until another transaction waits for this one."""
    holder = session.scalar(sa.text("SELECT pg_backend_pid()"))
    until = time.monotonic() + deadline_s
    with database.engine.connect() as connection:
        blocked = sa.text("SELECT count(*) FROM pg_stat_activity WHERE :holder = ANY (pg_blocking_pids(pid))")
        while not connection.scalar(blocked, {"holder": holder}):
            assert time.monotonic() < until, "nobody waits"
            connection.rollback()


@pytest.mark.parametrize("first_commits", [True, False])
def test_the_second_waits_for_the_first(
    company: Company, database: Database, first: Session, first_commits: bool
) -> None:
    assert take(first, company.organisation_id, CLAIM) is None

    def second() -> Response | None:
        with database.tenant(company.organisation_id) as session:
            return take(session, company.organisation_id, CLAIM)

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(second)
        wait_until_blocked_by(first, database)
        if first_commits:
            remember(first, company.organisation_id, CLAIM, Response("done", 201))
            first.commit()
        else:
            first.rollback()
        answer = waiting.result(timeout=10)
    if first_commits:
        assert answer is not None
        assert (answer.body, answer.status_code) == (b"done", 201)
    else:
        assert answer is None  # it has the key now, and acts itself


def test_the_second_does_not_wait_for_ever(company: Company, database: Database, first: Session) -> None:
    assert take(first, company.organisation_id, CLAIM) is None
    with pytest.raises(IdempotencyInProgress) as refusal, database.tenant(company.organisation_id) as session:
        take(session, company.organisation_id, CLAIM, wait_ms=50)
    assert (refusal.value.status, refusal.value.code) == (409, "idempotency_in_progress")


def test_old_answers_are_forgotten(company: Company, database: Database) -> None:
    client, now = company.client, datetime.now(UTC)
    client.post("/v1/customers", json={"name": "Acme"}, headers=KEY)
    for before, dropped in [(now - timedelta(hours=1), 0), (now + timedelta(hours=1), 1)]:
        with database.tenant(company.organisation_id) as session:
            assert forget_before(session, before) == dropped
    assert "idempotency-replayed" not in client.post("/v1/customers", json={"name": "Acme"}, headers=KEY).headers
