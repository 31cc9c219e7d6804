"""Stories of progressive billing, worked by hand; the first two are the tables of docs/guides/billing.md."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from justpaid import catalog, contracts, invoicing
from justpaid.kernel.errors import Conflict
from tests.scenario.conftest import Books, Engines, money
from tests.scenario.test_totals_stories import Till

CALLS = {
    "key": "calls",
    "model": "graduated",
    "meter": "calls",
    "tiers": [{"up_to": "1000", "unit_amount": "0.10"}, {"up_to": None, "unit_amount": "0.05"}],
}
BASE = {"key": "base", "model": "flat", "amount": "20"}


class Counter(Till):
    """A till where plans have billing thresholds."""

    def threshold_plan(self, key: str, *prices: Mapping[str, Any], thresholds: Sequence[str], **more: Any) -> None:
        """`50+` recurs."""
        sent = [{"amount": one.rstrip("+"), "recurring": one.endswith("+")} for one in thresholds]
        with self.engines.database.tenant(self.organisation_id) as session:
            catalog.create_plan(
                session, self.organisation_id, key=key, name=key, currency="USD", interval="month", prices=prices,
                billing_thresholds=sent, **more,
            )  # fmt: skip

    def look(self, day: str) -> None:
        self.today(day)
        self.bill(day)

    def own_thresholds(self, subscription_id: str, *amounts: str) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            found = contracts.find_subscription(session, subscription_id)
            contracts.set_thresholds(session, found, [{"amount": amount} for amount in amounts])

    def void(self, number: str) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            invoicing.void_invoice(session, invoicing.find_invoice(session, number), self.engines.clock.now())
        self.check()

    def kinds(self, customer: str = "acme") -> list[tuple[str, str, str, str]]:
        """(kind, subtotal, total, status) of its invoices, oldest first."""
        return [
            (one.kind, money(one.subtotal), money(one.total + one.credits_applied), one.status)
            for one in self._of(customer)
        ]

    def sums(self, customer: str) -> tuple[Decimal, ...]:
        """What its invoices come to: subtotal, discount, tax added, tax contained."""
        found = self._of(customer)
        figures = ("subtotal", "discount", "tax", "tax_included")
        return tuple(sum((getattr(one, name) for one in found), Decimal(0)) for name in figures)

    def _of(self, customer: str) -> list[invoicing.Invoice]:
        with self.engines.database.tenant(self.organisation_id) as session:
            found = list(invoicing.list_invoices(session, limit=1000))
            return [one for one in reversed(found) if one.customer["external_id"] == customer]

    def preview(self, subscription_id: str) -> tuple[str, str, str, str | None]:
        """(estimate's total, billed so far, unbilled usage, next threshold)."""
        with self.engines.metering.snapshot():
            pass
        with self.engines.database.tenant(self.organisation_id) as session:
            found = contracts.find_subscription(session, subscription_id)
            shown = invoicing.estimate(session, self.engines.metering, found, self.engines.clock.now())
        ahead = None if shown.next_threshold is None else money(shown.next_threshold)
        return money(shown.total), money(shown.billed_so_far), money(shown.unbilled_usage), ahead


@pytest.fixture
def counter(engines: Engines, books: Callable[..., Books]) -> Counter:
    counter = Counter(engines, books().organisation_id)
    counter.meter("calls", "sum", "quantity")
    counter.customer("acme")
    return counter


def january(counter: Counter) -> str:
    counter.tax_rate("vat", "20")
    counter.threshold_plan("pro", CALLS, BASE, thresholds=["50+"])
    subscription = counter.subscribe("acme", "pro", "2026-01-01")
    counter.use("acme", "2026-01-04", 400)
    counter.look("2026-01-05")
    assert counter.kinds() == []  # 40 is below 50
    counter.use("acme", "2026-01-09", 300)
    counter.look("2026-01-10")
    return subscription


def test_usage_that_reaches_the_threshold_is_invoiced_at_once_and_the_period_bills_the_rest(counter: Counter) -> None:
    subscription = january(counter)
    assert counter.kinds() == [("threshold", "70", "84", "finalized")]
    assert counter.lines("INV-000001") == [("calls", "700", "70")]
    assert counter.preview(subscription) == ("24", "84", "0", "50")  # the base fee, and its tax
    counter.use("acme", "2026-01-19", 800)  # 1,500 calls: 100 + 25
    counter.today("2026-01-20")
    assert counter.preview(subscription) == ("90", "84", "55", "50")
    counter.look("2026-01-20")
    assert counter.lines("INV-000002") == [("calls", "1500", "125"), ("calls", "1", "-70")]
    counter.use("acme", "2026-01-31 23:59", 100)
    counter.look("2026-02-01")
    assert counter.lines("INV-000003") == [("calls", "1600", "130"), ("base", "1", "20"), ("calls", "1", "-125")]
    assert counter.kinds() == [
        ("threshold", "70", "84", "finalized"),
        ("threshold", "55", "66", "finalized"),
        ("subscription", "25", "30", "finalized"),
    ]
    assert counter.sums("acme")[:3] == (150, 0, 30)
    with counter.engines.database.tenant(counter.organisation_id) as session:
        invoice = invoicing.find_invoice(session, "INV-000003")
        told = [invoicing.explain_line(session, counter.engines.metering, invoice, n) for n in (1, 2, 3)]
        assert [one.origin for one in told] == ["usage", "fee", "billed_before"]
        taken_off = invoice.lines[-1]
        assert taken_off.description == "calls, billed before"
        assert [(step["description"], step["amount"]) for step in taken_off.steps] == [
            ("Billed by INV-000001", "-70"), ("Billed by INV-000002", "-55"),
        ]  # fmt: skip


def test_what_a_void_threshold_invoice_billed_is_due_again_at_the_periods_end(counter: Counter) -> None:
    january(counter)
    counter.void("INV-000001")
    counter.look("2026-01-12")
    assert len(counter.kinds()) == 1  # its threshold is not reached again
    counter.use("acme", "2026-01-19", 800)
    counter.look("2026-01-20")
    counter.use("acme", "2026-01-31 23:59", 100)
    counter.today("2026-02-01")
    counter.bill("2026-02-01", finalize=False)
    counter.bill("2026-02-01")
    assert counter.kinds() == [
        ("threshold", "70", "84", "void"),
        ("threshold", "55", "66", "finalized"),
        ("subscription", "95", "114", "finalized"),  # 66 + 114 = 180
    ]
    with pytest.raises(Conflict, match="INV-000003"):
        counter.void("INV-000002")
    counter.void("INV-000003")
    counter.void("INV-000002")


def test_a_draft_of_the_period_follows_a_threshold_invoice_that_is_voided(counter: Counter) -> None:
    january(counter)
    counter.today("2026-02-01")
    counter.bill("2026-02-01", finalize=False)
    assert counter.kinds()[1] == ("subscription", "20", "24", "draft")
    counter.void("INV-000001")
    counter.bill("2026-02-01")
    assert counter.kinds()[1] == ("subscription", "90", "108", "finalized")


def test_thresholds_are_reached_in_turn_and_the_last_again_only_if_it_recurs(counter: Counter) -> None:
    counter.threshold_plan("ladder", {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "1"},
                           thresholds=["10", "100"])  # fmt: skip
    counter.subscribe("acme", "ladder", "2026-01-01")
    for day, quantity in (("2026-01-02", 12), ("2026-01-03", 50), ("2026-01-04", 50), ("2026-01-05", 900)):
        counter.use("acme", f"{day} 08:00", quantity)
        counter.look(f"{day} 12:00")
    assert [row[1] for row in counter.kinds()] == ["12", "100"]
    counter.look("2026-02-01")
    assert counter.kinds()[2][1] == "900"


MODELS: list[tuple[str, dict[str, Any]]] = [
    ("package", {"model": "package", "package_size": "100", "amount": "7.77"}),
    ("volume", {"model": "volume", "tiers": [
        {"up_to": "500", "unit_amount": "0.333"}, {"up_to": None, "unit_amount": "0.111", "flat_amount": "9"}]}),
    ("graduated", {**CALLS, "included_quantity": "33"}),
    ("bounded", {"model": "per_unit", "unit_amount": "0.3333", "minimum_amount": "500", "maximum_amount": "620"}),
]  # fmt: skip


@pytest.mark.parametrize("price", [price for _, price in MODELS], ids=[name for name, _ in MODELS])
def test_the_invoices_of_a_period_sum_to_the_one_that_it_would_have_been(
    counter: Counter, price: dict[str, Any]
) -> None:
    """Acme with thresholds, twin without; tiers, a minimum, a commitment, two coupons and a tax that all round."""
    counter.tax_rate("vat", "7.7")
    counter.coupon("THIRD", percent="33.333", duration="forever")
    counter.coupon("TEN", amount="9.99", currency="USD", duration="once")
    counter.customer("twin")
    prices = ({**price, "key": "calls", "meter": "calls"}, BASE)
    commitment = {"minimum_commitment": {"amount": "300"}}
    counter.threshold_plan("pro", *prices, thresholds=["20", "31.01+"], **commitment)
    counter.threshold_plan("plain", *prices, thresholds=[], **commitment)
    for customer, plan in (("acme", "pro"), ("twin", "plain")):
        counter.give("THIRD", customer)
        counter.subscribe(customer, plan, "2026-01-01")
    counter.use("acme", "2026-01-02", 333)
    counter.use("twin", "2026-01-02", 333)
    counter.look("2026-01-03")
    for customer in ("acme", "twin"):
        counter.give("TEN", customer)  # after the first threshold invoice
    for day, quantity in ((10, 411), (17, 217), (30, 13)):
        for customer in ("acme", "twin"):
            counter.use(customer, f"2026-01-{day} 08:00", quantity)
        counter.look(f"2026-01-{day + 1}")
    counter.look("2026-02-01")
    assert sum(kind == "threshold" for kind, *_ in counter.kinds()) >= 1
    assert len(counter.kinds("twin")) == 1
    assert counter.sums("acme") == counter.sums("twin")


def test_a_coupon_is_used_once_by_all_the_invoices_of_a_period(counter: Counter) -> None:
    counter.threshold_plan("pro", CALLS, thresholds=["50+"])
    counter.coupon("HALF", percent="50", duration="once")
    counter.give("HALF", "acme")
    counter.subscribe("acme", "pro", "2026-01-01")
    for day in ("2026-01-05", "2026-01-15", "2026-01-25", "2026-02-10"):
        counter.use("acme", f"{day} 08:00", 500)
        counter.look(f"{day} 12:00")
        if day == "2026-01-25":
            counter.look("2026-02-01")
    counter.look("2026-03-01")
    assert [(kind, subtotal, total) for kind, subtotal, total, _ in counter.kinds()] == [
        ("threshold", "50", "25"),
        ("threshold", "50", "25"),
        ("subscription", "25", "12.50"),  # 500 more at 0.05
        ("threshold", "50", "50"),  # February: the coupon is used up
        ("subscription", "0", "0"),
    ]


def test_a_change_of_plan_inside_the_period_keeps_what_was_billed(counter: Counter) -> None:
    unit = {"key": "calls", "model": "per_unit", "meter": "calls"}
    counter.threshold_plan("old", {**unit, "unit_amount": "1"}, thresholds=["50"])
    counter.threshold_plan("new", {**unit, "unit_amount": "2"}, thresholds=[])
    subscription = counter.subscribe("acme", "old", "2026-01-01")
    counter.use("acme", "2026-01-05", 60)
    counter.look("2026-01-10")
    counter.change(subscription, "2026-01-03", plan="new")  # backdated: the 60 cost 2 each after all
    counter.use("acme", "2026-01-20", 10)
    counter.look("2026-02-01")
    assert [row[:2] for row in counter.kinds()] == [("threshold", "60"), ("subscription", "80")]  # 140 in all


def test_a_level_accrues_the_share_of_the_period_that_is_over(counter: Counter) -> None:
    counter.meter("disk", "weighted_sum", "properties.by", event="disk")
    counter.threshold_plan("pro", {"key": "disk", "model": "per_unit", "meter": "disk", "unit_amount": "1"},
                           thresholds=["100"])  # fmt: skip
    counter.subscribe("acme", "pro", "2026-01-01")
    counter.use("acme", "2026-01-01", event="disk", by=310)
    counter.look("2026-01-10")
    assert counter.kinds() == []  # 310 × 9 ÷ 31 = 90
    counter.look("2026-01-11")
    assert [row[:2] for row in counter.kinds()] == [("threshold", "100")]
    counter.look("2026-02-01")
    assert [row[:2] for row in counter.kinds()] == [("threshold", "100"), ("subscription", "210")]


def test_a_subscriptions_own_thresholds_come_before_its_plans(counter: Counter) -> None:
    unit = {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "1"}
    counter.threshold_plan("pro", unit, thresholds=["50"])
    subscription = counter.subscribe("acme", "pro", "2026-01-01")
    counter.own_thresholds(subscription)
    counter.use("acme", "2026-01-05", 60)
    counter.look("2026-01-06")
    assert (counter.kinds(), counter.preview(subscription)) == ([], ("60", "0", "60", None))
    counter.own_thresholds(subscription, "70", "80")
    counter.look("2026-01-07")
    assert counter.kinds() == []
    counter.use("acme", "2026-01-08", 10)
    counter.look("2026-01-09")
    assert counter.kinds() == [("threshold", "70", "70", "finalized")]


def test_late_events_count_in_the_invoice_of_the_period_and_verify_stays_as_of_the_cutoff(counter: Counter) -> None:
    january(counter)
    counter.use("acme", "2026-01-03", 100)  # before the cut of INV-000001, but after its cut-off
    counter.check()
    counter.look("2026-02-01")
    assert counter.kinds()[1] == ("subscription", "30", "36", "finalized")


def test_twenty_looks_at_once_issue_one_invoice(counter: Counter) -> None:
    counter.threshold_plan("pro", CALLS, thresholds=["50+"])
    counter.subscribe("acme", "pro", "2026-01-01")
    counter.use("acme", "2026-01-05", 700)
    counter.today("2026-01-10")

    def look(turn: int) -> int:
        at = counter.at(f"2026-01-09 {turn:02}:00")  # each at an instant of its own
        return invoicing.bill_thresholds(
            counter.engines.database, counter.engines.metering, counter.organisation_id, at, at
        )

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(look, range(20))) == 1
    counter.check()
    assert [row[1] for row in counter.kinds()] == ["70"]
    counter.look("2026-02-01")
    assert counter.sums("acme")[0] == 70


