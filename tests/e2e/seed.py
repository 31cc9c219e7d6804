"""A company with a little of everything: meters, plans, customers, a month of usage, an issued invoice."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

_CUSTOMERS: Final = {"acme": "Acme Corp", "globex": "Globex Inc", "initech": "Initech"}
_MODELS: Final = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5")


def seed(client: httpx.Client, now: datetime) -> None:
    """Fill the organisation of the client's key. `now` is the server's, about."""
    for meter in ("completion", "embedding"):
        _post(
            client,
            "/v1/meters",
            {
                "key": f"{meter}_tokens",
                "name": f"{meter.title()} tokens",
                "event": meter,
                "aggregation": "sum",
                "property": "properties.tokens",
                "dimensions": ["model"],
            },
        )
    tiers = [{"up_to": "100000", "unit_amount": "0.002"}, {"up_to": None, "unit_amount": "0.0015"}]
    prices = [
        {"key": "base", "name": "Platform fee", "model": "flat", "amount": "99", "billing": "arrears"},
        {"key": "tokens", "name": "Tokens", "meter": "completion_tokens", "model": "graduated", "tiers": tiers},
    ]
    _post(
        client,
        "/v1/plans",
        {"key": "scale", "name": "Scale", "currency": "USD", "interval": "month", "prices": prices},
    )
    start = (now.replace(day=1) - timedelta(days=1)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for key, name in _CUSTOMERS.items():
        email = f"billing@{key}.example"
        _post(client, "/v1/customers", {"external_id": key, "name": name, "email": email, "currency": "USD"})
        _post(
            client,
            "/v1/subscriptions",
            {"customer_id": key, "plan": "scale", "start_at": start.isoformat(), "billing_anchor": "calendar"},
        )
    events = [event(n, now - timedelta(minutes=37 * n)) for n in range(1200)]
    assert _post(client, "/v1/events", {"events": events})["rejected"] == 0
    _post(client, "/v1/billing-runs", {"as_of": now.astimezone(UTC).isoformat(), "finalize": True})


def event(number: int, at: datetime) -> dict[str, Any]:
    """The `number`th event, at `at`; the same number always is the same event."""
    return {
        "id": f"evt-{number}",
        "customer_id": list(_CUSTOMERS)[number % len(_CUSTOMERS)],
        "event": "embedding" if number % 5 == 0 else "completion",
        "timestamp": at.isoformat(),
        "properties": {"model": _MODELS[number % len(_MODELS)], "tokens": 300 + number * 37 % 4000},
    }


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = client.post(path, json=body)
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer
