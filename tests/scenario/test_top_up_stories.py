"""Stories of top-ups and their invoices; the first is the table of docs/guides/credits.md."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

from justpaid import credits, customers, invoicing
from justpaid.kernel.errors import Conflict
from tests.scenario.conftest import Books, Engines, money
from tests.scenario.test_totals_stories import Till


class Purse(Till):
    """A till with words for one customer's top-ups."""

    def rule(self, threshold: str, amount: str, **more: Any) -> None:
        new = credits.NewTopUpRule(threshold=Decimal(threshold), amount=Decimal(amount), **more)
        now = self.engines.clock.now()
        with self.engines.database.tenant(self.organisation_id) as session:
            credits.set_top_up_rule(session, customers.find_customer(session, "acme"), new, now)
            invoicing.issue_top_ups(session, self.organisation_id, now)
        self.check()

    def top_ups(self) -> list[tuple[str, str, str, str]]:
        """(status of the top-up, number of its invoice, that one's total and status), oldest first."""
        with self.engines.database.tenant(self.organisation_id) as session:
            ordered = list(reversed(credits.list_top_ups(session, limit=100)))
            ids = invoicing.invoices_of_top_ups(session, ordered)
            invoices = [invoicing.find_invoice(session, ids[one.id]) for one in ordered]
            return [
                (one.status, invoice.number or "", money(invoice.total), invoice.status)
                for one, invoice in zip(ordered, invoices, strict=True)
            ]

    def balance(self) -> str:
        with self.engines.database.tenant(self.organisation_id) as session:
            customer = customers.find_customer(session, "acme")
            found = credits.balances_of(session, self.organisation_id, customer.id, self.engines.clock.now())
        return next((money(one.usable) for one in found), "0")

    def settle(self, how: Callable[..., Any]) -> None:
        """Pay or withdraw the newest top-up."""
        with self.engines.database.tenant(self.organisation_id) as session:
            how(session, credits.list_top_ups(session, limit=1)[0], self.engines.clock.now())
        self.check()

    def check(self) -> None:
        super().check()
        with self.engines.database.tenant(self.organisation_id) as session:
            assert credits.check_credits(session) == []


@pytest.fixture
def purse(engines: Engines, books: Callable[..., Books]) -> Purse:
    purse = Purse(engines, books().organisation_id)
    purse.tax_rate("vat", "19")
    purse.customer("acme")
    purse.grant("acme", "30")
    return purse


def test_a_low_balance_is_topped_up_by_an_invoice_without_tax_that_draws_no_credits(purse: Purse) -> None:
    purse.rule("20", "100")
    assert purse.top_ups() == []
    purse.one_off("acme", ("Set-up", "20"))
    assert (purse.top_ups(), purse.balance()) == ([("due", "INV-000002", "100", "finalized")], "6.20")
    purse.settle(invoicing.pay_top_up)
    assert (purse.top_ups(), purse.balance()) == ([("paid", "INV-000002", "100", "paid")], "106.20")
    purse.one_off("acme", ("Support", "80"))
    assert purse.top_ups()[1] == ("due", "INV-000004", "100", "finalized")
    assert purse.balance() == "11"
    with purse.engines.database.tenant(purse.organisation_id) as session:
        invoicing.void_invoice(session, invoicing.find_invoice(session, "INV-000004"), purse.engines.clock.now())
    purse.check()
    assert (purse.top_ups()[1], purse.balance()) == (("canceled", "INV-000004", "100", "void"), "11")
    invoicing.keep_credits(purse.engines.database, purse.engines.metering, purse.engines.clock.now())
    assert purse.top_ups()[2] == ("due", "INV-000005", "100", "finalized")


def test_credits_of_a_rule_that_grants_at_once_are_there_with_the_invoice(purse: Purse) -> None:
    purse.rule("50", "70", grant_at="once")
    assert (purse.top_ups(), purse.balance()) == ([("due", "INV-000001", "70", "finalized")], "100")
    purse.settle(invoicing.withdraw_top_up)  # and 30 is below 50, which orders the next
    assert purse.top_ups() == [("canceled", "INV-000001", "70", "void"), ("due", "INV-000002", "70", "finalized")]
    assert purse.balance() == "100"
    purse.settle(invoicing.pay_top_up)
    assert (purse.top_ups()[1][3], purse.balance()) == ("paid", "100")


def test_a_coupon_leaves_a_top_up_alone(purse: Purse) -> None:
    purse.coupon("HALF", percent="50", duration="forever")
    purse.give("HALF", "acme")
    purse.rule("40", "100")
    assert purse.top_ups() == [("due", "INV-000001", "100", "finalized")]


def test_what_is_paid_or_gone_is_not_paid_again(purse: Purse) -> None:
    purse.rule("40", "100")
    purse.settle(invoicing.pay_top_up)
    for how in (invoicing.pay_top_up, invoicing.withdraw_top_up):
        with pytest.raises(Conflict):
            purse.settle(how)
    with pytest.raises(Conflict, match="top-up"):
        purse.credit("INV-000001")
    assert purse.balance() == "130"


def test_a_top_up_has_one_invoice_whoever_looks(purse: Purse) -> None:
    now = purse.engines.clock.now()
    with purse.engines.database.tenant(purse.organisation_id) as session:
        customer = customers.find_customer(session, "acme")
        for _ in range(3):
            credits.order_top_up(session, customer, amount=Decimal(10), now=now)

    def look(_: int) -> int:
        with purse.engines.database.tenant(purse.organisation_id) as session:
            return invoicing.issue_top_ups(session, purse.organisation_id, now)

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(look, range(20))) == 3
    purse.check()
    assert sorted(one[1] for one in purse.top_ups()) == ["INV-000001", "INV-000002", "INV-000003"]


def test_twenty_payments_and_voids_at_once_leave_one_result(purse: Purse) -> None:
    purse.rule("40", "100")
    now = purse.engines.clock.now()

    def settle(turn: int) -> bool:
        with purse.engines.database.tenant(purse.organisation_id) as session:
            how = invoicing.pay_top_up if turn % 2 else invoicing.withdraw_top_up
            try:
                how(session, credits.list_top_ups(session, limit=1)[0], now)
            except Conflict:
                session.rollback()
                return False
            return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(settle, range(20))) == 1
    purse.check()
    ((status, _, _, of_invoice),) = purse.top_ups()
    assert (status, of_invoice, purse.balance()) in [("paid", "paid", "130"), ("canceled", "void", "30")]
