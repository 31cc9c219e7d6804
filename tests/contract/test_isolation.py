"""No route shows or changes another organisation's record: no other company's, and not the twin's in the other mode."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.accounts import ApiKey, Member, Organisation
from justpaid.catalog import Plan, PlanVersion, Product
from justpaid.contracts import Subscription, SubscriptionPhase
from justpaid.coupons import AttachedDiscount, Coupon
from justpaid.credits import CreditGrant, TopUp
from justpaid.customers import Customer, CustomerKey
from justpaid.imports import Importer, ImportRecord
from justpaid.ingest import BackfillRecord
from justpaid.insights.backtest import Backtest
from justpaid.invoicing import (
    BillingRun,
    CreditNote,
    CreditNoteCounter,
    CreditNoteLine,
    Invoice,
    InvoiceCounter,
    InvoiceItem,
    InvoiceLine,
)
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.ids import new_id
from justpaid.ledger import LedgerAccount, LedgerEntry, LedgerPosting
from justpaid.limits import Alert
from justpaid.metering import Meter
from justpaid.platform.database import Database, Record, TenantRecord
from justpaid.platform.settings import load_settings
from justpaid.portal import PortalLink
from justpaid.taxes import TaxRate
from tests.contract.conftest import Company, Engines, TestInstallation, companies
from tests.contract.steps import NOW, bill, call, errors, get, invoices, post, send, subscribe

MAPPING = {"columns": {"customer_id": "customer"}, "values": {"event": "api_call"}}
#: A body that each route with a path parameter accepts, so that only the owner decides. A new route has to be added.
ATTEMPTS: dict[tuple[str, str], Any] = {
    ("GET", "/v1/customers/{customer}"): None,
    ("PATCH", "/v1/customers/{customer}"): {"name": "stolen"},
    ("DELETE", "/v1/api-keys/{key_id}"): None,
    ("PATCH", "/v1/members/{member_id}"): {"role": "viewer"},
    ("DELETE", "/v1/members/{member_id}"): None,
    ("GET", "/v1/events/{event_id}"): None,
    ("POST", "/v1/events/{event_id}/amend"): {"quantity": 2},
    ("POST", "/v1/events/{event_id}/void"): None,
    ("GET", "/v1/backfills/{backfill_id}"): None,
    ("POST", "/v1/backfills/{backfill_id}/close"): None,
    ("POST", "/v1/backfills/{backfill_id}/revert"): None,
    ("GET", "/v1/meters/{meter}"): None,
    ("PATCH", "/v1/meters/{meter}"): {"name": "stolen"},
    ("GET", "/v1/products/{product}"): None,
    ("PATCH", "/v1/products/{product}"): {"name": "stolen"},
    ("GET", "/v1/plans/{plan}"): None,
    ("PATCH", "/v1/plans/{plan}"): {"name": "stolen"},
    ("POST", "/v1/plans/{plan}/archive"): None,
    ("POST", "/v1/plans/{plan}/unarchive"): None,
    ("GET", "/v1/plans/{plan}/versions/{version}"): None,
    ("PATCH", "/v1/plans/{plan}/versions/{version}"): {"trial_days": 30},
    ("DELETE", "/v1/plans/{plan}/versions/{version}"): None,
    ("POST", "/v1/plans/{plan}/versions/{version}/publish"): None,
    ("POST", "/v1/plans/{plan}/versions/{version}/migrate"): {"subscriptions": "all"},
    ("POST", "/v1/plans/{plan}/versions"): {"prices": [{"key": "free", "model": "flat", "amount": 0}]},
    ("GET", "/v1/subscriptions/{subscription_id}"): None,
    ("POST", "/v1/subscriptions/{subscription_id}/cancel"): {},
    ("POST", "/v1/subscriptions/{subscription_id}/change"): {"seats": 2},
    ("DELETE", "/v1/subscriptions/{subscription_id}/changes/{phase_id}"): None,
    ("PUT", "/v1/subscriptions/{subscription_id}/billing-thresholds"): {"billing_thresholds": []},
    ("POST", "/v1/subscriptions/{subscription_id}/pause"): None,
    ("POST", "/v1/subscriptions/{subscription_id}/resume"): None,
    ("GET", "/v1/subscriptions/{subscription_id}/estimate"): None,
    ("GET", "/v1/billing-runs/{run_id}"): None,
    ("GET", "/v1/backtests/{backtest_id}"): None,
    ("POST", "/v1/backtests/{backtest_id}/cancel"): None,
    ("GET", "/v1/backtests/{backtest_id}/customers"): None,
    ("GET", "/v1/backtests/{backtest_id}/customers.csv"): None,
    ("GET", "/v1/invoices/{invoice}"): None,
    ("POST", "/v1/invoices/{invoice}/finalize"): None,
    ("POST", "/v1/invoices/{invoice}/void"): None,
    ("GET", "/v1/invoices/{invoice}/pdf"): None,
    ("GET", "/v1/invoices/{invoice}/csv"): None,
    ("GET", "/v1/invoices/{invoice}/verify"): None,
    ("PATCH", "/v1/invoices/{invoice}"): {"memo": "stolen"},
    ("POST", "/v1/invoices/{invoice}/refresh"): None,
    ("POST", "/v1/invoices/{invoice}/mark-uncollectible"): None,
    ("GET", "/v1/invoices/{invoice}/late-usage"): None,
    ("POST", "/v1/invoices/{invoice}/late-usage"): {"policy": "next_invoice"},
    ("GET", "/v1/invoices/{invoice}/lines/{position}/explain"): None,
    ("GET", "/v1/invoices/{invoice}/lines/{position}/events"): None,
    ("GET", "/v1/invoices/{invoice}/lines/{position}/events.csv"): None,
    ("GET", "/v1/invoices/{invoice}/lines/{position}/events.ndjson"): None,
    ("DELETE", "/v1/invoice-items/{item_id}"): None,
    ("GET", "/v1/tax-rates/{tax_rate}"): None,
    ("PATCH", "/v1/tax-rates/{tax_rate}"): {"name": "stolen"},
    ("GET", "/v1/coupons/{coupon}"): None,
    ("POST", "/v1/coupons/{coupon}/retire"): None,
    ("DELETE", "/v1/discounts/{discount_id}"): None,
    ("GET", "/v1/credit-notes/{credit_note}"): None,
    ("POST", "/v1/credit-notes/{credit_note}/void"): None,
    ("GET", "/v1/credit-notes/{credit_note}/verify"): None,
    ("GET", "/v1/credit-notes/{credit_note}/pdf"): None,
    ("GET", "/v1/credit-notes/{credit_note}/csv"): None,
    ("POST", "/v1/invoices/{invoice}/share-links"): {},
    ("GET", "/v1/invoices/{invoice}/share-links"): None,
    ("DELETE", "/v1/invoices/{invoice}/share-links/{link_id}"): None,
    ("GET", "/v1/credit-grants/{grant_id}"): None,
    ("POST", "/v1/credit-grants/{grant_id}/void"): None,
    ("POST", "/v1/credits/top-ups/{top_up_id}/pay"): None,
    ("POST", "/v1/credits/top-ups/{top_up_id}/cancel"): None,
    ("GET", "/v1/customers/{customer}/summary"): None,
    ("GET", "/v1/imports/{import_id}"): None,
    ("POST", "/v1/imports/{import_id}/preview"): {"mapping": MAPPING},
    ("POST", "/v1/imports/{import_id}/start"): {"mapping": MAPPING},
    ("GET", "/v1/imports/{import_id}/rejected.csv"): None,
    ("POST", "/v1/portal-links/{portal_link}/revoke"): None,
    ("DELETE", "/v1/alerts/{alert_id}"): None,
}
LISTS = (
    "customers",
    "api-keys",
    "members",
    "events",
    "backfills",
    "meters",
    "products",
    "plans",
    "subscriptions",
    "billing-runs",
    "backtests",
    "invoices",
    "audit-log",
    "credit-grants",
    "credits/top-ups",
    "invoice-items",
    "tax-rates",
    "coupons",
    "discounts",
    "credit-notes",
    "imports",
    "portal-links",
    "alerts",
    "late-usage",
)
START = "2026-02-01T00:00:00Z"


@pytest.fixture(scope="module")
def installation(database: Database, engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> TestInstallation:
    clock = FixedClock(NOW)
    importer = Importer(database, engines.ingest, clock, tmp_path_factory.mktemp("imports"))
    return TestInstallation(database, load_settings(), clock, imports=importer, **vars(engines))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def app(shared_app: FastAPI, installation: TestInstallation) -> FastAPI:
    shared_app.state.installation.become(installation)
    return shared_app


@dataclass(frozen=True)
class Owner:
    """A company with a record of every kind, by the path parameter that names it, and what its lists show."""

    company: Company
    records: dict[str, str]
    shown: dict[str, Any]

    @property
    def client(self) -> TestClient:
        return self.company.client


def owner_of(company: Company) -> Owner:
    records = owned(company)
    return Owner(company, records, everything(company.client))


@pytest.fixture(scope="module")
def owner(app: FastAPI, database: Database) -> Owner:
    """Shared by the tests, which change nothing."""
    return owner_of(companies(app, database)())


@pytest.fixture(scope="module")
def other(app: FastAPI, database: Database) -> Owner:
    """It has the like of each record, so that only whose it is decides."""
    return owner_of(companies(app, database)())


@pytest.fixture(params=["another company", "the twin in live mode"])
def stranger(request: pytest.FixtureRequest, owner: Owner, new_company: Callable[[], Company]) -> TestClient:
    return new_company().client if request.param == "another company" else owner.company.live


def owned(company: Company) -> dict[str, str]:
    """Records of the company, by the path parameter that names them; each has one of every kind."""
    client = company.client
    customer = post(client, "/v1/customers", {"external_id": "acme", "name": "Acme"})
    key = post(client, "/v1/api-keys", {"name": "second"})
    invited = {"email": "bob@acme.example", "name": "Bob", "role": "finance"}
    member = post(client, "/v1/members", invited)
    meter = post(client, "/v1/meters", {"key": "calls", "event": "api_call", "aggregation": "count"})
    post(client, "/v1/events", {**call("2026-02-02T00:00:00Z", 1), "id": f"evt-of-{company.organisation_id}"})
    backfill = post(client, "/v1/backfills", {"from": START, "to": "2026-03-01T00:00:00Z"})
    price = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": 1}
    terms = {"currency": "USD", "interval": "month", "prices": [price]}
    product = post(client, "/v1/products", {"key": "api"})
    plan = post(client, "/v1/plans", {"key": "pro", **terms})
    draft = post(client, "/v1/plans/pro/versions", {"draft": True})
    subscription = subscribe(client, START)
    run = bill(client, as_of="2026-03-01T00:00:00Z")
    backtest = post(client, "/v1/backtests", {"plan": "pro", "from": START, "to": "2026-03-01T00:00:00Z"})
    (invoice,) = invoices(client)
    grant = post(client, "/v1/credit-grants", {"customer_id": "acme", "kind": "prepaid", "amount": 1})
    top_up = post(client, "/v1/credits/top-ups", {"customer_id": "acme", "amount": 1})
    coupon = post(client, "/v1/coupons", {"key": "SAVE", "name": "Save", "percent": 10})
    return {
        "tax_rate": post(client, "/v1/tax-rates", {"key": "vat", "name": "VAT", "percent": 20})["id"],
        "coupon": coupon["id"],
        "discount_id": post(client, "/v1/discounts", {"coupon": "SAVE", "customer_id": "acme"})["id"],
        "item_id": post(client, "/v1/invoice-items", {"customer_id": "acme", "description": "Setup", "unit_amount": 5})[
            "id"
        ],
        "credit_note": post(client, "/v1/credit-notes", {"invoice": invoice["id"], "amount": 1})["id"],
        "import_id": client.post("/v1/imports", content=b"customer\nacme\n").json()["id"],
        "portal_link": post(client, "/v1/portal-links", {"customer_id": "acme"})["id"],
        "alert_id": post(
            client, "/v1/alerts", {"customer_id": "acme", "name": "Budget", "measure": "cost", "amount": 1}
        )["id"],
        "customer": customer["id"],
        "key_id": key["id"],
        "member_id": member["id"],
        "event_id": f"evt-of-{company.organisation_id}",
        "backfill_id": backfill["id"],
        "meter": meter["id"],
        "product": product["id"],
        "plan": plan["id"],
        "version": str(draft["version"]),
        "subscription_id": subscription["id"],
        "phase_id": subscription["phases"][0]["id"],
        "run_id": run["id"],
        "backtest_id": backtest["id"],
        "invoice": invoice["id"],
        "position": "1",
        "link_id": post(client, f"/v1/invoices/{invoice['id']}/share-links", {})["id"],
        "grant_id": grant["id"],
        "top_up_id": top_up["id"],
    }


def everything(client: TestClient) -> dict[str, Any]:
    return {name: get(client, f"/v1/{name}")["data"] for name in LISTS}


def test_every_route_that_names_a_record_is_tried(app: FastAPI) -> None:
    routes = {
        (method.upper(), path)
        for path, operations in app.openapi()["paths"].items()
        for method in operations
        # Whoever has a token may see what it opens, which test_portal.py tries; sessions are a person's, see
        # test_sessions.py.
        if "{" in path and not path.startswith(("/v1/shared/", "/v1/auth/", "/v1/portal/"))
    }
    assert routes == ATTEMPTS.keys()


@pytest.mark.parametrize(("method", "path"), ATTEMPTS)
def test_a_stranger_finds_nothing(owner: Owner, stranger: TestClient, method: str, path: str) -> None:
    address = re.sub(r"{(\w+)}", lambda found: owner.records[found[1]], path)
    assert stranger.request(method, address, json=ATTEMPTS[method, path]).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "meters/calls",
        "products/api",
        "plans/pro",
        "customers/acme",
        "invoices/INV-000001",
        "invoices/INV-000001/pdf",
        "coupons/SAVE",
        "tax-rates/vat",
        "credit-notes/CN-000001",
    ],
)
def test_a_key_or_number_means_the_callers_own_record(owner: Owner, stranger: TestClient, path: str) -> None:
    assert stranger.get(f"/v1/{path}").status_code == 404
    assert owner.client.get(f"/v1/{path}").status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/usage?meter={meter}", None),
        ("/v1/usage?meter=calls&customer_id={customer}", None),
        ("/v1/usage.csv?meter={meter}", None),
        ("/v1/usage.csv?meter=calls&customer_id={customer}", None),
        ("/v1/portal-links?customer_id={customer}", None),
        ("/v1/portal-links", {"customer_id": "{customer}"}),
        ("/v1/alerts?customer_id={customer}", None),
        ("/v1/alerts", {"customer_id": "{customer}", "name": "A", "measure": "cost", "amount": "1"}),
        (
            "/v1/alerts",
            {"customer_id": "acme", "name": "A", "measure": "usage", "meter": "{meter}", "quantity": "1"},
        ),
        ("/v1/subscriptions?customer_id={customer}", None),
        ("/v1/invoices?customer_id={customer}", None),
        ("/v1/credit-grants?customer_id={customer}", None),
        ("/v1/credits/balance?customer_id={customer}", None),
        ("/v1/credits/ledger?customer_id={customer}", None),
        ("/v1/credits/top-ups?customer_id={customer}", None),
        ("/v1/credits/top-up-rules?customer_id={customer}", None),
        ("/v1/credit-grants", {"customer_id": "{customer}", "kind": "prepaid", "amount": "1"}),
        ("/v1/credits/top-ups", {"customer_id": "{customer}", "amount": "1"}),
        ("/v1/events?backfill={backfill_id}", {"customer_id": "acme", "event": "api_call", "timestamp": START}),
        ("/v1/subscriptions", {"customer_id": "{customer}", "plan": "pro"}),
        ("/v1/subscriptions", {"customer_id": "acme", "plan": "{plan}"}),
    ],
)
def test_a_strangers_record_can_not_be_named_in_a_request(
    owner: Owner, other: Owner, path: str, body: dict[str, str] | None
) -> None:
    sent = body and {name: text.format(**owner.records) for name, text in body.items()}
    response = other.client.request("POST" if body else "GET", path.format(**owner.records), json=sent)
    assert response.status_code == 404


def test_a_strangers_subscription_can_not_be_migrated(owner: Owner, other: Owner) -> None:
    body = {"subscriptions": [owner.records["subscription_id"]]}
    assert other.client.post("/v1/plans/pro/versions/1/migrate", json=body).status_code == 404


def test_a_strangers_meter_can_not_be_billed(owner: Owner, stranger: TestClient) -> None:
    price = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": 1}
    terms = {"key": "mine", "currency": "USD", "interval": "month", "prices": [price]}
    assert errors(stranger.post("/v1/plans", json=terms)) == ["prices.0.meter"]


def test_usage_is_of_the_callers_own_events(owner: Owner, new_company: Callable[[], Company]) -> None:
    other = new_company()
    owned(other)
    send(other.client, call("2026-02-03T00:00:00Z", 1))
    february = {"from": START, "to": "2026-03-01T00:00:00Z"}
    for client, count in ((owner.client, "1"), (other.client, "2")):
        for whose in ({}, {"customer_id": "acme"}):
            answer = get(client, "/v1/usage", meter="calls", **whose, **february)
            assert [row["value"] for row in answer["data"]] == [count]


def test_an_external_id_means_the_callers_own_customer(owner: Owner, new_company: Callable[[], Company]) -> None:
    stranger = new_company().client
    assert stranger.get("/v1/customers/acme").status_code == 404
    own = stranger.post("/v1/customers", json={"external_id": "acme", "name": "Mine"})
    assert own.status_code == 201
    assert stranger.get("/v1/customers/acme").json()["name"] == "Mine"
    assert owner.client.get("/v1/customers/acme").json()["id"] == owner.records["customer"]


def test_lists_hold_the_callers_own_records(owner: Owner, stranger: TestClient) -> None:
    numbers = {"version", "position"}  # which mean nothing by themselves
    for name in LISTS:
        listed = stranger.get(f"/v1/{name}").text
        assert not any(record in listed for kind, record in owner.records.items() if kind not in numbers)


def test_a_cursor_from_elsewhere_shows_nothing_of_elsewhere(
    company: Company, new_company: Callable[[], Company]
) -> None:
    stranger = new_company().client
    for n in range(2):
        company.client.post("/v1/customers", json={"name": f"Acme {n}"})
    cursor = company.client.get("/v1/customers?limit=1").json()["next_cursor"]
    assert stranger.get("/v1/customers", params={"cursor": cursor}).json()["data"] == []


@pytest.mark.parametrize(
    "table",
    [
        Organisation,
        ApiKey,
        Member,
        Customer,
        CustomerKey,
        BackfillRecord,
        Meter,
        Product,
        Plan,
        PlanVersion,
        Subscription,
        SubscriptionPhase,
        BillingRun,
        Backtest,
        Invoice,
        InvoiceLine,
        InvoiceItem,
        InvoiceCounter,
        CreditGrant,
        TopUp,
        LedgerAccount,
        LedgerEntry,
        LedgerPosting,
        CreditNote,
        CreditNoteLine,
        CreditNoteCounter,
        TaxRate,
        Coupon,
        AttachedDiscount,
        ImportRecord,
        PortalLink,
        Alert,
    ],
)
def test_the_database_itself_shows_a_tenant_only_its_rows(
    owner: Owner, other: Owner, database: Database, table: type[Record]
) -> None:
    column = table.__table__.c["id" if table is Organisation else "organisation_id"]
    with database.tenant(owner.company.organisation_id) as session:
        assert set(session.scalars(sa.select(column))) == {owner.company.organisation_id}
    with database.system() as session:
        assert {each.company.organisation_id for each in (owner, other)} <= set(session.scalars(sa.select(column)))


def test_all_that_was_tried_above_has_changed_nothing(owner: Owner, other: Owner) -> None:
    for each in (owner, other):
        assert everything(each.client) == each.shown


def test_the_database_itself_refuses_a_row_for_another_organisation(
    company: Company, new_company: Callable[[], Company], database: Database
) -> None:
    other = new_company()
    with (
        pytest.raises(sa.exc.ProgrammingError, match="row-level security"),
        database.tenant(company.organisation_id) as session,
    ):
        session.add(ApiKey(id=new_id("key"), organisation_id=other.organisation_id, name="x", digest="x", hint="x"))


def test_every_table_of_a_tenant_has_its_policy(database: Database) -> None:
    tables = {m.class_.__tablename__ for m in Record.registry.mappers if issubclass(m.class_, TenantRecord)}
    assert {"api_keys", "customers", "customer_keys", "idempotency_keys"} <= tables
    with database.engine.connect() as connection:
        forced = set(
            connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"))
        )
    assert tables | {"organisations"} <= forced
