"""Drafts become versions, and versions never change: not by the API, and not by the database's owner."""

from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, errors, get, post

FLAT = {"key": "base", "model": "flat", "amount": "20"}
PLAN: dict[str, Any] = {"key": "pro", "currency": "USD", "interval": "month", "prices": [FLAT]}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def amount(plan: dict[str, Any]) -> str:
    return str(plan["prices"][0]["amount"])


def flat(amount: str) -> dict[str, Any]:
    return {"prices": [{**FLAT, "amount": amount}]}


def test_a_draft_is_edited_until_it_is_published(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    draft = post(client, "/v1/plans/pro/versions", {**flat("25"), "draft": True}, 201)
    assert (draft["version"], draft["status"], draft["published_at"]) == (2, "draft", None)
    assert amount(get(client, "/v1/plans/pro")) == "20"

    edited = client.patch("/v1/plans/pro/versions/2", json=flat("24") | {"trial_days": 14}).json()
    assert (amount(edited), edited["trial_days"], edited["interval"]) == ("24", 14, "month")

    published = post(client, "/v1/plans/pro/versions/2/publish")
    assert (published["status"], amount(published)) == ("published", "24")
    assert amount(get(client, "/v1/plans/pro")) == "24"
    assert amount(get(client, "/v1/plans/pro/versions/1")) == "20"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/v1/plans/pro/versions/1", flat("1")),
        ("DELETE", "/v1/plans/pro/versions/1", None),
        ("POST", "/v1/plans/pro/versions/1/publish", None),
    ],
)
def test_a_published_version_never_changes(client: TestClient, method: str, path: str, body: Any) -> None:
    before = post(client, "/v1/plans", PLAN)
    response = client.request(method, path, json=body)
    assert response.status_code == 409
    assert "never changes" in response.json()["detail"]
    assert get(client, "/v1/plans/pro/versions/1") == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plan_versions SET prices = '[]' WHERE plan_id = :plan",
        "UPDATE plan_versions SET published_at = NULL WHERE plan_id = :plan",
        "DELETE FROM plan_versions WHERE plan_id = :plan",
    ],
)
def test_the_database_refuses_even_its_owner(client: TestClient, database: Database, statement: str) -> None:
    plan = post(client, "/v1/plans", PLAN)
    with database.engine.connect() as owner, pytest.raises(sa.exc.IntegrityError, match="never changes"):
        owner.execute(sa.text(statement), {"plan": plan["id"]})
    assert get(client, "/v1/plans/pro/versions/1") == plan


