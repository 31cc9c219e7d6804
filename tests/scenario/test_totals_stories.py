"""Dated stories of what invoices add up to: tax, coupons, items, drafts and credit notes, worked by hand."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from justpaid import accounts, coupons, credits, customers, invoicing, taxes
from justpaid.kernel.errors import Conflict, InvalidRequest, JustPaidError
from tests.scenario.conftest import Books, Engines, money

OpenBooks = Callable[..., "Till"]


class Till(Books):
    """Books with words for what is added to, taken off and credited on invoices."""

    def tax_rate(self, key: str, percent: str, **more: Any) -> None:
        new = taxes.NewTaxRate(key=key, name=key.upper(), percent=Decimal(percent), **{"default": True, **more})
        with self.engines.database.tenant(self.organisation_id) as session:
            taxes.create_rate(session, self.organisation_id, new)

    def of_customer(self, customer: str, **changes: Any) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            customers.update_customer(session, customer, changes)

    def coupon(self, key: str, **terms: Any) -> None:
        for name in terms.keys() & {"percent", "amount"}:
            terms[name] = Decimal(terms[name])
        new = coupons.NewCoupon(key=key, name=key, **{"duration": "once", **terms})
        with self.engines.database.tenant(self.organisation_id) as session:
            coupons.create_coupon(session, self.organisation_id, new)

    def give(self, coupon: str, customer: str, subscription_id: str | None = None) -> str:
        with self.engines.database.tenant(self.organisation_id) as session:
            found = coupons.find_coupon(session, coupon)
            to = customers.find_customer(session, customer)
            now = self.engines.clock.now()
            return coupons.attach(session, found, to, subscription_id=subscription_id, now=now).id

    def item(self, customer: str, description: str, unit_amount: str, currency: str = "USD", **more: Any) -> None:
        new = invoicing.NewItem(description=description, unit_amount=Decimal(unit_amount), **more)
        with self.engines.database.tenant(self.organisation_id) as session:
            to = customers.find_customer(session, customer)
            invoicing.add_item(session, to, new, currency=currency, now=self.engines.clock.now())

    def one_off(self, customer: str, *items: tuple[str, str], currency: str = "USD", **terms: Any) -> str:
        """Issued at once; its number."""
        now = self.engines.clock.now()
        with self.engines.database.tenant(self.organisation_id) as session:
            to = customers.find_customer(session, customer)
            made = [
                invoicing.add_item(
                    session, to, invoicing.NewItem(description=text, unit_amount=Decimal(amount)),
                    currency=currency, now=now,
                )
                for text, amount in items
            ]  # fmt: skip
            draft = invoicing.create_one_off(
                session, to, made, currency=currency, now=now, include_pending=not items, terms=terms
            )
            issued = invoicing.finalize_invoice(session, self.engines.metering, draft, now)
            number = issued.number or "draft"
        self.check()
        return number

    def credit(self, number: str, **how: Any) -> str:
        lines = how.pop("lines", None)
        asked = None if lines is None else tuple(invoicing.LineCredit(line, Decimal(amount)) for line, amount in lines)
        amount = how.pop("amount", None)
        new = invoicing.NewCreditNote(lines=asked, amount=None if amount is None else Decimal(amount), **how)
        with self.engines.database.tenant(self.organisation_id) as session:
            found = invoicing.find_invoice(session, number)
            note = invoicing.issue_credit_note(session, found, new, self.engines.clock.now())
        self.check()
        return note.number

    def grant(self, customer: str, amount: str) -> None:
        new = credits.NewGrant(amount=Decimal(amount), kind="prepaid", currency="USD")
        with self.engines.database.tenant(self.organisation_id) as session:
            to = customers.find_customer(session, customer)
            credits.grant_credits(session, to, new, self.engines.clock.now())

    def note(self, number: str) -> tuple[str, str, str]:
        """(subtotal, tax, total)."""
        with self.engines.database.tenant(self.organisation_id) as session:
            note = invoicing.find_credit_note(session, number)
        return money(note.subtotal), money(note.tax), money(note.total)

    def void_note(self, number: str) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            invoicing.void_credit_note(session, invoicing.find_credit_note(session, number), self.engines.clock.now())
        self.check()

    def totals(self, number: str) -> tuple[str, ...]:
        """(subtotal, discount, tax, total, due)."""
        found = self.found(number)
        return tuple(
            money(amount) for amount in (found.subtotal, found.discount, found.tax, found.total, found.amount_due)
        )

    def found(self, reference: str) -> invoicing.Invoice:
        with self.engines.database.tenant(self.organisation_id) as session:
            return invoicing.find_invoice(session, reference)

    def drafts(self) -> list[str]:
        with self.engines.database.tenant(self.organisation_id) as session:
            return [invoice.id for invoice in invoicing.list_invoices(session, limit=100, status="draft")]

    def settings(self, **invoice: Any) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            accounts.find_organisation(session, self.organisation_id).settings = {"invoice": invoice}


@pytest.fixture
def till(books: Callable[..., Books]) -> OpenBooks:
    """`till()` opens books with a customer `acme` on a plan of 100 a month, from 1 January 2026, in arrears."""

    def open_till(zone: str = "UTC", currency: str = "USD", amount: str = "100") -> Till:
        opened = books(zone)
        t = Till(opened.engines, opened.organisation_id, zone)
        t.today("2026-01-01")
        t.plan("pro", {"key": "base", "model": "flat", "amount": amount, "billing": "arrears"}, currency=currency)
        t.customer("acme")
        return t

    return open_till


def test_tax_is_added(till: OpenBooks) -> None:
    """100 at 19 %: 19."""
    t = till()
    t.tax_rate("de", "19")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert t.totals("INV-000001") == ("100", "0", "19", "119", "119")


def test_tax_is_contained(till: OpenBooks) -> None:
    """100 with 19 % contained: 100 − 100 ÷ 1.19 = 15.966… → 15.97, and 100 is due."""
    t = till()
    t.tax_rate("de", "19", inclusive=True)
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert t.totals("INV-000001") == ("100", "0", "0", "100", "100")
    assert money(t.found("INV-000001").tax_included) == "15.97"


def test_a_coupon_comes_off_before_tax(till: OpenBooks) -> None:
    """20 % off 100 is 80; 19 % of 80 is 15.20. The coupon is for one invoice: February is 119 again."""
    t = till()
    t.tax_rate("de", "19")
    t.coupon("LAUNCH20", percent="20")
    t.give("LAUNCH20", "acme")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-03-01")
    assert t.totals("INV-000001") == ("100", "20", "15.20", "95.20", "95.20")
    assert t.totals("INV-000002") == ("100", "0", "19", "119", "119")


def test_a_coupon_comes_off_a_price_that_contains_tax(till: OpenBooks) -> None:
    """119 with 19 % contained, 10 % off: 11.90 off, 107.10 due, of which 107.10 × 19/119 = 17.10 is tax."""
    t = till(amount="119")
    t.tax_rate("de", "19", inclusive=True)
    t.coupon("TEN", percent="10", duration="forever")
    t.give("TEN", "acme")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert t.totals("INV-000001") == ("119", "11.90", "0", "107.10", "107.10")
    assert money(t.found("INV-000001").tax_included) == "17.10"


def test_a_repeating_coupon_lasts_its_periods(till: OpenBooks) -> None:
    """30 off each of three invoices, then no more."""
    t = till()
    t.coupon("THREE", amount="30", currency="USD", duration="repeating", periods=3)
    t.give("THREE", "acme")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-06-01")
    assert [total for *_, total in t.invoices()] == ["70", "70", "70", "100", "100"]


def test_a_void_invoice_gives_its_discount_back(till: OpenBooks) -> None:
    """January took the coupon and was voided, so February has it."""
    t = till()
    t.coupon("ONCE", percent="50")
    t.give("ONCE", "acme")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    with t.engines.database.tenant(t.organisation_id) as session:
        invoicing.void_invoice(session, invoicing.find_invoice(session, "INV-000001"), t.engines.clock.now())
    t.bill("2026-03-01")
    assert t.totals("INV-000001") == ("100", "50", "0", "50", "0")
    assert t.totals("INV-000002") == ("100", "50", "0", "50", "50")


def test_one_discount_is_used_by_one_of_two_subscriptions(till: OpenBooks) -> None:
    t = till()
    t.coupon("ONCE", percent="50")
    t.give("ONCE", "acme")
    t.subscribe("acme", "pro", "2026-01-01")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert sorted(total for *_, total in t.invoices()) == ["100", "50"]


def test_a_coupon_of_a_subscription_and_of_a_plan(till: OpenBooks) -> None:
    """10 % for one of two subscriptions only; a coupon kept to another plan takes nothing, and is not used up."""
    t = till()
    t.coupon("TEN", percent="10", duration="forever")
    t.coupon("OTHER", percent="50", plans=("enterprise",))
    first = t.subscribe("acme", "pro", "2026-01-01")
    t.subscribe("acme", "pro", "2026-01-01")
    t.give("TEN", "acme", first)
    t.give("OTHER", "acme")
    t.bill("2026-02-01")
    assert sorted(total for *_, total in t.invoices()) == ["100", "90"]


def test_reverse_charge(till: OpenBooks) -> None:
    """A company in Austria with its VAT id pays no German tax; without the id it can't be reverse-charged."""
    t = till()
    t.tax_rate("de", "19")
    with pytest.raises(InvalidRequest, match="needs the customer's tax id"):
        t.of_customer("acme", tax_status="reverse_charge")
    t.of_customer("acme", tax_status="reverse_charge", tax_ids=[{"type": "eu_vat", "value": "ATU 13585627"}])
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert t.totals("INV-000001") == ("100", "0", "0", "100", "100")
    assert t.found("INV-000001").customer["tax_ids"] == [{"type": "eu_vat", "value": "ATU13585627"}]


