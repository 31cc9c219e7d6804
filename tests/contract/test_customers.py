"""Customers by HTTP: made, found by any of their keys, changed; no key ever means two of them."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.customers import Customer, find_customer, keys_of, owners_of
from justpaid.platform.database import Database
from tests.contract.conftest import Company

FULL = {
    "external_id": "acme",
    "name": "Acme Inc.",
    "email": "billing@acme.example",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "address": {"line1": "1 Main St", "city": "Springfield", "country": "US"},
    "metadata": {"crm": "47"},
    "aliases": ["acme-staging", "a c m e"],
}


def created(client: TestClient, **fields: Any) -> dict[str, Any]:
    response = client.post("/v1/customers", json=fields)
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def errors(response: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def test_what_was_sent_comes_back(client: TestClient) -> None:
    customer = created(client, **FULL)
    assert customer["id"].startswith("cus_")
    assert {name: customer[name] for name in FULL} == {**FULL, "aliases": ["a c m e", "acme-staging"]}
    assert client.get(f"/v1/customers/{customer['id']}").json() == customer


def test_what_was_not_sent_comes_from_the_organisation(client: TestClient) -> None:
    customer = created(client, external_id="acme")
    assert {k: v for k, v in customer.items() if k not in {"id", "created_at", "updated_at"}} == {
        "external_id": "acme",
        "name": "acme",
        "email": None,
        "currency": "USD",
        "timezone": "UTC",
        "address": None,
        "metadata": {},
        "aliases": [],
        "tax_status": "taxable",
        "tax_ids": [],
        "tax_rates": None,
        "net_days": None,
        "po_number": None,
        "consolidate_invoices": None,
    }


@pytest.mark.parametrize("reference", ["kunde/47", "acme staging", "ünïcode", "a+b@c.example", "50%", "?x=1"])
def test_a_customer_is_found_by_any_of_its_keys(client: TestClient, reference: str) -> None:
    by_id = created(client, external_id=reference, aliases=[f"alias {reference}"])
    for name in (by_id["id"], reference, f"alias {reference}"):
        path = "".join(f"%{byte:02X}" for byte in name.encode())
        assert client.get(f"/v1/customers/{path}").json() == by_id


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, [("name", "missing")]),
        ({"external_id": 5}, [("external_id", "invalid")]),
        ({"external_id": "a", "colour": "red"}, [("colour", "unknown_field")]),
        ({"external_id": "a", "currency": "ABC"}, [("currency", "invalid")]),
        ({"external_id": "a", "timezone": "Berlin", "email": "@"}, [("email", "invalid"), ("timezone", "invalid")]),
        ({"external_id": "a", "metadata": {"n": 1}}, [("metadata.n", "invalid")]),
        ({"external_id": "a", "address": {"zip": "1"}}, [("address.zip", "invalid")]),
        ({"external_id": "a", "aliases": ["b", None]}, [("aliases.1", "invalid")]),
        ({"external_id": "a", "metadata": None}, [("metadata", "invalid")]),
        ({"external_id": "a\0"}, [("external_id", "invalid")]),
    ],
)
def test_a_field_that_can_not_be_used_is_named(
    client: TestClient, sent: dict[str, Any], wrong: list[tuple[str, str]]
) -> None:
    response = client.post("/v1/customers", json=sent)
    assert response.status_code == 422
    assert errors(response) == wrong
    assert client.get("/v1/customers").json()["data"] == []


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"external_id": "acme"}, "external_id"),
        ({"external_id": "acme-alias"}, "external_id"),
        ({"name": "B", "aliases": ["acme"]}, "aliases"),
        ({"name": "B", "aliases": ["new", "acme-alias"]}, "aliases"),
    ],
)
def test_a_key_of_another_customer_is_refused(client: TestClient, sent: dict[str, Any], field: str) -> None:
    acme = created(client, external_id="acme", aliases=["acme-alias"])
    response = client.post("/v1/customers", json=sent)
    assert response.status_code == 409
    assert errors(response) == [(field, "taken")]
    assert acme["id"] in response.json()["detail"]
    assert client.get("/v1/customers").json()["data"] == [acme]
    assert client.get("/v1/customers/new").status_code == 404


def test_the_id_of_a_customer_is_no_key_for_another(client: TestClient) -> None:
    acme = created(client, external_id="acme")
    assert client.post("/v1/customers", json={"external_id": acme["id"]}).status_code == 409


def test_a_key_that_is_repeated_within_a_customer_is_kept_once(client: TestClient) -> None:
    customer = created(client, external_id="acme", aliases=["acme", "b", "b"])
    assert (customer["external_id"], customer["aliases"]) == ("acme", ["b"])


@pytest.mark.parametrize(
    ("sent", "changed"),
    [
        ({}, {}),
        ({"name": "Acme Ltd."}, {"name": "Acme Ltd."}),
        ({"email": None, "address": None}, {"email": None, "address": None}),
        ({"metadata": {"tier": "gold"}}, {"metadata": {"tier": "gold"}}),
        ({"aliases": ["b", "a"]}, {"aliases": ["a", "b"]}),
        ({"external_id": "acme-2"}, {"external_id": "acme-2", "aliases": ["a c m e", "acme", "acme-staging"]}),
        ({"external_id": "acme-2", "aliases": []}, {"external_id": "acme-2", "aliases": []}),
        ({"external_id": None}, {"external_id": None, "aliases": ["a c m e", "acme", "acme-staging"]}),
        ({"external_id": "acme-staging"}, {"external_id": "acme-staging", "aliases": ["a c m e", "acme"]}),
    ],
)
def test_only_what_is_sent_changes(client: TestClient, sent: dict[str, Any], changed: dict[str, Any]) -> None:
    before = created(client, **FULL)
    response = client.patch("/v1/customers/acme", json=sent)
    assert response.status_code == 200
    after = response.json()
    assert after.pop("updated_at") >= before.pop("updated_at")
    assert after == {**before, **changed}
    assert {**client.get(f"/v1/customers/{before['id']}").json(), "updated_at": None} == {**after, "updated_at": None}


@pytest.mark.parametrize(
    ("sent", "status", "field"),
    [
        ({"name": None}, 422, "name"),
        ({"currency": None}, 422, "currency"),
        ({"timezone": "x"}, 422, "timezone"),
        ({"id": "cus_1"}, 422, "id"),
        ({"aliases": ["other"]}, 409, "aliases"),
        ({"name": "changed", "external_id": "other"}, 409, "external_id"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(
    client: TestClient, sent: dict[str, Any], status: int, field: str
) -> None:
    created(client, external_id="other")
    before = created(client, **FULL)
    response = client.patch("/v1/customers/acme", json=sent)
    assert response.status_code == status
    assert [name for name, _ in errors(response)] == [field]
    assert client.get("/v1/customers/acme").json() == before


def test_a_key_that_was_given_up_is_free(client: TestClient) -> None:
    created(client, external_id="acme", aliases=["shared"])
    client.patch("/v1/customers/acme", json={"aliases": []})
    assert created(client, external_id="beta", aliases=["shared"])["aliases"] == ["shared"]


def test_pages_hold_every_customer_once_newest_first(client: TestClient) -> None:
    made = [created(client, external_id=f"c{n}")["id"] for n in range(5)]
    seen: list[str] = []
    sizes, cursor = [], None
    for _ in range(3):
        page = client.get("/v1/customers", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [customer["id"] for customer in page["data"]]
        sizes.append(len(page["data"]))
        cursor = page["next_cursor"]
    assert sizes == [2, 2, 1]
    assert seen == sorted(made, reverse=True)
    assert cursor is None


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=x", "limt=5", "cursor=%00"])
def test_a_page_that_can_not_be_asked_for(client: TestClient, query: str) -> None:
    response = client.get(f"/v1/customers?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == query.split("=")[0]


def test_the_keys_of_a_customer_are_those_that_events_may_use(company: Company, database: Database) -> None:
    acme = created(company.client, external_id="acme", aliases=["b"])
    beta = created(company.client, name="Beta")
    with database.tenant(company.organisation_id) as session:
        customers: list[Customer] = [find_customer(session, "acme"), find_customer(session, beta["id"])]
        assert keys_of(session, customers) == {acme["id"]: ["acme", "b", acme["id"]], beta["id"]: [beta["id"]]}
        assert owners_of(session, ["b", beta["id"], "nobody"]) == {"b": acme["id"], beta["id"]: beta["id"]}
