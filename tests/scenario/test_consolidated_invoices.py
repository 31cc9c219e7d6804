"""Stories of invoices that several subscriptions share; the first is the table of docs/guides/billing.md."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from justpaid import accounts, invoicing
from justpaid.invoicing.tables import InvoicePart
from tests.scenario.conftest import Books, money
from tests.scenario.test_late_usage_stories import Desk
from tests.scenario.test_threshold_stories import Counter

CALLS = {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "0.10"}
BASE = {"key": "base", "model": "flat", "amount": "20", "billing": "arrears"}
DESK = {"key": "desk", "model": "flat", "amount": "100", "billing": "arrears"}


class Office(Desk, Counter):
    """Books of an organisation that consolidates; acme's plans are `api`, 20 + 0.10 per call, and `support`, 100."""

    def by_plan(self, reference: str) -> list[tuple[str | None, str, str]]:
        """(plan's name, description, amount) of each line."""
        with self.engines.database.tenant(self.organisation_id) as session:
            lines = list(invoicing.find_invoice(session, reference).lines)
        return [(line.plan_name, line.description, money(line.amount)) for line in lines]

    def found_lines(self, reference: str) -> list[invoicing.InvoiceLine]:
        with self.engines.database.tenant(self.organisation_id) as session:
            return list(invoicing.find_invoice(session, reference).lines)

    def both(self, start: str = "2026-01-01") -> tuple[str, str]:
        return self.subscribe("acme", "api", start), self.subscribe("acme", "support", start)

    def everything(self) -> list[tuple[str, str]]:
        """(period's end, total before credits) of each invoice, by number."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = sorted(invoicing.list_invoices(session, limit=1000), key=lambda one: one.number or "~")
        return [(self.local(one.period_end)[:10], money(one.total + one.credits_applied)) for one in found]


@pytest.fixture
def office(books: Callable[..., Books]) -> Office:
    opened = books()
    o = Office(opened.engines, opened.organisation_id, "UTC")
    o.today("2026-01-01")
    o.settings(consolidate_invoices=True)
    o.meter("calls", "sum", "quantity")
    o.plan("api", BASE, CALLS)
    o.plan("support", DESK)
    o.customer("acme")
    return o


def test_what_falls_due_together_shares_an_invoice(office: Office) -> None:
    """Two plans and an add-on: 20 + 300 × 0.10 for the API, 100 + 2 × 5 for support: one number, 160."""
    o = office
    o.plan("night", {"key": "night", "model": "flat", "amount": "5", "billing": "arrears"}, kind="add_on")
    api = o.subscribe("acme", "api", "2026-01-01")
    support = o.subscribe("acme", "support", "2026-01-01", add_ons={"night": 2})
    o.today("2026-01-20")
    o.use("acme", "2026-01-05", 300)
    assert o.bill("2026-02-01") == (1, 1)
    assert o.everything() == [("2026-02-01", "160")]
    assert o.by_plan("INV-000001") == [
        ("api", "base", "20"),
        ("api", "calls", "30"),
        ("support", "desk", "100"),
        ("support", "night", "10"),
    ]
    found = o.found("INV-000001")
    assert [part.subscription_id for part in found.parts] == [api, support]
    assert found.subscription_id == api
    with o.engines.database.tenant(o.organisation_id) as session:
        for subscription_id in (api, support):
            assert len(invoicing.list_invoices(session, limit=10, subscription_id=subscription_id)) == 1


def test_off_by_default_each_has_its_own(office: Office) -> None:
    o = office
    o.settings()
    o.both()
    assert o.bill("2026-02-01") == (2, 2)
    assert o.everything() == [("2026-02-01", "20"), ("2026-02-01", "100")]
    assert [o.found(f"INV-00000{n}").parts for n in (1, 2)] == [[], []]
    assert o.by_plan("INV-000001") == [(None, "base", "20"), (None, "calls", "0")]


@pytest.mark.parametrize(("own", "by_default", "invoices"), [(True, False, 1), (False, True, 2), (None, True, 1)])
def test_a_customers_own_setting_comes_first(office: Office, own: bool | None, by_default: bool, invoices: int) -> None:
    o = office
    o.settings(consolidate_invoices=by_default)
    o.of_customer("acme", consolidate_invoices=own)
    o.both()
    assert o.bill("2026-02-01") == (invoices, invoices)


def test_other_boundaries_other_invoices(office: Office) -> None:
    """Support began on the 10th: its months end then."""
    o = office
    o.subscribe("acme", "api", "2026-01-01")
    o.subscribe("acme", "support", "2026-01-10")
    assert o.bill("2026-02-10") == (2, 2)
    assert o.everything() == [("2026-02-01", "20"), ("2026-02-10", "100")]


def test_other_currencies_other_invoices(office: Office) -> None:
    o = office
    o.plan("euro", DESK, currency="EUR")
    o.subscribe("acme", "api", "2026-01-01")
    o.subscribe("acme", "euro", "2026-01-01", currency="EUR")
    assert o.bill("2026-02-01") == (2, 2)


@pytest.mark.parametrize("chunk", [1, 1000])
def test_a_backlog_is_billed_month_by_month(office: Office, chunk: int) -> None:
    """Support joins on 1 February; on 1 April three months of the API and two of support are due."""
    o = office
    o.subscribe("acme", "api", "2026-01-01")
    o.subscribe("acme", "support", "2026-02-01")
    invoicing.run_billing(
        o.engines.database,
        o.engines.metering,
        o.engines.clock,
        o.organisation_id,
        as_of=o.at("2026-04-01"),
        chunk=chunk,
    )
    o.check()
    assert o.everything() == [("2026-02-01", "20"), ("2026-03-01", "120"), ("2026-04-01", "120")]


def test_an_amount_comes_off_once_over_all_lines(office: Office) -> None:
    """30 off 120: 5 of the API's 20, 25 of support's 100; and none of it is left for February."""
    o = office
    o.coupon("THIRTY", amount="30", currency="USD")
    o.both()
    o.give("THIRTY", "acme")
    o.bill("2026-03-01")
    assert o.everything() == [("2026-02-01", "90"), ("2026-03-01", "120")]
    assert [money(line.discount) for line in o.found_lines("INV-000001")] == ["5", "0", "25"]


def test_a_subscriptions_coupon_takes_from_its_lines_alone(office: Office) -> None:
    """Half of support's 100, nothing of the API's 20."""
    o = office
    o.coupon("HALF", percent="50")
    _, support = o.both()
    o.give("HALF", "acme", support)
    o.bill("2026-02-01")
    assert [money(line.discount) for line in o.found_lines("INV-000001")] == ["0", "0", "50"]
    assert o.everything() == [("2026-02-01", "70")]


def test_tax_items_and_credits_are_settled_once(office: Office) -> None:
    """20 + 100 + an item of 5 is 125; 10 % tax makes it 137.50; credits of 130 pay all but 7.50."""
    o = office
    o.tax_rate("vat", "10")
    o.grant("acme", "130")
    o.item("acme", "Setup", "5")
    o.both()
    o.bill("2026-02-01")
    assert o.totals("INV-000001") == ("125", "0", "12.50", "7.50", "7.50")
    assert o.by_plan("INV-000001")[-1] == (None, "Setup", "5")


def test_what_a_threshold_invoice_billed_comes_off_its_part(office: Office) -> None:
    """300 calls reach 25 on the 20th: 30 are billed. With 100 more, February's invoice is 20 + 40 − 30 and 100."""
    o = office
    o.item("acme", "Setup", "5")
    api, _ = o.both()
    o.own_thresholds(api, "25")
    o.use("acme", "2026-01-05", 300)
    o.look("2026-01-20")
    o.use("acme", "2026-01-25", 100)
    o.today("2026-02-01")
    o.bill("2026-02-01")
    assert [total for _, total in o.everything()] == ["30", "135"]
    assert o.by_plan("INV-000002") == [
        ("api", "base", "20"),
        ("api", "calls", "40"),
        ("api", "calls, billed before", "-30"),
        ("support", "desk", "100"),
        (None, "Setup", "5"),
    ]


@pytest.mark.parametrize(
    ("policy", "totals"), [("supplementary_invoice", ["150", "3"]), ("next_invoice", ["150", "123"])]
)
def test_late_usage_is_found_on_each_part(office: Office, policy: str, totals: list[str]) -> None:
    """Both plans bill calls by a line of the same name: 100 × 0.10 and 100 × 0.20; ten more are late: 1 and 2."""
    o = office
    o.plan("dear", DESK, {**CALLS, "unit_amount": "0.20"})
    o.subscribe("acme", "api", "2026-01-01")
    o.subscribe("acme", "dear", "2026-01-01")
    o.use("acme", "2026-01-05", 100)
    o.today("2026-02-02")
    o.bill("2026-02-01")
    o.use("acme", "2026-01-06", 10)
    assert o.late("INV-000001") == [("calls", "10", "1"), ("calls", "10", "2")]
    o.correct("INV-000001", policy)
    o.bill("2026-03-01" if policy == "next_invoice" else "2026-02-02")
    assert [total for _, total in o.everything()] == totals
    assert o.late("INV-000001") == []


def test_usage_taken_back_is_credited_on_its_parts(office: Office) -> None:
    """One event of 100 calls never happened: 10 of the API, 20 of the dear plan."""
    o = office
    o.plan("dear", DESK, {**CALLS, "unit_amount": "0.20"})
    o.subscribe("acme", "api", "2026-01-01")
    o.subscribe("acme", "dear", "2026-01-01")
    o.use("acme", "2026-01-05", 100)
    o.today("2026-02-02")
    o.bill("2026-02-01")
    o.void_event(1)
    number = o.correct("INV-000001", "credit_note")
    assert number is not None
    with o.engines.database.tenant(o.organisation_id) as session:
        lines = [(line.description, money(line.amount)) for line in invoicing.find_credit_note(session, number).lines]
    assert lines == [("calls", "10"), ("calls", "20")]


