"""The standing checks by HTTP: they pass, they bite, and they tell nothing of others."""

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from justpaid.invoicing import Invoice
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, bill, call, get, invoices, open_shop, send, subscribe


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))


def test_after_a_billing_run_everything_holds(client: TestClient) -> None:
    open_shop(client)
    subscribe(client, "2026-02-01T00:00:00+01:00")
    send(client, call("2026-02-02T00:00:00Z", 1000))
    bill(client)
    checks = get(client, "/v1/checks")
    assert checks["ok"] is True, checks
    assert {check["name"] for check in checks["data"]} >= {"events and usage", "invoices", "isolation"}


def test_a_check_that_fails_names_no_record(company: Company, client: TestClient, database: Database) -> None:
    open_shop(client)
    subscribe(client, "2026-03-01T00:00:00+01:00")
    bill(client)
    (invoice,) = invoices(client)
    spoilt = sa.update(Invoice).where(Invoice.id == invoice["id"])
    with database.tenant(company.organisation_id) as session:
        session.execute(spoilt.values(total=Invoice.total + 1))
    try:
        checks = client.get("/v1/checks")
        assert checks.json()["ok"] is False
        assert [check["name"] for check in checks.json()["data"] if not check["ok"]] == ["invoices"]
        assert invoice["id"] not in checks.text
    finally:
        with database.tenant(company.organisation_id) as session:
            session.execute(spoilt.values(total=Invoice.total - 1))