def test_a_rate_that_is_retired_stays_on_what_was_issued(till: OpenBooks) -> None:
    """19 % in January; from February 21 % by a new rate. January still verifies."""
    t = till()
    t.tax_rate("de-19", "19")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    with t.engines.database.tenant(t.organisation_id) as session:
        taxes.update_rate(session, taxes.find_rate(session, "de-19"), {"active": False})
    t.tax_rate("de-21", "21")
    t.bill("2026-03-01")
    assert [total for *_, total in t.invoices()] == ["119", "121"]


def test_an_item_waits_for_the_next_invoice(till: OpenBooks) -> None:
    """Set-up 250 on 10 January, and 40 credited: January is 100 + 250 − 40 = 310. The yen wait for yen."""
    t = till()
    t.subscribe("acme", "pro", "2026-01-01")
    t.today("2026-01-10")
    t.item("acme", "Set-up", "125", quantity=Decimal(2))
    t.item("acme", "Goodwill", "-40")
    t.item("acme", "In yen", "1000", currency="JPY")
    t.bill("2026-03-01")
    assert t.totals("INV-000001") == ("310", "0", "0", "310", "310")
    assert t.totals("INV-000002") == ("100", "0", "0", "100", "100")
    assert t.one_off("acme", currency="JPY") == "INV-000003"
    assert t.totals("INV-000003") == ("1000", "0", "0", "1000", "1000")