def test_the_database_refuses_a_second_invoice_of_a_threshold(counter: Counter) -> None:
    january(counter)
    copy = """INSERT INTO invoices SELECT (jsonb_populate_record(i, '{"id": "inv_2", "number": "INV-000009",
        "period_end": "2026-01-11T00:00:00Z"}')).* FROM invoices i"""
    with (
        pytest.raises(IntegrityError, match="uq_invoices_threshold"),
        counter.engines.database.tenant(counter.organisation_id) as session,
    ):
        session.execute(sa.text(copy))


def test_the_watch_looks_only_at_who_has_sent_events(counter: Counter) -> None:
    counter.threshold_plan("pro", CALLS, thresholds=["50+"])
    counter.subscribe("acme", "pro", "2026-01-01")
    watch = invoicing.ThresholdWatch(counter.engines.database, counter.engines.metering)

    def look(at: str) -> int:
        with counter.engines.metering.snapshot():
            pass
        counter.today(at)
        return watch.look(counter.at(at))

    counter.use("acme", "2026-01-05", 400)
    assert look("2026-01-06 10:00") == 0
    counter.use("acme", "2026-01-06", 300)
    assert look("2026-01-06 10:05") == 1
    assert look("2026-01-06 10:10") == 0
    counter.check()
    assert [row[1] for row in counter.kinds()] == ["70"]
