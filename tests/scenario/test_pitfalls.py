"""Failures that users of other billing systems reported, each as a story that must not happen here."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from justpaid import invoicing
from justpaid.kernel.errors import Conflict
from tests.scenario.conftest import Books

OpenBooks = Callable[..., Books]

CALLS: dict[str, Any] = {"key": "calls", "name": "Calls", "meter": "calls", "model": "per_unit", "unit_amount": "1"}
BASE: dict[str, Any] = {"key": "base", "name": "Base", "model": "flat", "amount": "31", "billing": "arrears"}


def shop(books: OpenBooks, zone: str = "UTC") -> Books:
    b = books(zone)
    b.meter("calls", "sum", "quantity")
    b.plan("pro", BASE, CALLS)
    b.customer("acme")
    return b


def test_a_draft_that_many_refresh_and_finalise_at_once_has_its_lines_once(books: OpenBooks) -> None:
    """31 and 5 calls: two lines, 36, one number, however often it is refreshed; one finalisation gets through."""
    b = shop(books)
    b.subscribe("acme", "pro", "2026-01-01")
    b.use("acme", "2026-01-10", 5)
    b.today("2026-02-01")
    b.bill("2026-02-01", finalize=False)
    engines = b.engines

    def attempt(turn: int) -> str:
        with engines.database.tenant(b.organisation_id) as session:
            (found,) = invoicing.list_invoices(session, limit=2)
            try:
                if turn % 4 == 3:
                    invoicing.finalize_invoice(session, engines.metering, found, engines.clock.now())
                    return "issued"
                invoicing.refresh_invoice(session, engines.metering, found)
            except Conflict:
                session.rollback()
                return "refused"
        return "refreshed"

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(20)))
    assert outcomes.count("issued") == 1
    b.check()
    assert b.lines("INV-000001") == [("base", "1", "31"), ("calls", "5", "5")]
    assert [total for *_, total in b.invoices()] == ["36"]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kolkata"])
def test_the_same_usage_costs_the_same_at_whatever_hour_one_came(books: OpenBooks, zone: str) -> None:
    """Two customers on the calendar, subscribed in the first and in the last minute of 1 January: from February on
    their months are one, and the same 3 calls, in the first and the last second of March, are one bill of 31 and 6."""
    b = shop(books, zone)
    b.customer("early")
    b.customer("late")
    b.subscribe("early", "pro", "2026-01-01", anchor="calendar")
    b.subscribe("late", "pro", "2026-01-01 23:59", anchor="calendar")
    for customer in ("early", "late"):
        b.use(customer, "2026-02-28 23:59:59", 100)
        b.use(customer, "2026-03-01", 3)
        b.use(customer, "2026-03-31 23:59:59", 3)
        b.use(customer, "2026-04-01", 1000)
    b.today("2026-04-01")
    b.bill("2026-04-01")
    march = [total for _, start, end, total in b.invoices() if (start, end) == ("2026-03-01", "2026-04-01")]
    assert march == ["37", "37"]


def test_what_is_billed_and_what_is_estimated_add_up_to_what_was_used(books: OpenBooks) -> None:
    """One question, one answer: billed January, the draft of February and the estimate of March hold 60 calls
    and three fees of 31."""
    b = shop(books)
    subscription = b.subscribe("acme", "pro", "2026-01-01")
    for month, quantity in ((1, 10), (2, 20), (3, 30)):
        b.use("acme", f"2026-{month:02}-01", quantity)
    b.today("2026-02-01")
    b.bill("2026-02-01")
    b.today("2026-03-02")
    b.bill("2026-03-01", finalize=False)
    assert sorted(total for *_, total in b.invoices()) == ["41", "51"]
    assert b.estimate(subscription)[0] == "61"  # and March so far
