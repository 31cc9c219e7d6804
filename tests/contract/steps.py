"""What the stories of the billing tests are told with: each step is one request that has to succeed."""

from datetime import UTC, datetime
from typing import Any

from starlette.testclient import TestClient

#: "Now" of the billing tests: exactly the middle of Berlin's April, which has 30 days and no change of clocks.
NOW = datetime(2026, 4, 15, 22, tzinfo=UTC)

#: The five models, over three meters.
PRICES: list[dict[str, Any]] = [
    {"key": "base", "name": "Base fee", "model": "flat", "amount": "20"},
    {"key": "calls", "name": "Calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.01"},
    {
        "key": "tokens",
        "name": "Tokens",
        "model": "graduated",
        "meter": "tokens",
        "tiers": [
            {"up_to": "1000", "unit_amount": "0.002"},
            {"up_to": "5000", "unit_amount": "0.001"},
            {"up_to": None, "unit_amount": "0.0005"},
        ],
    },
    {
        "key": "users",
        "name": "Users",
        "model": "volume",
        "meter": "users",
        "tiers": [{"up_to": "2", "unit_amount": "5"}, {"up_to": None, "unit_amount": "4"}],
    },
    {
        "key": "storage",
        "name": "Logs",
        "model": "package",
        "meter": "tokens",
        "package_size": "1000",
        "amount": "3",
    },
]


def post(client: TestClient, path: str, body: Any = None, status: int | None = None) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.status_code in ({200, 201} if status is None else {status}), response.text
    document: dict[str, Any] = response.json()
    return document


def get(client: TestClient, path: str, **parameters: Any) -> dict[str, Any]:
    response = client.get(path, params=parameters)
    assert response.status_code == 200, response.text
    document: dict[str, Any] = response.json()
    return document


def errors(response: Any) -> list[str]:
    """The fields that a refused request is told of."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    return [error["field"] for error in response.json().get("errors", [])]


def define_meters(client: TestClient) -> None:
    """`calls` counts, `tokens` sums by model, `users` counts distinct ones; all of `api_call`."""
    for key, aggregation, property in (
        ("calls", "count", None),
        ("tokens", "sum", "properties.tokens"),
        ("users", "unique", "properties.user"),
    ):
        dimensions = ["model"] if key == "tokens" else []
        meter = {"key": key, "event": "api_call", "aggregation": aggregation, "property": property}
        post(client, "/v1/meters", {**meter, "dimensions": dimensions})


def call(at: str, tokens: Any, user: str = "ann", model: str = "small", customer: str = "acme") -> dict[str, Any]:
    """An event as clients send it."""
    properties = {"tokens": tokens, "user": user, "model": model}
    return {"customer_id": customer, "event": "api_call", "timestamp": at, "properties": properties}


def send(client: TestClient, *events: dict[str, Any]) -> None:
    receipt = post(client, "/v1/events", list(events))
    assert receipt["accepted"] == len(events), receipt


def open_shop(client: TestClient, prices: list[dict[str, Any]] | None = None, **plan: Any) -> None:
    """Meters, the plan `pro` and the customer `acme`, who lives in Berlin."""
    define_meters(client)
    terms = {"key": "pro", "currency": "USD", "interval": "month", "prices": PRICES if prices is None else prices}
    post(client, "/v1/plans", {**terms, **plan})
    post(client, "/v1/customers", {"external_id": "acme", "name": "Acme Inc.", "timezone": "Europe/Berlin"})


def subscribe(client: TestClient, start_at: str, **more: Any) -> dict[str, Any]:
    body = {"customer_id": "acme", "plan": "pro", "start_at": start_at, **more}
    return post(client, "/v1/subscriptions", body)


def bill(client: TestClient, **body: Any) -> dict[str, Any]:
    return post(client, "/v1/billing-runs", body)


def invoices(client: TestClient, **parameters: Any) -> list[dict[str, Any]]:
    """Oldest period first."""
    listed = get(client, "/v1/invoices", limit=100, **parameters)["data"]
    return sorted(listed, key=lambda invoice: (invoice["period_end"], invoice["id"]))


def amounts(invoice: dict[str, Any]) -> dict[str, str]:
    return {line["price_key"]: line["amount"] for line in invoice["lines"]}
