"""Subscriptions are moved to another version of their plan: those that are chosen, when it is said, or not at all."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, amounts, bill, errors, get, invoices, post

FEE = {"key": "base", "model": "flat", "amount": "30", "billing": "advance"}
PLAN: dict[str, Any] = {"key": "pro", "currency": "USD", "interval": "month", "prices": [FEE]}
DEARER = {"prices": [{**FEE, "amount": "60"}]}
APRIL, MAY, JUNE = "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def subscriptions(client: TestClient) -> list[str]:
    """Three on version 1 since 1 April, of which the second has a price of its own; version 2 costs twice as much."""
    post(client, "/v1/plans", PLAN)
    made = []
    for customer, more in (("a", {}), ("b", {"overrides": {"base": {"amount": "10"}}}), ("c", {})):
        post(client, "/v1/customers", {"external_id": customer})
        body = {"customer_id": customer, "plan": "pro", "start_at": APRIL, **more}
        made.append(str(post(client, "/v1/subscriptions", body)["id"]))
    post(client, "/v1/plans/pro/versions", DEARER)
    return made


def migrate(client: TestClient, subscriptions: Any, version: int = 2, **more: Any) -> dict[str, Any]:
    return post(client, f"/v1/plans/pro/versions/{version}/migrate", {"subscriptions": subscriptions, **more})


def versions(client: TestClient, subscription: str) -> list[tuple[int, str]]:
    phases = get(client, f"/v1/subscriptions/{subscription}")["phases"]
    return [(phase["plan_version"], phase["start_at"]) for phase in phases]


def test_the_chosen_ones_get_it_at_their_periods_end(client: TestClient, subscriptions: list[str]) -> None:
    a, b, c = subscriptions
    told = migrate(client, [a, b])
    assert (told["migrated"], told["refused"], told["next_after"]) == (2, 0, None)
    assert [(each["subscription_id"], each["from_version"], each["at"]) for each in told["subscriptions"]] == [
        (a, 1, MAY),
        (b, 1, MAY),
    ]
    assert versions(client, a) == [(1, APRIL), (2, MAY)]
    assert versions(client, c) == [(1, APRIL)]


def test_now_is_billed_like_any_change(client: TestClient, subscriptions: list[str]) -> None:
    """NOW is the middle of Berlin's April, and 14 days and 22 hours of UTC's: of 720 hours 362 are left."""
    a = subscriptions[0]
    bill(client, as_of=APRIL)
    assert migrate(client, [a], at="now")["subscriptions"][0]["at"] == "2026-04-15T22:00:00Z"
    assert versions(client, a) == [(1, APRIL), (2, "2026-04-15T22:00:00Z")]
    bill(client, as_of=MAY)
    lines = [line["amount"] for line in invoices(client, customer_id="a")[-1]["lines"]]
    # 60 for May; 30 × 362/720 = 15.08 back and 60 × 362/720 = 30.17 more for the rest of April.
    assert sorted(lines) == ["-15.08", "30.17", "60.00"]


def test_a_price_of_ones_own_stays(client: TestClient, subscriptions: list[str]) -> None:
    migrate(client, "all")
    bill(client, as_of=MAY)
    assert [amounts(invoices(client, customer_id=each)[-1])["base"] for each in "abc"] == ["60.00", "10.00", "60.00"]


def test_a_version_without_the_price_is_refused_for_those_who_have_their_own(
    client: TestClient, subscriptions: list[str]
) -> None:
    post(client, "/v1/plans/pro/versions", {"prices": [{**FEE, "key": "fee"}]})
    told = migrate(client, "all", version=3)
    refused = [each for each in told["subscriptions"] if each["refused"]]
    assert (told["migrated"], told["refused"]) == (2, 1)
    assert (refused[0]["subscription_id"], refused[0]["at"]) == (subscriptions[1], None)
    assert "overrides.base" in refused[0]["refused"]
    assert versions(client, subscriptions[1]) == [(1, APRIL)]


def test_a_dry_run_tells_the_same_and_changes_nothing(client: TestClient, subscriptions: list[str]) -> None:
    tried = migrate(client, "all", dry_run=True)
    assert (tried["dry_run"], tried["migrated"]) == (True, 3)
    assert [versions(client, each) for each in subscriptions] == [[(1, APRIL)]] * 3
    assert migrate(client, "all")["subscriptions"] == tried["subscriptions"]


def test_all_are_those_that_have_another_version_and_are_not_moved_yet(
    client: TestClient, subscriptions: list[str]
) -> None:
    a, b, c = subscriptions
    post(client, f"/v1/subscriptions/{c}/cancel", {"at": "2026-04-10T00:00:00Z"})
    post(client, "/v1/customers", {"external_id": "d"})
    later = post(client, "/v1/subscriptions", {"customer_id": "d", "plan": "pro", "start_at": APRIL})["id"]
    migrate(client, [a])
    assert [each["subscription_id"] for each in migrate(client, "all")["subscriptions"]] == [b]
    assert migrate(client, "all")["subscriptions"] == []
    assert versions(client, later) == [(2, APRIL)]


def test_one_that_ends_then_is_refused_and_keeps_no_other_from_it(client: TestClient, subscriptions: list[str]) -> None:
    post(client, f"/v1/subscriptions/{subscriptions[0]}/cancel")
    told = migrate(client, subscriptions)
    assert (told["migrated"], told["refused"]) == (2, 1)
    assert "ends at 2026-05-01" in told["subscriptions"][0]["refused"]


def test_one_of_another_plan_is_refused(client: TestClient, subscriptions: list[str]) -> None:
    post(client, "/v1/plans", {**PLAN, "key": "basic"})
    other = post(client, "/v1/subscriptions", {"customer_id": "a", "plan": "basic", "start_at": APRIL})["id"]
    told = migrate(client, [other])
    assert (told["migrated"], told["subscriptions"][0]["refused"]) == (0, "It has the plan 'basic' and not 'pro'.")


def test_what_can_not_be_migrated_to(client: TestClient, subscriptions: list[str]) -> None:
    def refused(version: int, body: dict[str, Any]) -> tuple[int, list[str]]:
        response = client.post(f"/v1/plans/pro/versions/{version}/migrate", json=body)
        return response.status_code, errors(response)

    post(client, "/v1/plans/pro/versions", {"draft": True})
    assert refused(3, {"subscriptions": "all"}) == (409, [])
    assert refused(9, {"subscriptions": "all"}) == (404, [])
    assert refused(2, {"subscriptions": ["sub_none"]}) == (404, [])
    assert refused(2, {"subscriptions": []})[0] == 422
    assert refused(2, {"subscriptions": "some"})[0] == 422
    assert refused(2, {"subscriptions": "all", "at": "tomorrow"}) == (422, ["at"])
    assert refused(2, {"subscriptions": subscriptions, "after": subscriptions[0]}) == (422, ["after"])
    assert migrate(client, "all", after=subscriptions[1])["subscriptions"][0]["subscription_id"] == subscriptions[2]
