"""An organisation in test mode moves its own time; everything that asks for the present gets it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from justpaid.contracts import Subscription
from justpaid.invoicing import AutomaticBilling
from justpaid.kernel.clock import FixedClock
from justpaid.platform.database import Database
from justpaid.platform.settings import load_settings
from tests.contract.conftest import Company, Engines, TestInstallation
from tests.contract.steps import NOW, errors, get, invoices, open_shop, post, subscribe

FEE = [{"key": "base", "model": "flat", "amount": "20", "billing": "advance"}]


@pytest.fixture
def installation(database: Database, engines: Engines) -> TestInstallation:
    return TestInstallation(database, load_settings(), FixedClock(NOW), **vars(engines))  # type: ignore[arg-type]


def advance(client: TestClient, to: str) -> dict[str, object]:
    return post(client, "/v1/test-clock/advance", {"to": to}, 200)


def test_a_year_of_billing_each_month_on_its_day(client: TestClient) -> None:
    open_shop(client, FEE)
    subscribe(client, "2026-05-01T00:00:00Z")
    made = advance(client, "2027-05-01T00:00:00Z")
    assert (made["now"], made["frozen"]) == ("2027-05-01T00:00:00Z", True)
    assert (made["invoices_created"], made["invoices_finalized"]) == (13, 13)
    issued = [invoice["issued_at"] for invoice in invoices(client)]
    assert issued == [invoice["period_end"] for invoice in invoices(client)]
    assert issued[:3] == ["2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z"]


def test_the_present_is_the_clocks(client: TestClient) -> None:
    assert get(client, "/v1/test-clock") == {"now": "2026-04-15T22:00:00Z", "frozen": False}
    open_shop(client, FEE)
    advance(client, "2026-09-09T09:09:09Z")
    assert get(client, "/v1/test-clock") == {"now": "2026-09-09T09:09:09Z", "frozen": True}
    post(client, "/v1/events", {"id": "e", "customer_id": "acme", "event": "api_call"})
    assert get(client, "/v1/events/e")["timestamp"] == "2026-09-09T09:09:09Z"
    body = {"customer_id": "acme", "plan": "pro"}
    assert post(client, "/v1/subscriptions", body)["start_at"] == "2026-09-09T09:09:09Z"


def test_released_it_follows_the_real_time(client: TestClient) -> None:
    advance(client, "2026-09-09T09:09:09Z")
    assert client.delete("/v1/test-clock").json() == {"now": "2026-04-15T22:00:00Z", "frozen": False}
    assert get(client, "/v1/test-clock") == {"now": "2026-04-15T22:00:00Z", "frozen": False}


@pytest.mark.parametrize(
    ("to", "why"), [("2026-04-15T22:00:00Z", "only goes forward"), ("2199-01-01T00:00:00Z", "10 years ahead")]
)
def test_it_goes_forward_and_not_too_far(client: TestClient, to: str, why: str) -> None:
    response = client.post("/v1/test-clock/advance", json={"to": to})
    assert response.status_code == 422
    assert errors(response) == ["to"]
    assert why in response.json()["detail"]


def test_live_time_is_real(company: Company) -> None:
    response = company.live.post("/v1/test-clock/advance", json={"to": "2026-09-09T09:09:09Z"})
    assert response.status_code == 409
    assert "test mode" in response.json()["detail"]


def test_another_organisation_keeps_its_time(company: Company) -> None:
    advance(company.client, "2026-09-09T09:09:09Z")
    assert get(company.live, "/v1/test-clock")["now"] == "2026-04-15T22:00:00Z"


def test_automatic_billing_leaves_a_standing_clock_alone(client: TestClient, installation: TestInstallation) -> None:
    with installation.database.system() as session:  # of the other tests, which would all be billed
        session.execute(sa.update(Subscription).values(next_bill_at=None))
    open_shop(client, FEE)
    advance(client, "2026-04-20T00:00:00Z")
    subscribe(client, "2026-04-20T00:00:00Z")
    automatic = AutomaticBilling(
        installation.database, installation.metering, FixedClock(NOW + timedelta(days=365)),
        grace=timedelta(0),
    )  # fmt: skip
    automatic.bill_due()
    assert invoices(client) == []
    client.delete("/v1/test-clock")
    automatic.bill_due()
    assert len(invoices(client)) == 12