def test_a_one_off_invoice_has_its_own_terms(till: OpenBooks) -> None:
    """Issued on 5 January: due 14 days on by the customer's term, 7 by its own."""
    t = till()
    t.of_customer("acme", net_days=14, po_number="PO-7")
    t.today("2026-01-05")
    first, second = t.one_off("acme", ("Workshop", "900")), t.one_off("acme", ("Travel", "80.50"), net_days=7)
    dues = [t.found(number).due_at for number in (first, second)]
    assert dues == [t.at("2026-01-19"), t.at("2026-01-12")]
    assert t.found(first).po_number == "PO-7"
    assert t.totals(second) == ("80.50", "0", "0", "80.50", "80.50")


def test_an_invoice_is_never_below_zero(till: OpenBooks) -> None:
    """20 charged and 50 credited: nothing is due, and 30 are carried over; the next invoice, of 100, draws them."""
    t = till()
    number = t.one_off("acme", ("Support", "20"), ("Downgrade", "-50"))
    assert t.totals(number) == ("-30", "0", "0", "0", "0")
    assert t.found(number).carried_over == 30
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert t.totals("INV-000002") == ("100", "0", "0", "70", "70")
    assert t.found("INV-000002").credits_applied == 30


def test_what_a_paid_invoice_is_credited_is_owed_to_the_customer(till: OpenBooks) -> None:
    """January, 100, is paid by credits. 40 are credited: 15 are drawn at once, 25 by February."""
    t = till()
    t.grant("acme", "100")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert (t.found("INV-000001").status, t.totals("INV-000001")[-1]) == ("paid", "0")
    first = t.credit("INV-000001", amount="25")
    t.void_note(first)
    second = t.credit("INV-000001", amount="40")
    refund = t.credit("INV-000001", amount="10", remainder="refund")
    assert t.totals(t.one_off("acme", ("Support", "15"))) == ("15", "0", "0", "0", "0")
    with pytest.raises(Conflict, match=r"15.00 of credit grant .* has been used"):
        t.void_note(second)
    t.bill("2026-03-01")
    assert t.totals("INV-000003") == ("100", "0", "0", "75", "75")
    t.void_note(refund)


