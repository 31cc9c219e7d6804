"""Plans and their versions by HTTP: what is agreed never changes; every wrong field is named where it is."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, PRICES, define_meters, errors, get, post

FLAT = {"key": "base", "model": "flat", "amount": "20"}
PLAN: dict[str, Any] = {"key": "pro", "currency": "USD", "interval": "month", "prices": [FLAT]}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def test_what_was_sent_comes_back(client: TestClient) -> None:
    define_meters(client)
    plan = post(client, "/v1/plans", {**PLAN, "name": "Pro", "prices": PRICES}, 201)
    assert plan["id"].startswith("plan_")
    told = {name: plan[name] for name in ("key", "name", "version", "currency", "interval")}
    assert told == {"key": "pro", "name": "Pro", "version": 1, "currency": "USD", "interval": "month"}
    assert [{name: price[name] for name in sent} for sent, price in zip(PRICES, plan["prices"], strict=True)] == [
        {**sent, "tiers": [{"unit_amount": None, "flat_amount": None, **tier} for tier in sent["tiers"]]}
        if "tiers" in sent
        else sent
        for sent in PRICES
    ]
    with_versions = get(client, "/v1/plans/pro")
    (version,) = with_versions.pop("versions")
    assert with_versions == plan
    assert version["prices"] == plan["prices"]
    assert get(client, f"/v1/plans/{plan['id']}")["key"] == "pro"


def test_numbers_keep_every_digit(client: TestClient) -> None:
    prices = b'[{"key": "p", "model": "flat", "amount": 0.100000000001}]'
    body = b'{"key": "pro", "currency": "USD", "interval": "month", "prices": ' + prices + b"}"
    response = client.post("/v1/plans", content=body, headers={"Content-Type": "application/json"})
    assert response.json()["prices"][0]["amount"] == "0.100000000001"


def test_a_version_follows_the_one_before(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    second = post(client, "/v1/plans/pro/versions", {"prices": [{**FLAT, "amount": "25"}]}, 201)
    assert (second["version"], second["currency"], second["interval"]) == (2, "USD", "month")
    third = post(client, "/v1/plans/pro/versions", {"prices": [FLAT], "currency": "EUR", "interval": "year"})
    assert (third["version"], third["currency"], third["interval"]) == (3, "EUR", "year")
    plan = get(client, "/v1/plans/pro")
    assert [version["prices"][0]["amount"] for version in plan["versions"]] == ["20", "25", "20"]
    assert plan["version"] == 3


def test_plans_are_listed_newest_first_a_page_at_a_time(client: TestClient) -> None:
    for n in range(3):
        post(client, "/v1/plans", {**PLAN, "key": f"p{n}"})
    first = get(client, "/v1/plans", limit=2)
    second = get(client, "/v1/plans", limit=2, cursor=first["next_cursor"])
    assert [[plan["key"] for plan in page["data"]] for page in (first, second)] == [["p2", "p1"], ["p0"]]


TIERS = [{"up_to": 10, "unit_amount": 1}, {"up_to": None, "unit_amount": 2}]


def tiered(tiers: Any) -> dict[str, Any]:
    return {"prices": [FLAT, {"key": "t", "model": "graduated", "meter": "tokens", "tiers": tiers}]}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"key": "Pro"}, ["key"]),
        ({"name": ""}, ["name"]),
        ({"currency": "XYZ"}, ["currency"]),
        ({"currency": "usd"}, ["currency"]),
        ({"currency": "XAU"}, ["currency"]),
        ({"interval": "fortnight"}, ["interval"]),
        ({"prices": []}, ["prices"]),
        ({"prices": FLAT}, ["prices"]),
        ({"prices": ["flat"]}, ["prices.0"]),
        ({"prices": [{"key": "a"}]}, ["prices.0.model"]),
        ({"prices": [{"key": "a", "model": "free"}]}, ["prices.0.model"]),
        ({"prices": [{"model": "flat", "amount": 1}]}, ["prices.0.key"]),
        ({"prices": [{"key": "a", "model": "flat"}]}, ["prices.0.amount"]),
        ({"prices": [{**FLAT, "amount": "-1"}]}, ["prices.0.amount"]),
        ({"prices": [{**FLAT, "amount": "NaN"}]}, ["prices.0.amount"]),
        ({"prices": [{**FLAT, "amount": True}]}, ["prices.0.amount"]),
        ({"prices": [{**FLAT, "colour": "red"}]}, ["prices.0.colour"]),
        ({"prices": [FLAT, FLAT]}, ["prices.1.key"]),
        ({"prices": [{"key": "u", "model": "per_unit", "unit_amount": 1}]}, ["prices.0.meter"]),
        ({"prices": [{"key": "u", "model": "per_unit", "unit_amount": 1, "meter": "nothing"}]}, ["prices.0.meter"]),
        (tiered([]), ["prices.1.tiers"]),
        (tiered(TIERS[:1]), ["prices.1.tiers.0.up_to"]),
        (tiered([TIERS[0], {"up_to": 10, "unit_amount": 1}, TIERS[1]]), ["prices.1.tiers.1.up_to"]),
        (tiered([TIERS[0], {"up_to": 5, "unit_amount": 1}, TIERS[1]]), ["prices.1.tiers.1.up_to"]),
        (tiered([{"up_to": 10, "unit_amount": "x"}, TIERS[1]]), ["prices.1.tiers.0.unit_amount"]),
        ({"versions": []}, ["versions"]),
        ({"currency": "XYZ", "interval": "eon", "prices": [{**FLAT, "amount": -1}]},
         ["currency", "interval", "prices.0.amount"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_can_not_be_used_is_named(client: TestClient, change: dict[str, Any], fields: list[str]) -> None:
    define_meters(client)
    response = client.post("/v1/plans", json={**PLAN, **change})
    assert (response.status_code, errors(response)) == (422, fields)
    assert get(client, "/v1/plans")["data"] == []


@pytest.mark.parametrize("digits", ["NaN", "Infinity", "1e400", "1" * 21])
def test_a_number_that_is_none_is_named(client: TestClient, digits: str) -> None:
    price = f'{{"key": "base", "model": "flat", "amount": {digits}}}'
    body = f'{{"key": "pro", "currency": "USD", "interval": "month", "prices": [{price}]}}'
    response = client.post("/v1/plans", content=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, errors(response)) == (422, ["prices.0.amount"])


def test_a_version_is_checked_like_a_plan(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    response = client.post("/v1/plans/pro/versions", json={"prices": [{**FLAT, "amount": "-1"}], "currency": "DM"})
    assert (response.status_code, errors(response)) == (422, ["currency", "prices.0.amount"])
    assert get(client, "/v1/plans/pro")["version"] == 1


def test_a_key_is_taken_once(client: TestClient) -> None:
    post(client, "/v1/plans", PLAN)
    response = client.post("/v1/plans", json=PLAN)
    assert response.status_code == 409
    assert "/v1/plans/pro/versions" in response.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/plans/none"), ("POST", "/v1/plans/none/versions")])
def test_a_plan_that_is_not_there_is_not_found(client: TestClient, method: str, path: str) -> None:
    body = {"prices": [FLAT]} if method == "POST" else None
    assert client.request(method, path, json=body).status_code == 404
