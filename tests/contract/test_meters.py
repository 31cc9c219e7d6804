"""Meters by HTTP: defined once, for past and future events; every field that is wrong is named."""

import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, call, errors, get, post, send

FULL = {
    "key": "gpt-tokens",
    "name": "Tokens of GPT",
    "event": "api_call",
    "aggregation": "sum",
    "property": "properties.tokens",
    "filters": [{"property": "properties.model", "operator": "in", "values": ["gpt-4o", "gpt-4"]}],
    "dimensions": ["model", "region.name"],
}
MINIMAL = {"key": "calls", "event": "api_call", "aggregation": "count"}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def lasting(meter: dict[str, Any]) -> dict[str, Any]:
    """Without what changes while its rollup is built."""
    return {name: value for name, value in meter.items() if name != "rollup"}


def test_what_was_sent_comes_back(client: TestClient) -> None:
    meter = post(client, "/v1/meters", FULL, 201)
    assert meter["id"].startswith("mtr_")
    assert {name: meter[name] for name in FULL} == FULL
    assert lasting(get(client, "/v1/meters/gpt-tokens")) == lasting(meter)
    assert lasting(get(client, f"/v1/meters/{meter['id']}")) == lasting(meter)


def test_what_was_not_sent_is_filled_in(client: TestClient) -> None:
    meter = post(client, "/v1/meters", MINIMAL)
    told = {name: value for name, value in meter.items() if name not in {"id", "created_at", "rollup", "version"}}
    assert told == {**MINIMAL, "name": "calls", "property": None, "filters": [], "dimensions": []}


def test_meters_are_listed_newest_first_a_page_at_a_time(client: TestClient) -> None:
    for n in range(3):
        post(client, "/v1/meters", {**MINIMAL, "key": f"m{n}"})
    first = get(client, "/v1/meters", limit=2)
    second = get(client, "/v1/meters", limit=2, cursor=first["next_cursor"])
    assert [[meter["key"] for meter in page["data"]] for page in (first, second)] == [["m2", "m1"], ["m0"]]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["gpt-4o"], ["gpt-4o"]),
        ([True], ["true"]),
        ([False], ["false"]),
        ([3], ["3"]),
        ([1.50], ["1.5"]),
        (["1.50"], ["1.5"]),
        ([1e3], ["1000"]),
    ],
)
def test_a_filters_values_are_kept_as_events_spell_them(client: TestClient, sent: list[Any], kept: list[str]) -> None:
    filters = [{"property": "properties.x", "operator": "eq", "values": sent}]
    meter = post(client, "/v1/meters", {**MINIMAL, "filters": filters})
    assert meter["filters"] == [{"property": "properties.x", "operator": "eq", "values": kept}]


@pytest.mark.parametrize(
    ("filter_", "counted"),
    [
        ({"operator": "eq", "values": ["small"]}, "1"),
        ({"operator": "ne", "values": ["small"]}, "3"),
        ({"operator": "in", "values": ["small", True]}, "2"),
        ({"operator": "not_in", "values": ["small", 7]}, "2"),
        ({"operator": "eq", "values": [7.0]}, "1"),
        ({"operator": "gte", "values": [7]}, "1"),
        ({"operator": "lt", "values": ["7"]}, "0"),
        ({"operator": "exists"}, "3"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value.get("operator")),
)
def test_filters_choose_what_is_counted(client: TestClient, filter_: dict[str, Any], counted: str) -> None:
    property = {"property": "properties.model", **filter_}
    post(client, "/v1/meters", {**MINIMAL, "filters": [property]})
    for model in ("small", True, 7):
        send(client, {**call("2026-04-01T00:00:00Z", 1), "properties": {"model": model}})
    send(client, {**call("2026-04-01T00:00:00Z", 1), "properties": {}})
    assert get(client, "/v1/usage", meter="calls")["data"][0]["value"] == counted


def test_a_meter_counts_the_events_before_it(client: TestClient) -> None:
    send(client, call("2026-04-01T00:00:00Z", 1), call("2026-04-02T00:00:00Z", 1))
    post(client, "/v1/meters", MINIMAL)
    send(client, call("2026-04-03T00:00:00Z", 1))
    assert get(client, "/v1/usage", meter="calls")["data"][0]["value"] == "3"


def test_a_meter_tells_how_far_its_rollup_is(client: TestClient) -> None:
    send(client, call("2026-04-01T00:00:00Z", 1))
    assert post(client, "/v1/meters", MINIMAL)["rollup"] == {"status": "building", "progress": "0"}
    deadline = time.monotonic() + 20
    while (rollup := get(client, "/v1/meters/calls")["rollup"])["status"] != "complete":
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert rollup == {"status": "complete", "progress": "1"}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"key": None}, ["key"]),
        ({"key": "Tokens"}, ["key"]),
        ({"key": "a" * 65}, ["key"]),
        ({"key": "a/b"}, ["key"]),
        ({"event": ""}, ["event"]),
        ({"event": 5}, ["event"]),
        ({"name": ""}, ["name"]),
        ({"name": "x" * 201}, ["name"]),
        ({"aggregation": "median"}, ["aggregation"]),
        ({"aggregation": "weighted_sum"}, ["property"]),
        ({"aggregation": "sum"}, ["property"]),
        ({"property": "quantity"}, ["property"]),
        ({"aggregation": "sum", "property": "tokens"}, ["property"]),
        ({"aggregation": "sum", "property": "properties."}, ["property"]),
        ({"filters": {}}, ["filters"]),
        ({"filters": [{"property": "properties.x"}]}, ["filters.0.operator"]),
        ({"filters": [{"property": "x", "operator": "exists"}]}, ["filters.0.property"]),
        ({"filters": [{"property": "properties.x", "operator": "like", "values": ["a"]}]}, ["filters.0.operator"]),
        ({"filters": [{"property": "properties.x", "operator": "eq", "values": []}]}, ["filters.0.values"]),
        ({"filters": [{"property": "properties.x", "operator": "eq", "values": ["a", "b"]}]}, ["filters.0.values"]),
        ({"filters": [{"property": "properties.x", "operator": "eq", "values": [None]}]}, ["filters.0.values.0"]),
        ({"filters": [{"property": "properties.x", "operator": "eq", "values": [["a"]]}]}, ["filters.0.values.0"]),
        ({"filters": [{"property": "properties.x", "operator": "eq", "values": [1e300]}]}, ["filters.0.values.0"]),
        ({"filters": [{"property": "properties.x", "operator": "gt", "values": ["a"]}]}, ["filters.0.values.0"]),
        ({"filters": [{"property": "properties.x", "operator": "exists", "values": ["a"]}]}, ["filters.0.values"]),
        ({"filters": [{"property": "properties.x", "operator": "exists"}] * 21}, ["filters"]),
        ({"dimensions": ["a", "b", "a"]}, ["dimensions"]),
        ({"dimensions": [""]}, ["dimensions.0"]),
        ({"dimensions": [f"d{n}" for n in range(11)]}, ["dimensions"]),
        ({"dimensions": "model"}, ["dimensions"]),
        ({"group_by": ["model"]}, ["group_by"]),
        ({"key": "Tokens", "aggregation": "median"}, ["key", "aggregation"]),
    ],
    ids=str,
)
def test_a_field_that_can_not_be_used_is_named(client: TestClient, change: dict[str, Any], fields: list[str]) -> None:
    response = client.post("/v1/meters", json={**MINIMAL, **change})
    assert (response.status_code, errors(response)) == (422, fields)
    assert get(client, "/v1/meters")["data"] == []


@pytest.mark.parametrize("field", ["key", "event", "aggregation"])
def test_what_is_required_is_asked_for(client: TestClient, field: str) -> None:
    response = client.post("/v1/meters", json={name: value for name, value in MINIMAL.items() if name != field})
    assert (response.status_code, errors(response)) == (422, [field])


def test_a_key_is_taken_once(client: TestClient) -> None:
    first = post(client, "/v1/meters", MINIMAL)
    response = client.post("/v1/meters", json={**MINIMAL, "event": "other"})
    assert response.status_code == 409
    assert "'calls'" in response.json()["detail"]
    assert [lasting(meter) for meter in get(client, "/v1/meters")["data"]] == [lasting(first)]


def test_a_meter_that_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.get("/v1/meters/nothing").status_code == 404


def used(client: TestClient, **more: Any) -> list[str]:
    return [row["value"] for row in get(client, "/v1/usage", meter="calls", **more)["data"]]


def test_a_changed_meter_counts_otherwise_at_once_and_of_the_past_too(client: TestClient) -> None:
    post(client, "/v1/meters", MINIMAL)
    send(client, call("2026-04-01T00:00:00Z", 100), call("2026-04-02T00:00:00Z", 20, model="large"))
    assert used(client) == ["2"]
    small = [{"property": "properties.model", "operator": "eq", "values": ["small"]}]
    for change, version, value in [
        ({"name": "Calls"}, 1, "2"),
        ({"aggregation": "sum", "property": "properties.tokens"}, 2, "120"),
        ({"filters": small}, 3, "100"),
        ({"filters": small}, 3, "100"),  # nothing new
        ({"filters": [], "dimensions": ["model"]}, 4, "120"),
        ({"aggregation": "count", "property": None}, 5, "2"),
    ]:
        changed = client.patch("/v1/meters/calls", json=change)
        assert (changed.status_code, changed.json()["version"]) == (200, version), changed.text
        assert used(client) == [value]
    assert get(client, "/v1/meters/calls")["name"] == "Calls"
    assert used(client, group_by="model") == ["1", "1"]
    send(client, call("2026-04-03T00:00:00Z", 1))
    assert used(client) == ["3"]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"key": "other"}, ["key"]),
        ({"name": None}, ["name"]),
        ({"name": ""}, ["name"]),
        ({"event": ""}, ["event"]),
        ({"aggregation": "sum"}, ["property"]),
        ({"property": "quantity"}, ["property"]),
        ({"aggregation": "median"}, ["aggregation"]),
        ({"dimensions": ["a", "a"]}, ["dimensions"]),
        ({"filters": [{"property": "x", "operator": "exists"}]}, ["filters.0.property"]),
    ],
    ids=str,
)
def test_a_change_that_can_not_be_made_changes_nothing(
    client: TestClient, change: dict[str, Any], fields: list[str]
) -> None:
    before = lasting(post(client, "/v1/meters", MINIMAL))
    response = client.patch("/v1/meters/calls", json={"name": "New", **change})
    assert (response.status_code, errors(response)) == (422, fields)
    assert lasting(get(client, "/v1/meters/calls")) == before
    assert client.patch("/v1/meters/nothing", json={}).status_code == 404
