"""The catalogue as one document: applied whole or not at all, and only where something differs."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, define_meters, errors, get, post

BASE = {"key": "base", "name": "Base fee", "model": "flat", "amount": "20", "product": "api"}
CALLS = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.01"}
TOKENS = {
    "key": "tokens",
    "model": "graduated",
    "meter": "tokens",
    "tiers": [{"up_to": 1000, "unit_amount": "0.002"}, {"unit_amount": "0.001"}],
}
PRO: dict[str, Any] = {"key": "pro", "currency": "USD", "interval": "month", "prices": [BASE, CALLS]}
SEARCH: dict[str, Any] = {"key": "search", "kind": "add_on", "currency": "USD", "interval": "month", "prices": [TOKENS]}
CATALOG: dict[str, Any] = {"products": [{"key": "api", "name": "API"}], "plans": [PRO, SEARCH]}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    define_meters(client)
    return client


def apply(client: TestClient, document: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    changes = post(client, "/v1/catalog/apply", {**document, **more})["changes"]
    assert isinstance(changes, list)
    return changes


def actions(changes: list[dict[str, Any]]) -> list[tuple[str, str, Any]]:
    return [(change["key"], change["action"], change["version"]) for change in changes]


def with_pro(**change: Any) -> dict[str, Any]:
    return {**CATALOG, "plans": [{**PRO, **change}, SEARCH]}


def test_what_is_declared_is_made_and_applied_again_changes_nothing(shop: TestClient) -> None:
    assert actions(apply(shop, CATALOG)) == [("api", "create", None), ("pro", "create", 1), ("search", "create", 1)]
    again = apply(shop, CATALOG)
    assert actions(again) == [("api", "none", None), ("pro", "none", 1), ("search", "none", 1)]
    assert [change["differences"] for change in again] == [[], [], []]
    assert get(shop, "/v1/plans/search")["kind"] == "add_on"
    assert len(get(shop, "/v1/plans/pro")["versions"]) == 1


def test_only_what_differs_gets_a_version(shop: TestClient) -> None:
    apply(shop, CATALOG)
    changes = apply(shop, with_pro(prices=[BASE, {**CALLS, "unit_amount": "0.0090"}]))
    assert actions(changes) == [("api", "none", None), ("pro", "new_version", 2), ("search", "none", 1)]
    assert changes[1]["differences"] == [{"path": "prices.calls.unit_amount", "before": "0.01", "after": "0.009"}]
    assert get(shop, "/v1/plans/pro")["version"] == 2


def test_a_name_changes_without_a_version(shop: TestClient) -> None:
    apply(shop, CATALOG)
    document = {**with_pro(name="Pro"), "products": [{"key": "api", "name": "The API"}]}
    changes = apply(shop, document)
    assert actions(changes) == [("api", "change", None), ("pro", "change", 1), ("search", "none", 1)]
    assert [change["differences"] for change in changes[:2]] == [
        [{"path": "name", "before": "API", "after": "The API"}],
        [{"path": "name", "before": "pro", "after": "Pro"}],
    ]
    assert get(shop, "/v1/plans/pro")["name"] == "Pro"
    assert get(shop, "/v1/products/api")["name"] == "The API"


def test_a_plan_is_archived_and_offered_again(shop: TestClient) -> None:
    apply(shop, CATALOG)
    assert actions(apply(shop, with_pro(archived=True)))[1] == ("pro", "change", 1)
    assert get(shop, "/v1/plans/pro")["archived_at"]
    assert actions(apply(shop, CATALOG))[1] == ("pro", "change", 1)
    assert get(shop, "/v1/plans/pro")["archived_at"] is None


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        ([CALLS, BASE], [("order of prices", "base, calls", "calls, base")]),
        (
            [BASE],
            [
                ("prices.calls.meter", "calls", None),
                ("prices.calls.model", "per_unit", None),
                ("prices.calls.name", "calls", None),
                ("prices.calls.unit_amount", "0.01", None),
            ],
        ),
        (
            [TOKENS, BASE, CALLS],
            [
                ("prices.tokens.meter", None, "tokens"),
                ("prices.tokens.model", None, "graduated"),
                ("prices.tokens.name", None, "tokens"),
                ("prices.tokens.tiers.0.unit_amount", None, "0.002"),
                ("prices.tokens.tiers.0.up_to", None, "1000"),
                ("prices.tokens.tiers.1.unit_amount", None, "0.001"),
            ],
        ),
    ],
    ids=["another order", "one removed", "one put first"],
)
def test_prices_are_compared_by_key(shop: TestClient, prices: list[Any], told: list[tuple[str, Any, Any]]) -> None:
    apply(shop, CATALOG)
    change = apply(shop, with_pro(prices=prices))[1]
    assert change["action"] == "new_version"
    assert sorted((each["path"], each["before"], each["after"]) for each in change["differences"]) == told
    assert [price["key"] for price in get(shop, "/v1/plans/pro")["prices"]] == [price["key"] for price in prices]


def test_a_dry_run_tells_the_same_and_changes_nothing(shop: TestClient) -> None:
    tried = apply(shop, CATALOG, dry_run=True)
    assert get(shop, "/v1/catalog") == {"products": [], "plans": []}
    assert tried == apply(shop, CATALOG)
    before = get(shop, "/v1/catalog")
    changed = with_pro(interval="year", trial_days=14, archived=True)
    assert apply(shop, changed, dry_run=True) == apply(shop, changed, dry_run=True)
    assert get(shop, "/v1/catalog") == before


def test_a_draft_is_left_alone(shop: TestClient) -> None:
    apply(shop, CATALOG)
    post(shop, "/v1/plans/pro/versions", {"trial_days": 30, "draft": True})
    assert actions(apply(shop, CATALOG))[1] == ("pro", "none", 1)
    assert actions(apply(shop, with_pro(trial_days=7)))[1] == ("pro", "new_version", 3)
    assert [v["status"] for v in get(shop, "/v1/plans/pro")["versions"]] == ["published", "draft", "published"]


def test_what_is_exported_and_applied_changes_nothing(shop: TestClient) -> None:
    rich = with_pro(
        name="Pro",
        trial_days=14,
        currencies={"EUR": {"base": {"amount": "18"}, "calls": {}}},
        minimum_commitment={"amount": "100", "currencies": {"EUR": "90"}},
        billing_thresholds=[{"amount": "50", "currencies": {"EUR": "45"}, "recurring": True}],
    )
    apply(shop, rich)
    post(shop, "/v1/plans", {**PRO, "key": "unfinished", "draft": True})
    exported = get(shop, "/v1/catalog")
    assert [plan["key"] for plan in exported["plans"]] == ["pro", "search"]
    assert exported["plans"][1] == {
        **SEARCH,
        "prices": [{**TOKENS, "tiers": [{"up_to": "1000", "unit_amount": "0.002"}, {"unit_amount": "0.001"}]}],
    }
    assert {change["action"] for change in apply(shop, exported)} == {"none"}
    assert get(shop, "/v1/catalog") == exported


def test_a_currency_that_takes_all_figures_over_is_a_difference(shop: TestClient) -> None:
    apply(shop, CATALOG)
    change = apply(shop, with_pro(currencies={"CHF": {"base": {}, "calls": {}}}))[1]
    assert change["action"] == "new_version"
    assert [each["path"] for each in change["differences"]] == ["currencies.CHF.base", "currencies.CHF.calls"]


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        (with_pro(prices=[BASE, {**CALLS, "meter": "nothing"}]), ["plans.0.prices.1.meter"]),
        (with_pro(key="Pro"), ["plans.0.key"]),
        (with_pro(kind="bundle"), ["plans.0.kind"]),
        (with_pro(currencies={"EUR": {"base": {"amount": "x"}, "calls": {}}}), ["plans.0.currencies.EUR.base.amount"]),
        ({"plans": [PRO, PRO]}, ["plans.1.key"]),
        ({"products": [{"key": "api"}, {"key": "api"}]}, ["products.1.key"]),
        ({"products": [{"key": "api", "price": 1}]}, ["products.0.price"]),
        ({"plans": [{**PRO, "prices": [CALLS], "trial_days": -1}, {**SEARCH, "interval": "eon"}]},
         ["plans.0.trial_days", "plans.1.interval"]),
    ],
    ids=str,
)  # fmt: skip
def test_all_or_nothing(shop: TestClient, document: dict[str, Any], fields: list[str]) -> None:
    response = shop.post("/v1/catalog/apply", json=document)
    assert (response.status_code, errors(response)) == (422, fields)
    assert get(shop, "/v1/catalog") == {"products": [], "plans": []}


def test_documents_applied_side_by_side_make_one_version(shop: TestClient) -> None:
    apply(shop, CATALOG)
    changed = with_pro(trial_days=14)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: apply(shop, changed)[1], range(8)))
    assert [change["action"] for change in told].count("new_version") == 1
    assert [version["version"] for version in get(shop, "/v1/plans/pro")["versions"]] == [1, 2]


def test_a_plan_stays_of_its_kind(shop: TestClient) -> None:
    apply(shop, CATALOG)
    response = shop.post("/v1/catalog/apply", json=with_pro(kind="add_on"))
    assert (response.status_code, errors(response)) == (422, ["plans.0.kind"])


def test_products_are_made_read_and_changed(client: TestClient) -> None:
    made = post(client, "/v1/products", {"key": "api", "description": "Calls and tokens"}, 201)
    assert (made["name"], made["id"][:5]) == ("api", "prod_")
    changed = client.patch("/v1/products/api", json={"name": "API", "description": None}).json()
    assert (changed["name"], changed["description"]) == ("API", None)
    assert get(client, "/v1/products")["data"] == [changed]
    assert get(client, f"/v1/products/{made['id']}") == changed
    assert client.post("/v1/products", json={"key": "api"}).status_code == 409
    assert errors(client.post("/v1/products", json={"key": "A P I"})) == ["key"]
    assert client.get("/v1/products/none").status_code == 404