def test_a_quarter_and_a_month_that_end_together(office: Office) -> None:
    """The quarter's usage of January is late; a run finds it, as the invoice's own period is the quarter."""
    o = office
    o.plan("quarterly", CALLS, interval="quarter")
    o.subscribe("acme", "support", "2026-01-01")
    o.subscribe("acme", "quarterly", "2026-01-01")
    o.today("2026-04-02")
    o.bill("2026-04-01")
    assert o.everything() == [("2026-02-01", "100"), ("2026-03-01", "100"), ("2026-04-01", "100")]
    o.use("acme", "2026-01-06", 10)
    o.today("2026-05-02")
    o.bill("2026-05-01")
    assert o.everything()[-1] == ("2026-05-01", "101")


def test_a_void_invoice_keeps_the_periods_of_all(office: Office) -> None:
    o = office
    o.both()
    o.bill("2026-02-01")
    o.void("INV-000001")
    assert o.bill("2026-02-01") == (0, 0)
    assert o.bill("2026-03-01") == (1, 1)


def test_a_draft_is_refreshed_as_a_whole(office: Office) -> None:
    """Drafted at 120; 50 calls came in time to be counted: 125."""
    o = office
    o.coupon("TEN", percent="10")
    api, _ = o.both()
    o.give("TEN", "acme", api)
    o.today("2026-02-01")
    assert o.bill("2026-02-01", finalize=False) == (1, 0)
    assert o.everything() == [("2026-02-01", "118")]
    o.use("acme", "2026-01-31", 50)
    assert o.bill("2026-02-01") == (0, 1)
    assert o.totals("INV-000001") == ("125", "2.50", "0", "122.50", "122.50")


def test_a_pause_leaves_the_others(office: Office) -> None:
    """Support pauses over February, and has no part of its invoice."""
    o = office
    _, support = o.both()
    o.pause(support, "2026-02-01", "2026-03-01")
    o.bill("2026-03-01")
    assert o.everything() == [("2026-02-01", "120"), ("2026-03-01", "20")]
    assert o.found("INV-000002").parts == []


def test_twenty_runs_at_once_bill_it_once(office: Office) -> None:
    o = office
    o.both()

    def run(_: int) -> Any:
        engines = o.engines
        return invoicing.run_billing(
            engines.database, engines.metering, engines.clock, o.organisation_id, as_of=o.at("2026-03-01")
        )

    with ThreadPoolExecutor(5) as pool:
        runs = list(pool.map(run, range(20)))
    assert sum(one.invoices_created for one in runs) == 2
    o.check()
    assert o.everything() == [("2026-02-01", "120"), ("2026-03-01", "120")]


def test_no_period_has_two_parts(office: Office) -> None:
    o = office
    o.both()
    o.bill("2026-03-01")
    january, february = (o.found(f"INV-00000{n}") for n in (1, 2))
    again = {"period_start": january.period_start, "period_end": january.period_end}
    with pytest.raises(IntegrityError), o.engines.database.tenant(o.organisation_id) as session:
        session.execute(sa.update(InvoicePart).where(InvoicePart.invoice_id == february.id).values(again))


def test_each_line_is_explained_by_its_own_plan(office: Office) -> None:
    o = office
    o.plan("dear", DESK, {**CALLS, "unit_amount": "0.20"})
    o.subscribe("acme", "api", "2026-01-01")
    o.subscribe("acme", "dear", "2026-01-01")
    o.use("acme", "2026-01-05", 100)
    o.today("2026-02-01")
    o.bill("2026-02-01")
    with o.engines.database.tenant(o.organisation_id) as session:
        found = invoicing.find_invoice(session, "INV-000001")
        prices = [invoicing.explain_line(session, o.engines.metering, found, position).price for position in (2, 4)]
    assert [str(getattr(price, "unit_amount", None)) for price in prices] == ["0.1", "0.2"]


def test_the_documents_show_the_plans_as_headings(office: Office) -> None:
    o = office
    o.item("acme", "Setup", "5")
    o.both()
    o.bill("2026-02-01")
    with o.engines.database.tenant(o.organisation_id) as session:
        organisation = accounts.find_organisation(session, o.organisation_id)
        document = invoicing.document_of(invoicing.find_invoice(session, "INV-000001"), organisation)
    assert document.headings() == ["api", None, "support", ""]
    rows = [row.split(",") for row in invoicing.render_csv(document).splitlines()]
    assert [row[7] for row in rows if row[0] == "group"] == ["api", "support", "Other items"]
    assert len({len(row) for row in rows}) == 1
    assert invoicing.render_pdf(document).startswith(b"%PDF")