@pytest.mark.parametrize(
    ("currency", "figures"),
    [
        ("JPY", ("1234", "123", "211", "1322", "1322")),  # 10 %: 123.4 → 123; 19 % of 1111: 211.09 → 211
        ("USD", ("1234", "123.40", "211.01", "1321.61", "1321.61")),  # 19 % of 1110.60: 211.014
        ("KWD", ("1234", "123.400", "211.014", "1321.614", "1321.614")),
    ],
)
def test_minor_units(till: OpenBooks, currency: str, figures: tuple[str, ...]) -> None:
    t = till(currency=currency, amount="1234")
    t.tax_rate("de", "19")
    t.coupon("TEN", percent="10", duration="forever")
    t.give("TEN", "acme")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    found = t.found("INV-000001")
    amounts = (found.subtotal, found.discount, found.tax, found.total, found.amount_due)
    assert [Decimal(figure) for figure in figures] == list(amounts)


def test_credit_notes_by_line_by_amount_and_whole(till: OpenBooks) -> None:
    """119 due. 50 of the line and 9.50 tax; 23.80 with tax: 20 and 3.80; the rest: 30 and 5.70, and no more."""
    t = till()
    t.tax_rate("de", "19")
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    assert t.note(t.credit("INV-000001", lines=[(1, "50")])) == ("50", "9.50", "59.50")
    assert t.note(t.credit("INV-000001", amount="23.80")) == ("20", "3.80", "23.80")
    with pytest.raises(InvalidRequest, match="only 35"):
        t.credit("INV-000001", amount="35.71")
    assert t.note(t.credit("INV-000001")) == ("30", "5.70", "35.70")
    assert t.totals("INV-000001") == ("100", "0", "19", "119", "0")
    with pytest.raises(Conflict, match="Nothing of invoice INV-000001 is left"):
        t.credit("INV-000001")
    with (
        pytest.raises(Conflict, match="is credited by CN-000001"),
        t.engines.database.tenant(t.organisation_id) as session,
    ):
        invoicing.void_invoice(session, invoicing.find_invoice(session, "INV-000001"), t.engines.clock.now())


def test_a_void_credit_note_is_due_again(till: OpenBooks) -> None:
    t = till()
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")
    note = t.credit("INV-000001", amount="60")
    assert t.totals("INV-000001")[-1] == "40"
    t.void_note(note)
    assert t.totals("INV-000001")[-1] == "100"
    assert t.credit("INV-000001") == "CN-000002"