def test_a_draft_is_thrown_away(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    post(client, "/v1/plans/pro/versions", {"draft": True})
    left = client.delete("/v1/plans/pro/versions/2").json()
    assert [version["version"] for version in left["versions"]] == [1]
    assert client.get("/v1/plans/pro/versions/2").status_code == 404


def test_of_several_drafts_the_one_published_last_is_offered(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    for figure in ("30", "40"):
        post(client, "/v1/plans/pro/versions", {**flat(figure), "draft": True})
    post(client, "/v1/plans/pro/versions/3/publish")
    assert get(client, "/v1/plans/pro")["version"] == 3
    post(client, "/v1/plans/pro/versions/2/publish")
    assert get(client, "/v1/plans/pro")["version"] == 2


def test_a_plan_that_is_a_draft_can_not_be_subscribed_to(client: TestClient) -> None:
    draft = post(client, "/v1/plans", {**PLAN, "draft": True})
    assert (draft["status"], draft["version"]) == ("draft", 1)
    post(client, "/v1/customers", {"external_id": "acme"})
    new = {"customer_id": "acme", "plan": "pro"}
    refused = client.post("/v1/subscriptions", json=new)
    assert refused.status_code == 409
    assert "/v1/plans/pro/versions/1/publish" in refused.json()["detail"]
    assert client.delete("/v1/plans/pro/versions/1").status_code == 409, "its only version"
    post(client, "/v1/plans/pro/versions/1/publish")
    assert post(client, "/v1/subscriptions", new)["plan_version"] == 1


def test_an_archived_plan_is_not_offered_and_goes_on_for_those_who_have_it(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    post(client, "/v1/customers", {"external_id": "acme"})
    new = {"customer_id": "acme", "plan": "pro"}
    subscription = post(client, "/v1/subscriptions", new)
    archived = post(client, "/v1/plans/pro/archive")
    assert archived["archived_at"] is not None
    assert post(client, "/v1/plans/pro/archive") == archived
    assert client.post("/v1/subscriptions", json=new).status_code == 409
    assert get(client, f"/v1/subscriptions/{subscription['id']}")["status"] == "active"
    assert post(client, "/v1/plans/pro/unarchive")["archived_at"] is None
    post(client, "/v1/subscriptions", new)


def test_an_add_on_is_no_plan_to_subscribe_to(client: TestClient) -> None:
    assert post(client, "/v1/plans", {**PLAN, "kind": "add_on"})["kind"] == "add_on"
    post(client, "/v1/customers", {"external_id": "acme"})
    response = client.post("/v1/subscriptions", json={"customer_id": "acme", "plan": "pro"})
    assert (response.status_code, errors(response)) == (422, ["plan"])


def test_a_plan_is_renamed(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    assert client.patch("/v1/plans/pro", json={"name": "Professional"}).json()["name"] == "Professional"


def test_another_currency_takes_nothing_over(client: TestClient) -> None:
    post(client, "/v1/plans", {**PLAN, "minimum_commitment": {"amount": 100}})
    response = client.post("/v1/plans/pro/versions", json={"currency": "EUR"})
    assert (response.status_code, errors(response)) == (422, ["prices", "minimum_commitment"])
    body = {"currency": "EUR", "minimum_commitment": None, **flat("18")}
    assert post(client, "/v1/plans/pro/versions", body)["minimum_commitment"] is None
    third = post(client, "/v1/plans/pro/versions", {"trial_days": 7})
    assert (third["currency"], amount(third), third["trial_days"]) == ("EUR", "18", 7)


EURO = {"currencies": {"EUR": {"base": {"amount": "18"}}}}


def test_terms_beside_the_prices_are_kept(client: TestClient) -> None:
    sent = {
        **EURO,
        "trial_days": 14,
        "minimum_commitment": {"amount": 500, "currencies": {"EUR": "450.50"}},
        "billing_thresholds": [
            {"amount": "100", "currencies": {"EUR": 90}},
            {"amount": "1000", "currencies": {"EUR": 900}, "recurring": True},
        ],
    }
    plan = post(client, "/v1/plans", {**PLAN, **sent})
    assert {name: plan[name] for name in sent} == {
        **sent,
        "minimum_commitment": {"amount": "500", "currencies": {"EUR": "450.5"}},
        "billing_thresholds": [
            {"amount": "100", "currencies": {"EUR": "90"}, "recurring": False},
            {"amount": "1000", "currencies": {"EUR": "900"}, "recurring": True},
        ],
    }


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"kind": "bundle"}, ["kind"]),
        ({"trial_days": -1}, ["trial_days"]),
        ({"trial_days": 14.5}, ["trial_days"]),
        ({"prices": [{**FLAT, "product": "api"}]}, ["prices.0.product"]),
        ({"minimum_commitment": 100}, ["minimum_commitment"]),
        ({"minimum_commitment": {"amount": 0}}, ["minimum_commitment.amount"]),
        ({"minimum_commitment": {"amount": -1}}, ["minimum_commitment.amount"]),
        ({"minimum_commitment": {"amount": 1, "currencies": {"EUR": 1}}}, ["minimum_commitment.currencies.EUR"]),
        ({"minimum_commitment": {"amount": 1}, **EURO}, ["minimum_commitment.currencies.EUR"]),
        ({"billing_thresholds": [{}]}, ["billing_thresholds.0.amount"]),
        ({"billing_thresholds": [{"amount": 9}, {"amount": 9}]}, ["billing_thresholds.1.amount"]),
        ({"billing_thresholds": [{"amount": 1, "recurring": True}, {"amount": 9}]}, ["billing_thresholds.0.recurring"]),
        ({"billing_thresholds": [{"amount": n + 1} for n in range(21)]}, ["billing_thresholds"]),
        ({"currencies": {"USD": {"base": {}}}}, ["currencies.USD"]),
        ({"currencies": {"euro": {"base": {}}}}, ["currencies.euro"]),
        ({"currencies": {"EUR": {}}}, ["currencies.EUR.base"]),
        ({"currencies": {"EUR": 0.9}}, ["currencies.EUR"]),
        ({"currencies": {"EUR": {"base": {"amount": "-1"}}}}, ["currencies.EUR.base.amount"]),
        ({"currencies": {"EUR": {"base": {"amonut": "1"}}}}, ["currencies.EUR.base.amonut"]),
        ({"currencies": {"EUR": {"base": {"meter": "calls"}}}}, ["currencies.EUR.base.meter"]),
        ({"currencies": {"EUR": {"base": {}, "api": {}}}}, ["currencies.EUR.api"]),
        ({"currencies": {"EUR": {"base": {}}}, "prices": [{**FLAT, "amount": -1}]}, ["prices.0.amount"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_can_not_be_used_is_named(client: TestClient, change: dict[str, Any], fields: list[str]) -> None:
    response = client.post("/v1/plans", json={**PLAN, **change})
    assert (response.status_code, errors(response)) == (422, fields)
    assert get(client, "/v1/plans")["data"] == []


@pytest.mark.parametrize("version", ["2", "0", "x"])
def test_a_version_that_is_not_there(client: TestClient, version: str) -> None:
    post(client, "/v1/plans", PLAN)
    assert client.get(f"/v1/plans/pro/versions/{version}").status_code in (404, 422)
