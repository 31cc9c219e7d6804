"""The OpenAPI document: the committed one is the served one, complete in itself, and true of what is answered."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.testclient import TestClient

COMMITTED = Path(__file__).parents[2] / "schemas" / "openapi.json"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_committed_document_is_the_served_one(anonymous: TestClient) -> None:
    served = anonymous.get("/openapi.json").json()
    assert served == json.loads(COMMITTED.read_text()), "run `make openapi`, and look at what changes for clients"


def test_every_reference_leads_somewhere(app: FastAPI) -> None:
    document = app.openapi()
    named = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document)))
    assert named - document["components"]["schemas"].keys() == set()


def test_every_operation_has_a_name_of_its_own_and_a_summary(app: FastAPI) -> None:
    told = [(operation["operationId"], operation.get("description")) for _, operation in operations(app.openapi())]
    assert len({name for name, _ in told}) == len(told)
    assert [name for name, description in told if not description] == []


def test_every_promised_route_is_there(app: FastAPI) -> None:
    there = {name for name, _ in operations(app.openapi())}
    promised = {
        "POST /v1/events", "GET /v1/events", "GET /v1/events/{event_id}", "GET /v1/events/stream",
        "POST /v1/customers", "POST /v1/meters", "GET /v1/usage", "POST /v1/plans", "POST /v1/plans/{plan}/versions",
        "POST /v1/prices/evaluate", "POST /v1/subscriptions", "POST /v1/subscriptions/{subscription_id}/cancel",
        "GET /v1/subscriptions/{subscription_id}/estimate", "POST /v1/billing-runs", "GET /v1/invoices",
        "GET /v1/invoices/{invoice}", "POST /v1/invoices/{invoice}/finalize", "POST /v1/invoices/{invoice}/void",
        "GET /v1/invoices/{invoice}/pdf", "GET /v1/invoices/{invoice}/csv", "GET /v1/invoices/{invoice}/verify",
    }  # fmt: skip
    assert promised - there == set()


def test_every_price_model_is_described(app: FastAPI) -> None:
    price = app.openapi()["components"]["schemas"]["PlanIn"]["properties"]["prices"]["items"]
    assert set(price["discriminator"]["mapping"]) == {
        *("flat", "seats", "per_unit", "graduated", "volume", "package", "percentage", "matrix", "cost_plus"),
    }
