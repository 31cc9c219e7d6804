"""Usage questions by HTTP: exact, by window, customer and dimension, in the right calendar."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, call, define_meters, errors, get, post, send

APRIL = {"from": "2026-04-01T00:00:00Z", "to": "2026-05-01T00:00:00Z"}


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


@pytest.fixture
def shop(client: TestClient) -> TestClient:
    """Two customers in April; one of them by three names, in Berlin."""
    define_meters(client)
    acme = {"external_id": "acme", "aliases": ["acme-eu"], "timezone": "Europe/Berlin"}
    customer = post(client, "/v1/customers", acme)
    post(client, "/v1/customers", {"external_id": "beta"})
    send(
        client,
        call("2026-04-01T10:00:00Z", "100.5"),
        call("2026-04-01T23:30:00Z", 200, customer="acme-eu", model="large"),
        call("2026-04-03T10:04:59.999999Z", 300, customer=customer["id"], user="ben"),
        call("2026-04-03T10:05:00Z", "0.000000000001", customer="beta"),
        call("2026-04-03T11:00:00Z", 7, customer="nobody-yet"),
    )
    return client


def values(answer: dict[str, Any]) -> list[str]:
    return [row["value"] for row in answer["data"]]


def test_the_answer_is_as_promised(shop: TestClient) -> None:
    answer = get(shop, "/v1/usage", meter="tokens", customer_id="acme", group_by="model", **APRIL)
    assert answer == {
        "meter": "tokens",
        **APRIL,
        "timezone": "Europe/Berlin",
        "data": [
            {**APRIL, "value": "200", "group": {"model": "large"}},
            {**APRIL, "value": "400.5", "group": {"model": "small"}},
        ],
    }


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"meter": "tokens", "customer_id": "acme"}, ["600.5"]),
        ({"meter": "tokens", "customer_id": "acme-eu"}, ["600.5"]),
        ({"meter": "tokens", "customer_id": "beta"}, ["0.000000000001"]),
        ({"meter": "tokens"}, ["607.500000000001"]),
        ({"meter": "calls"}, ["5"]),
        ({"meter": "users", "customer_id": "acme"}, ["2"]),
        ({"meter": "tokens", "from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}, ["0"]),
        ({"meter": "tokens", "to": "2026-04-01T10:00:00Z"}, ["0"]),
        ({"meter": "tokens", "to": "2026-04-01T10:00:00.000001Z"}, ["100.5"]),
        ({"meter": "tokens", "from": "2026-04-01T10:00:00.000001Z"}, ["507.000000000001"]),
        ({"meter": "tokens", "from": "2026-04-01T12:00:00+02:00", "to": "2026-04-01T10:00:01Z"}, ["100.5"]),
    ],
)
def test_usage_is_exact(shop: TestClient, question: dict[str, str], expected: list[str]) -> None:
    assert values(get(shop, "/v1/usage", **{**APRIL, **question})) == expected


@pytest.mark.parametrize(
    ("window", "timezone", "expected"),
    [
        ("none", "UTC", [("2026-04-01T00:00:00Z", "600.5")]),
        ("month", "UTC", [("2026-04-01T00:00:00Z", "600.5")]),
        ("day", "UTC", [("2026-04-01T00:00:00Z", "300.5"), ("2026-04-03T00:00:00Z", "300")]),
        (
            "day",
            None,  # the customer's: Berlin, where the second event is of 2 April
            [("2026-04-01T00:00:00Z", "100.5"), ("2026-04-01T22:00:00Z", "200"), ("2026-04-02T22:00:00Z", "300")],
        ),
        (
            "hour",
            "Asia/Kolkata",  # whose full hours are half hours of UTC
            [("2026-04-01T09:30:00Z", "100.5"), ("2026-04-01T23:30:00Z", "200"), ("2026-04-03T09:30:00Z", "300")],
        ),
        (
            "5m",
            "UTC",
            [("2026-04-01T10:00:00Z", "100.5"), ("2026-04-01T23:30:00Z", "200"), ("2026-04-03T10:00:00Z", "300")],
        ),
    ],
)
def test_windows_follow_the_calendar(
    shop: TestClient, window: str, timezone: str | None, expected: list[tuple[str, str]]
) -> None:
    zone = {"timezone": timezone} if timezone else {}
    answer = get(shop, "/v1/usage", meter="tokens", customer_id="acme", window=window, **APRIL, **zone)
    assert [(row["from"], row["value"]) for row in answer["data"]] == expected


def test_without_a_time_it_is_the_current_month(shop: TestClient) -> None:
    """In Berlin April begins two hours before it does in UTC."""
    answer = get(shop, "/v1/usage", meter="tokens", customer_id="acme")
    assert (answer["from"], answer["to"]) == ("2026-03-31T22:00:00Z", "2026-04-30T22:00:00Z")
    answer = get(shop, "/v1/usage", meter="tokens")
    assert (answer["from"], answer["to"], answer["timezone"]) == (APRIL["from"], APRIL["to"], "UTC")


@pytest.mark.parametrize("given", ["group_by=model,region", "group_by=model&group_by=region"])
def test_several_dimensions_are_asked_for_in_either_way(client: TestClient, given: str) -> None:
    dimensions = {"aggregation": "sum", "property": "quantity", "dimensions": ["region", "model"]}
    post(client, "/v1/meters", {"key": "q", "event": "api_call", **dimensions})
    for region in ("eu", "us"):
        event = {**call("2026-04-01T00:00:00Z", 1), "quantity": "2.5"}
        send(client, {**event, "properties": {"region": region, "model": "m"}})
    send(client, {**call("2026-04-01T00:00:00Z", 1), "properties": {}})
    rows = client.get(f"/v1/usage?meter=q&{given}").json()["data"]
    assert [(row["group"], row["value"]) for row in rows] == [
        ({"model": "", "region": ""}, "1"),
        ({"model": "m", "region": "eu"}, "2.5"),
        ({"model": "m", "region": "us"}, "2.5"),
    ]


def test_nothing_used_is_one_row_of_zero_undivided_and_no_row_divided(shop: TestClient) -> None:
    empty = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}
    answer = get(shop, "/v1/usage", meter="tokens", customer_id="beta", **empty)
    assert answer["data"] == [{**empty, "value": "0", "group": {}}]
    for divided in ({"window": "day"}, {"group_by": "model"}):
        assert get(shop, "/v1/usage", meter="tokens", customer_id="beta", **empty, **divided)["data"] == []


def test_a_sum_may_be_larger_than_any_event(client: TestClient) -> None:
    define_meters(client)
    send(client, *(call("2026-04-01T00:00:00Z", "99999999999999999999") for _ in range(3)))
    assert values(get(client, "/v1/usage", meter="tokens")) == ["299999999999999999997"]


def test_a_plus_that_was_not_escaped_is_understood(shop: TestClient) -> None:
    escaped = shop.get("/v1/usage?meter=tokens&from=2026-04-01T02:00:00%2B02:00&to=2026-04-02T00:00:00Z")
    as_it_is = shop.get("/v1/usage?meter=tokens&from=2026-04-01T02:00:00+02:00&to=2026-04-02T00:00:00Z")
    assert as_it_is.json() == escaped.json()
    assert escaped.json()["from"] == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    ("question", "fields"),
    [
        ({"meter": None}, ["meter"]),
        ({"from": "yesterday"}, ["from"]),
        ({"from": "2026-04-01"}, ["from"]),
        ({"from": "2026-04-01T00:00:00"}, ["from"]),
        ({"to": "9999-01-01T00:00:00Z"}, ["to"]),
        ({"to": "2106-01-01T00:00:00Z"}, ["to"]),
        ({"from": "1970-01-01T00:00:00+02:00"}, ["from"]),
        ({"from": "2026-04-02T00:00:00Z", "to": "2026-04-02T00:00:00Z"}, ["to"]),
        ({"from": "2026-04-02T00:00:00Z", "to": "2026-04-01T00:00:00Z"}, ["to"]),
        ({"timezone": "Berlin"}, ["timezone"]),
        ({"timezone": "../../etc/passwd"}, ["timezone"]),
        ({"window": "week"}, ["window"]),
        ({"window": "5m", "from": "2026-01-01T00:00:00Z"}, ["window"]),
        ({"group_by": "region"}, ["group_by"]),
        ({"group_by": "model'"}, ["group_by"]),
        ({"customer": "acme"}, ["customer"]),
        ({"customer_id": "ac\0me"}, ["customer_id"]),
    ],
    ids=str,
)
def test_a_question_that_can_not_be_answered_names_its_field(
    shop: TestClient, question: dict[str, Any], fields: list[str]
) -> None:
    asked = {name: value for name, value in {"meter": "tokens", **question}.items() if value is not None}
    response = shop.get("/v1/usage", params=asked)
    assert (response.status_code, errors(response)) == (422, fields)


@pytest.mark.parametrize("question", [{"meter": "nothing"}, {"meter": "tokens", "customer_id": "nobody-yet"}])
def test_what_is_not_there_is_not_found(shop: TestClient, question: dict[str, str]) -> None:
    response = shop.get("/v1/usage", params=question)
    assert response.status_code == 404
    assert next(reversed(question.values())) in response.json()["detail"]


@pytest.mark.parametrize(
    "question",
    [
        {"from": "1970-01-01T00:00:00Z", "to": "2105-12-31T23:59:59Z", "window": "month"},
        {"from": "1970-01-01T00:00:00Z", "to": "2105-12-31T23:59:59.999999Z"},
    ],
)
def test_the_widest_questions_are_answered(shop: TestClient, question: dict[str, str]) -> None:
    assert values(get(shop, "/v1/usage", meter="calls", **question)) == ["5"]


def test_metering_that_lags_makes_an_answer_older_and_not_late(
    shop: TestClient, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engines.metering.drain(10)
    with engines.metering.drainer.paused():
        monkeypatch.setattr("justpaid.api.routes.usage._FRESH_WITHIN_S", 0.0)
        send(shop, call("2026-04-05T00:00:00Z", 1))
        assert values(get(shop, "/v1/usage", meter="calls")) == ["5"]
    assert engines.metering.drain(10)
    assert values(get(shop, "/v1/usage", meter="calls")) == ["6"]
