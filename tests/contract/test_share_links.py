"""Whoever has the link sees the invoice, and only as long as the link lives."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Engines, TestInstallation
from tests.contract.steps import NOW, bill, errors, get, invoices, open_shop, post, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))  # type: ignore[arg-type]


@pytest.fixture
def invoice(client: TestClient) -> dict[str, Any]:
    open_shop(client, [{"key": "base", "model": "flat", "amount": "20"}])
    subscribe(client, "2026-03-01T00:00:00Z")
    bill(client)
    return invoices(client)[0]


def share(client: TestClient, invoice: dict[str, Any], **body: Any) -> dict[str, Any]:
    return post(client, f"/v1/invoices/{invoice['id']}/share-links", body)


def test_the_link_shows_the_invoice_without_a_key(
    client: TestClient, anonymous: TestClient, invoice: dict[str, Any]
) -> None:
    path = share(client, invoice)["path"]
    shown = get(anonymous, path)
    assert shown["invoice"] == invoice
    assert shown["seller"].startswith("Company")
    assert anonymous.get(f"{path}/pdf").content.startswith(b"%PDF-")
    assert "Base" in anonymous.get(f"{path}/csv").text or "base" in anonymous.get(f"{path}/csv").text


def test_it_ends_when_it_is_revoked(client: TestClient, anonymous: TestClient, invoice: dict[str, Any]) -> None:
    link = share(client, invoice)
    assert client.delete(f"/v1/invoices/{invoice['id']}/share-links/{link['id']}").json()["revoked_at"]
    for path in (link["path"], f"{link['path']}/pdf", f"{link['path']}/csv"):
        assert anonymous.get(path).status_code == 404


def test_it_ends_at_its_time(
    client: TestClient, anonymous: TestClient, invoice: dict[str, Any], installation: TestInstallation
) -> None:
    path = share(client, invoice, expires_in_days=2)["path"]
    clock: Any = installation.clock
    clock.move_to(NOW + timedelta(days=2) - timedelta(seconds=1))
    assert anonymous.get(path).status_code == 200
    clock.move_to(NOW + timedelta(days=2))
    assert anonymous.get(path).status_code == 404


def test_a_changed_token_opens_nothing(client: TestClient, anonymous: TestClient, invoice: dict[str, Any]) -> None:
    path = share(client, invoice)["path"]
    for wrong in (path[:-1], path + "A", path.swapcase().replace("/V1/SHARED", "/v1/shared")):
        assert anonymous.get(wrong).status_code == 404


def test_the_token_is_shown_once(client: TestClient, invoice: dict[str, Any]) -> None:
    address, headers = f"/v1/invoices/{invoice['id']}/share-links", {"Idempotency-Key": "k"}
    link = client.post(address, json={}, headers=headers).json()
    again = client.post(address, json={}, headers=headers).json()
    assert (again["id"], again["token"], again["path"]) == (link["id"], None, None)
    assert link["token"] not in client.get(address).text
    assert [each["id"] for each in get(client, address)["data"]] == [link["id"]]


@pytest.mark.parametrize("days", [0, 366])
def test_a_life_within_bounds(client: TestClient, invoice: dict[str, Any], days: int) -> None:
    response = client.post(f"/v1/invoices/{invoice['id']}/share-links", json={"expires_in_days": days})
    assert errors(response) == ["expires_in_days"]


def test_a_draft_is_not_shown_around(client: TestClient) -> None:
    open_shop(client, [{"key": "base", "model": "flat", "amount": "20"}])
    subscribe(client, "2026-03-01T00:00:00Z")
    bill(client, finalize=False)
    (draft,) = invoices(client)
    assert client.post(f"/v1/invoices/{draft['id']}/share-links", json={}).status_code == 409