def test_twenty_credit_notes_at_once_credit_no_more_than_there_is(till: OpenBooks) -> None:
    """20 × 30 of 100: three fit, and number without a gap."""
    t = till()
    t.subscribe("acme", "pro", "2026-01-01")
    t.bill("2026-02-01")

    def attempt(_: int) -> bool:
        with t.engines.database.tenant(t.organisation_id) as session:
            found = invoicing.find_invoice(session, "INV-000001")
            new = invoicing.NewCreditNote(amount=Decimal(30))
            try:
                invoicing.issue_credit_note(session, found, new, t.engines.clock.now())
            except JustPaidError:
                session.rollback()
                return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(20))) == 3
    t.check()
    assert t.totals("INV-000001")[-1] == "10"
    assert t.credit("INV-000001") == "CN-000004"


def test_a_redemption_limit_holds_under_concurrency(till: OpenBooks) -> None:
    t = till()
    t.coupon("FIVE", percent="5", max_redemptions=5, max_redemptions_per_customer=3)
    t.customer("beta")

    def attempt(number: int) -> bool:
        try:
            t.give("FIVE", "acme" if number % 2 else "beta")
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(20))) == 5


def test_a_draft_is_live_until_its_grace_is_over(till: OpenBooks, engines: Engines) -> None:
    """100 and 2 calls at 1 make 102. A late one makes 103, issued six hours after its drafting; the next comes late."""
    t = till()
    t.settings(grace_hours=6)
    t.meter("calls", "count")
    t.plan("use", {"key": "base", "model": "flat", "amount": "100", "billing": "arrears"},
           {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": 1})  # fmt: skip
    t.subscribe("acme", "use", "2026-01-01")
    automatic = invoicing.AutomaticBilling(engines.database, engines.metering, engines.clock, grace=timedelta(days=9))
    t.use("acme", "2026-01-10")
    t.use("acme", "2026-01-11")
    t.today("2026-02-01 00:01")
    automatic.bill_due()
    (draft,) = t.drafts()
    assert t.totals(draft)[3] == "102"
    t.use("acme", "2026-01-31")
    with engines.database.tenant(t.organisation_id) as session:
        invoicing.refresh_invoice(session, engines.metering, invoicing.find_invoice(session, draft))
    assert t.totals(draft)[3] == "103"
    t.today("2026-02-01 06:00")
    automatic.bill_due()
    assert t.drafts() == [draft]
    t.today("2026-02-01 06:01")
    automatic.bill_due()
    t.use("acme", "2026-01-31 23:00")
    assert (t.drafts(), t.totals("INV-000001")[3]) == ([], "103")
    t.check()


def test_a_zero_invoice_is_issued_or_skipped_as_the_organisation_says(till: OpenBooks) -> None:
    """A month without usage takes no number; 100 % off does, for it tells what was given."""
    t = till()
    t.settings(zero_amount_policy="skip")
    t.meter("calls", "count")
    t.plan("use", {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": 1})
    t.subscribe("acme", "use", "2026-01-01")
    t.coupon("ALL", percent="100")
    t.give("ALL", "acme")
    t.use("acme", "2026-02-10")
    assert t.bill("2026-02-01") == (1, 0)
    assert t.bill("2026-03-01") == (1, 1)
    assert t.totals("INV-000001") == ("1", "1", "0", "0", "0")
    assert t.bill("2026-03-01") == (0, 0)


def test_an_estimate_is_with_discount_and_tax(till: OpenBooks) -> None:
    t = till()
    t.tax_rate("de", "19")
    t.coupon("TEN", percent="10")
    t.give("TEN", "acme")
    subscription = t.subscribe("acme", "pro", "2026-01-01")
    t.today("2026-01-16")
    assert t.estimate(subscription) == ("107.10", "107.10")


def test_what_can_not_be_collected_stays_due(till: OpenBooks) -> None:
    t = till()
    number = t.one_off("acme", ("Workshop", "900"))
    with t.engines.database.tenant(t.organisation_id) as session:
        invoicing.mark_uncollectible(session, invoicing.find_invoice(session, number), t.engines.clock.now())
    assert (t.found(number).status, t.totals(number)[-1]) == ("uncollectible", "900")
    assert t.note(t.credit(number))[2] == "900"
