"""Dated stories of subscriptions that change: figures worked by hand beside them, all invariants after each step.

The months of 2026 have 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30 and 31 days.
"""

from collections.abc import Callable
from typing import Any

import pytest

from justpaid.kernel.errors import Conflict, InvalidRequest
from tests.scenario.conftest import Books

OpenBooks = Callable[..., Books]


def flat(amount: str, billing: str = "arrears", key: str = "base") -> dict[str, Any]:
    return {"key": key, "name": key.title(), "model": "flat", "amount": amount, "billing": billing}


def seats(amount: str, billing: str = "arrears") -> dict[str, Any]:
    return {"key": "seats", "name": "Seats", "model": "seats", "unit_amount": amount, "billing": billing}


def calls(amount: str, **more: Any) -> dict[str, Any]:
    return {"key": "calls", "name": "Calls", "meter": "calls", "model": "per_unit", "unit_amount": amount, **more}


def tiered(*tiers: tuple[int | None, str]) -> dict[str, Any]:
    steps = [{"up_to": up_to, "unit_amount": amount} for up_to, amount in tiers]
    return {"key": "calls", "name": "Calls", "meter": "calls", "model": "graduated", "tiers": steps}


def shop(books: OpenBooks, *plans: tuple[str, list[dict[str, Any]]], zone: str = "UTC", **terms: Any) -> Books:
    """Books with a meter that sums `calls`, these plans, and the customer acme."""
    b = books(zone)
    b.meter("calls", "sum", "quantity")
    for key, prices in plans:
        b.plan(key, *prices, **terms)
    b.customer("acme")
    return b


def totals(b: Books) -> list[str]:
    return [total for *_, total in b.invoices()]


# Upgrades and downgrades


def test_an_upgrade_of_a_fee_in_arrears_bills_each_part_at_its_fee(books: OpenBooks) -> None:
    """April: 30 to the 11th, 90 from then: 30 × 10/30 + 90 × 20/30 = 10 + 60 = 70."""
    b = shop(books, ("basic", [flat("30")]), ("pro", [flat("90")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-04-11", plan="pro")
    b.today("2026-06-01")
    assert b.bill("2026-06-01") == (2, 2)
    assert b.spans("INV-000001") == [
        ("Base", "2026-04-01", "2026-04-11", "10"),
        ("Base", "2026-04-11", "2026-05-01", "60"),
    ]
    assert totals(b) == ["70", "90"]


def test_an_upgrade_of_a_fee_in_advance_is_made_up_on_the_next_invoice(books: OpenBooks) -> None:
    """30 for April was billed on the 1st. Upgraded to 90 on the 11th: −30 × 20/30 and +90 × 20/30, and 90 for May."""
    b = shop(books, ("basic", [flat("30", "advance")]), ("pro", [flat("90", "advance")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.today("2026-04-11")
    b.bill("2026-04-11")
    b.change(subscription, "now", plan="pro")
    assert b.bill("2026-04-30") == (0, 0)
    b.today("2026-05-01")
    assert b.bill("2026-05-01") == (1, 1)
    assert b.spans("INV-000002") == [
        ("Base (unused time)", "2026-04-11", "2026-05-01", "-20"),
        ("Base (remaining time)", "2026-04-11", "2026-05-01", "60"),
        ("Base", "2026-05-01", "2026-06-01", "90"),
    ]
    assert totals(b) == ["30", "130"]


def test_without_proration_the_running_period_stays_as_it_was_billed(books: OpenBooks) -> None:
    """The same upgrade without proration: nothing more for April, 90 from May on. Calls cost the new price at once."""
    b = shop(books, ("basic", [flat("30", "advance"), calls("2")]), ("pro", [flat("90", "advance"), calls("1")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.use("acme", "2026-04-10 23:59:59", 3)
    b.use("acme", "2026-04-11", 4)
    b.today("2026-04-11")
    b.bill("2026-04-11")
    b.change(subscription, "now", plan="pro", proration="none")
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.spans("INV-000002") == [
        ("Base", "2026-05-01", "2026-06-01", "90"),
        ("Calls", "2026-04-01", "2026-04-11", "6"),
        ("Calls", "2026-04-11", "2026-05-01", "4"),
    ]


def test_without_proration_a_fee_in_arrears_is_the_old_one_to_the_periods_end(books: OpenBooks) -> None:
    b = shop(books, ("basic", [flat("30")]), ("pro", [flat("90")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-04-11", plan="pro", proration="none")
    b.today("2026-06-01")
    b.bill("2026-06-01")
    assert totals(b) == ["30", "90"]


def test_a_downgrade_can_make_an_invoice_a_credit(books: OpenBooks) -> None:
    """900 for April, downgraded to 9 on the 4th: −900 × 27/30 + 9 × 27/30 + 9 = −810 + 8.10 + 9 = −792.90."""
    b = shop(books, ("big", [flat("900", "advance")]), ("small", [flat("9", "advance")]))
    subscription = b.subscribe("acme", "big", "2026-04-01")
    b.today("2026-04-04")
    b.bill("2026-04-04")
    b.change(subscription, "now", plan="small")
    b.bill("2026-05-01")
    assert totals(b) == ["900", "0"]  # and 792.90 is carried over to the next invoice


def test_an_upgrade_in_the_last_microsecond_bills_a_microsecond(books: OpenBooks) -> None:
    """A share of 1 µs in 30 days is 0.000000000000386 → 0.000000000000 at 12 places: nothing to pay, nothing lost."""
    b = shop(books, ("basic", [flat("30", "advance")]), ("pro", [flat("90", "advance")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.bill("2026-04-01")
    b.today("2026-04-30 23:59:59.999999")
    b.change(subscription, "now", plan="pro")
    b.bill("2026-05-01")
    assert totals(b) == ["30", "90"]
    assert [amount for *_, amount in b.spans("INV-000002")] == ["0", "0", "90"]


def test_an_upgrade_in_the_last_second_of_a_february_in_a_leap_year(books: OpenBooks) -> None:
    """1 s of 29 days (2,505,600 s): 2,505,600 × 1/2,505,600 = 1 more, 0 less, in arrears: the rest of 10 is 10.00."""
    b = shop(books, ("basic", [flat("10")]), ("pro", [flat("2505600")]))
    subscription = b.subscribe("acme", "basic", "2028-02-01")
    b.change(subscription, "2028-02-29 23:59:59", plan="pro")
    b.today("2028-03-01")
    b.bill("2028-03-01")
    assert b.spans("INV-000001") == [
        ("Base", "2028-02-01", "2028-02-29 23:59", "10"),
        ("Base", "2028-02-29 23:59", "2028-03-01", "1"),
    ]


def test_a_change_on_a_boundary_before_that_is_invoiced(books: OpenBooks) -> None:
    """Nothing is split: April at 30, May at 90."""
    b = shop(books, ("basic", [flat("30", "advance")]), ("pro", [flat("90", "advance")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.bill("2026-04-01")
    b.change(subscription, "2026-05-01", plan="pro")
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.spans("INV-000002") == [("Base", "2026-05-01", "2026-06-01", "90")]


def test_a_change_on_a_boundary_after_that_was_invoiced(books: OpenBooks) -> None:
    """May was billed at 30 in advance. Changed back to its very start: −30 + 90 on 1 June, with 90 for June."""
    b = shop(books, ("basic", [flat("30", "advance")]), ("pro", [flat("90", "advance")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.today("2026-05-03")
    b.bill("2026-05-03")
    b.change(subscription, "2026-05-01", plan="pro")
    b.today("2026-06-01")
    b.bill("2026-06-01")
    assert totals(b) == ["30", "30", "150"]


@pytest.mark.parametrize(("proration", "june"), [("prorate", "60"), ("none", "90")])
def test_a_change_on_a_billed_boundary_of_a_fee_in_arrears(books: OpenBooks, proration: str, june: str) -> None:
    """May is not billed yet, so it is 90 either way. Half of June at 90 and half at 30 is 60; without proration, 90."""
    b = shop(books, ("basic", [flat("30")]), ("pro", [flat("90")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.today("2026-05-03")
    b.bill("2026-05-03")
    b.change(subscription, "2026-05-01", plan="pro", proration=proration)
    b.change(subscription, "2026-06-16", plan="basic", proration=proration)
    b.bill("2026-08-01")
    assert totals(b) == ["30", "90", june, "30"]


def test_three_changes_in_one_period_are_each_billed_for_their_time(books: OpenBooks) -> None:
    """April in arrears: 5 days at 30, 10 at 60, 10 at 90, 5 at 30: 5 + 20 + 30 + 5 = 60."""
    b = shop(books, ("a", [flat("30")]), ("b", [flat("60")]), ("c", [flat("90")]))
    subscription = b.subscribe("acme", "a", "2026-04-01")
    for day, plan in (("06", "b"), ("16", "c"), ("26", "a")):
        b.change(subscription, f"2026-04-{day}", plan=plan)
    b.bill("2026-05-01")
    assert [amount for *_, amount in b.spans("INV-000001")] == ["5", "20", "30", "5"]


def test_three_changes_in_one_period_of_a_fee_in_advance(books: OpenBooks) -> None:
    """30 billed; unused from 6 to 26 April: −20; 60 × 10/30 and 90 × 10/30; the last five days are as billed."""
    b = shop(books, ("a", [flat("30", "advance")]), ("b", [flat("60", "advance")]), ("c", [flat("90", "advance")]))
    subscription = b.subscribe("acme", "a", "2026-04-01")
    b.bill("2026-04-01")
    for day, plan in (("06", "b"), ("16", "c"), ("26", "a")):
        b.change(subscription, f"2026-04-{day}", plan=plan)
    b.bill("2026-05-01")
    assert b.spans("INV-000002") == [
        ("Base (unused time)", "2026-04-06", "2026-04-26", "-20"),
        ("Base (remaining time)", "2026-04-06", "2026-04-16", "20"),
        ("Base (remaining time)", "2026-04-16", "2026-04-26", "30"),
        ("Base", "2026-05-01", "2026-06-01", "30"),
    ]


def test_tiers_run_on_over_a_change_that_does_not_touch_their_price(books: OpenBooks) -> None:
    """1,500 calls, 1,000 at 0.10 and 500 at 0.05 = 125, on one line; only the fee is split: 15 + 45."""
    tiers = tiered((1000, "0.10"), (None, "0.05"))
    b = shop(books, ("basic", [flat("30"), tiers]), ("pro", [flat("90"), tiers]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-04-16", plan="pro")
    b.use("acme", "2026-04-10", 800)
    b.use("acme", "2026-04-20", 700)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.lines("INV-000001") == [("base", "0.5", "15"), ("base", "0.5", "45"), ("calls", "1500", "125")]


def test_a_price_that_changes_bills_each_call_once_at_the_price_of_its_time(books: OpenBooks) -> None:
    b = shop(books, ("old", [calls("0.10")]), ("new", [calls("0.07")]))
    subscription = b.subscribe("acme", "old", "2026-04-01")
    b.change(subscription, "2026-04-16 12:00", plan="new")
    b.use("acme", "2026-04-16 11:59:59", 100)
    b.use("acme", "2026-04-16 12:00:00", 1000)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.lines("INV-000001") == [("calls", "100", "10"), ("calls", "1000", "70")]


def test_an_override_is_a_price_of_one_customer(books: OpenBooks) -> None:
    """0.10 a call, 0.08 for acme from 16 April on; the plan's 30 stays."""
    b = shop(books, ("basic", [flat("30"), calls("0.10")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-04-16", overrides={"calls": {"unit_amount": "0.08"}})
    b.use("acme", "2026-04-15", 100)
    b.use("acme", "2026-04-16", 100)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.lines("INV-000001") == [("base", "1", "30"), ("calls", "100", "10"), ("calls", "100", "8")]
    with pytest.raises(InvalidRequest, match=r"overrides\.calls\.unit_amount"):
        b.change(subscription, "now", overrides={"calls": {"unit_amount": "-1"}})
    with pytest.raises(InvalidRequest, match=r"overrides\.storage"):
        b.change(subscription, "now", overrides={"storage": {"unit_amount": "1"}})


# Intervals


def test_from_months_to_a_year_in_the_middle_of_a_month(books: OpenBooks) -> None:
    """On 16 April: −30 × 15/30 for April, and 300 for the year that begins: 285."""
    b = shop(books, ("monthly", [flat("30", "advance")]))
    b.plan("yearly", flat("300", "advance"), interval="year")
    subscription = b.subscribe("acme", "monthly", "2026-04-01")
    b.bill("2026-04-01")
    b.today("2026-04-16")
    b.change(subscription, "now", plan="yearly")
    assert b.bill("2026-04-16") == (1, 1)
    assert b.spans("INV-000002") == [
        ("Base (unused time)", "2026-04-16", "2026-05-01", "-15"),
        ("Base", "2026-04-16", "2027-04-16", "300"),
    ]
    assert b.bill("2027-04-15") == (0, 0)
    assert b.bill("2027-04-16") == (1, 1)


def test_from_months_to_a_year_at_a_boundary_that_is_invoiced_settles_it_once_more(books: OpenBooks) -> None:
    """May was billed on 1 May; moved to a year from 1 May on: −30 + 300, on an invoice of its own, at once."""
    b = shop(books, ("monthly", [flat("30", "advance")]))
    b.plan("yearly", flat("300", "advance"), interval="year")
    subscription = b.subscribe("acme", "monthly", "2026-04-01")
    b.today("2026-05-02")
    b.bill("2026-05-02")
    b.change(subscription, "2026-05-01", plan="yearly")
    b.bill("2026-05-02")
    assert b.invoices()[2] == ("INV-000003", "2026-05-01", "2026-05-01", "270")
    with pytest.raises(Conflict, match="billed already"):
        b.change(subscription, "2026-05-01", plan="monthly")
    assert b.bill("2027-05-01") == (1, 1)


def test_from_a_year_to_months_at_the_years_end(books: OpenBooks) -> None:
    b = shop(books, ("monthly", [flat("30", "advance")]))
    b.plan("yearly", flat("300", "advance"), interval="year")
    subscription = b.subscribe("acme", "yearly", "2026-04-01")
    b.bill("2026-04-01")
    b.today("2026-09-09")
    b.change(subscription, "period_end", plan="monthly")
    assert b.phases(subscription)[1] == ("2027-04-01", "paid", "monthly", 1)
    b.bill("2027-06-01")
    assert totals(b) == ["300", "30", "30", "30"]


def test_an_anchor_on_the_31st_survives_changes(books: OpenBooks) -> None:
    """Anchored on 31 January. In the period of 28 February to 31 March (31 days), 10 days at 31 and 21 at 62."""
    b = shop(books, ("a", [flat("31")]), ("b", [flat("62")]))
    subscription = b.subscribe("acme", "a", "2026-01-31")
    b.change(subscription, "2026-03-10", plan="b")
    b.bill("2026-04-30")
    assert b.invoices() == [
        ("INV-000001", "2026-01-31", "2026-02-28", "31"),
        ("INV-000002", "2026-02-28", "2026-03-31", "52"),
        ("INV-000003", "2026-03-31", "2026-04-30", "62"),
    ]


# Seats and add-ons


def test_seats_that_come_and_go_are_prorated(books: OpenBooks) -> None:
    """30 a seat in arrears. 5 seats, from 11 April 8, from 21 April 2: (5 + 8 + 2) × 10 days: 50 + 80 + 20 = 150."""
    b = shop(books, ("team", [seats("30")]))
    subscription = b.subscribe("acme", "team", "2026-04-01", seats=5)
    b.change(subscription, "2026-04-11", seats=8)
    b.change(subscription, "2026-04-21", seats=2)
    b.bill("2026-05-01")
    assert b.lines("INV-000001") == [
        ("seats", "1.666666666667", "50"),
        ("seats", "2.666666666667", "80"),
        ("seats", "0.666666666667", "20"),
    ]


def test_seats_in_advance_are_made_up_on_the_next_invoice(books: OpenBooks) -> None:
    """5 seats at 30 billed; 8 from 16 April: −5 × 30/2 + 8 × 30/2 = −75 + 120, and 240 for May: 285."""
    b = shop(books, ("team", [seats("30", "advance")]))
    subscription = b.subscribe("acme", "team", "2026-04-01", seats=5)
    b.bill("2026-04-01")
    b.change(subscription, "2026-04-16", seats=8)
    b.bill("2026-05-01")
    assert b.lines("INV-000002") == [("seats", "-2.5", "-75"), ("seats", "4", "120"), ("seats", "8", "240")]
    assert totals(b) == ["150", "285"]


def test_seats_and_fee_are_told_apart(books: OpenBooks) -> None:
    """A change of seats leaves the plan's fee on one line."""
    b = shop(books, ("team", [flat("100"), seats("10")]))
    subscription = b.subscribe("acme", "team", "2026-04-01", seats=2)
    b.change(subscription, "2026-04-16", seats=4)
    b.bill("2026-05-01")
    assert b.lines("INV-000001") == [("base", "1", "100"), ("seats", "1", "10"), ("seats", "2", "20")]


def test_add_ons_are_billed_beside_the_plan(books: OpenBooks) -> None:
    """Support at 40 twice, with calls at 0.01 of its own, from 16 April: 30 + 2 × 40 × 15/30 + 100 × 0.01 = 71."""
    b = shop(books, ("basic", [flat("30")]), ("support", [flat("40", key="fee"), calls("0.01")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-04-16", add_ons={"support": 2})
    b.use("acme", "2026-04-15", 100)
    b.use("acme", "2026-04-16", 100)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.lines("INV-000001") == [("base", "1", "30"), ("support/fee", "1", "40"), ("support/calls", "100", "1")]
    b.plan("yearly", flat("1"), interval="year")
    with pytest.raises(InvalidRequest, match="add_ons"):
        b.change(subscription, "now", add_ons={"yearly": 1})


# Trials


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata"])
def test_a_trial_lasts_its_days_on_the_customers_calendar(books: OpenBooks, zone: str) -> None:
    """14 days from 1 March 10:00 end on 15 March 10:00, whether the clocks change or not. Usage in it is free."""
    b = shop(books, ("pro", [flat("30", "advance"), calls("1")]), zone=zone)
    subscription = b.subscribe("acme", "pro", "2026-03-01 10:00", trial_days=14)
    b.use("acme", "2026-03-15 09:59:59", 5)
    b.use("acme", "2026-03-15 10:00", 7)
    b.today("2026-04-15 10:00")
    assert b.phases(subscription) == [
        ("2026-03-01 10:00", "trial", "pro", 1),
        ("2026-03-15 10:00", "paid", "pro", 1),
    ]
    b.bill("2026-04-15 10:00")
    assert b.invoices() == [
        ("INV-000001", "2026-03-01 10:00", "2026-03-15 10:00", "30"),
        ("INV-000002", "2026-03-15 10:00", "2026-04-15 10:00", "37"),
    ]


def test_a_trial_on_a_calendar_anchor_bills_the_rest_of_the_month(books: OpenBooks) -> None:
    """From 1 April, trial to the 16th: 15 of 30 days in advance, then whole months."""
    b = shop(books, ("pro", [flat("30", "advance")]))
    b.subscribe("acme", "pro", "2026-04-01", trial_end="2026-04-16", anchor="calendar")
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert [(start, total) for _, _, start, total in b.invoices()] == [("2026-04-16", "15"), ("2026-05-01", "30")]


def test_a_change_in_the_trial_holds_after_it(books: OpenBooks) -> None:
    b = shop(books, ("basic", [flat("30")]), ("pro", [flat("90")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01", trial_days=30)
    b.change(subscription, "2026-04-10", plan="pro", seats=3)
    assert b.phases(subscription)[1:] == [("2026-04-10", "trial", "pro", 3), ("2026-05-01", "paid", "pro", 3)]
    b.bill("2026-06-01")
    assert totals(b) == ["90"]


def test_a_trial_that_is_canceled_costs_nothing(books: OpenBooks) -> None:
    b = shop(books, ("pro", [flat("30", "advance"), calls("1")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01", trial_days=14)
    b.use("acme", "2026-04-03", 50)
    b.today("2026-04-10")
    b.cancel(subscription, "period_end")
    assert b.bill("2026-12-01") == (0, 0)


# Pauses


def test_a_pause_inside_a_period_takes_its_days_off(books: OpenBooks) -> None:
    """Paused from 11 to 21 April: 20 of 30 days of 30, in two parts; 3 + 5 calls, the 100 in the pause are free."""
    b = shop(books, ("pro", [flat("30"), calls("1")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.pause(subscription, "2026-04-11", "2026-04-21")
    for day, quantity in (("10 23:59:59", 3), ("11", 40), ("20 23:59:59", 60), ("21", 5)):
        b.use("acme", f"2026-04-{day}", quantity)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert b.spans("INV-000001") == [
        ("Base", "2026-04-01", "2026-04-11", "10"),
        ("Base", "2026-04-21", "2026-05-01", "10"),
        ("Calls", "2026-04-01", "2026-04-11", "3"),
        ("Calls", "2026-04-21", "2026-05-01", "5"),
    ]


def test_a_pause_over_boundaries_keeps_the_calendar(books: OpenBooks) -> None:
    """30 in advance for April; paused 16 April to 11 June: −15; no invoice on 1 June; June is billed from the 11th on
    1 July (30 × 20/30 = 20), with 30 for July."""
    b = shop(books, ("pro", [flat("30", "advance")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.bill("2026-04-01")
    b.today("2026-04-16")
    b.pause(subscription)
    b.bill("2026-06-01")
    b.today("2026-06-11")
    b.resume(subscription)
    b.bill("2026-07-01")
    assert b.invoices() == [
        ("INV-000001", "2026-04-01", "2026-04-01", "30"),
        ("INV-000002", "2026-04-01", "2026-05-01", "0"),  # and 15 is carried over
        ("INV-000003", "2026-06-01", "2026-07-01", "35"),  # 50 less what was carried over
    ]


def test_a_pause_without_proration_begins_with_the_next_fee(books: OpenBooks) -> None:
    """Paused 16 April to 16 May without proration: April is owed whole, and so nothing of May."""
    b = shop(books, ("pro", [flat("30")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.pause(subscription, "2026-04-16", "2026-05-16", proration="none")
    b.bill("2026-07-01")
    assert totals(b) == ["30", "30"]
    assert b.invoices()[1][1:3] == ("2026-06-01", "2026-07-01")


def test_canceled_in_a_pause(books: OpenBooks) -> None:
    """April to the 11th is owed: 10. The end lies in the pause and costs nothing more."""
    b = shop(books, ("pro", [flat("30")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.pause(subscription, "2026-04-11")
    b.today("2026-05-20")
    b.cancel(subscription, "now")
    assert b.bill("2026-12-01") == (1, 1)
    assert totals(b) == ["10"]


def test_a_change_in_a_pause_holds_when_it_is_over(books: OpenBooks) -> None:
    b = shop(books, ("team", [seats("10")]))
    subscription = b.subscribe("acme", "team", "2026-04-01", seats=2)
    b.pause(subscription, "2026-04-16", "2026-05-01")
    b.change(subscription, "2026-04-20", seats=4)
    b.bill("2026-06-01")
    assert totals(b) == ["10", "40"]
    with pytest.raises(Conflict, match="not paused"):
        b.resume(subscription, "2026-06-02")


# Ends


def test_canceled_now_gives_the_unused_fee_back(books: OpenBooks) -> None:
    """30 for April billed; ended on the 21st: −10."""
    b = shop(books, ("pro", [flat("30", "advance"), calls("1")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.bill("2026-04-01")
    b.use("acme", "2026-04-20", 4)
    b.use("acme", "2026-04-21", 99)
    b.today("2026-04-21")
    b.cancel(subscription, "now")
    b.bill("2026-04-21")
    assert totals(b) == ["30", "0"]  # and 6 is carried over
    assert b.bill("2027-01-01") == (0, 0)


@pytest.mark.parametrize("billing", ["advance", "arrears"])
def test_canceled_without_proration_owes_the_period_whole(books: OpenBooks, billing: str) -> None:
    b = shop(books, ("pro", [flat("30", billing)]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.bill("2026-04-01")
    b.today("2026-04-21")
    b.cancel(subscription, "now", proration="none")
    b.bill("2026-06-01")
    assert totals(b) == ["30"]


def test_canceled_to_the_day_of_a_renewal_that_is_invoiced(books: OpenBooks) -> None:
    """May was billed on the 1st; the customer cancels from that day: the 30 come back, on an invoice at once."""
    b = shop(books, ("pro", [flat("30", "advance")]))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.today("2026-05-02")
    b.bill("2026-05-02")
    b.cancel(subscription, "2026-05-01")
    b.bill("2026-05-02")
    assert b.invoices()[2] == ("INV-000003", "2026-05-01", "2026-05-01", "0")  # and 30 is carried over
    assert b.bill("2027-01-01") == (0, 0)


def test_what_is_billed_can_not_be_changed(books: OpenBooks) -> None:
    b = shop(books, ("team", [seats("10")]))
    subscription = b.subscribe("acme", "team", "2026-04-01")
    b.today("2026-05-02")
    b.bill("2026-05-02")
    for edit in (b.pause, b.cancel):
        with pytest.raises(Conflict, match="billed to 2026-05-01"):
            edit(subscription, "2026-04-30 23:59:59")
    with pytest.raises(Conflict, match="billed to 2026-05-01"):
        b.change(subscription, "2026-04-30", seats=2)
    with pytest.raises(Conflict, match="nothing to change"):
        b.change(subscription, "now", seats=1)


# Ramps and scheduled changes


def test_a_ramp_of_seats_from_the_31st(books: OpenBooks) -> None:
    """10 a seat: one month of 1, two of 5, then 10. The steps fall on the boundaries 28 February and 30 April."""
    b = shop(books, ("team", [seats("10")]))
    ramp = ({"seats": 1, "months": 1}, {"seats": 5, "months": 2}, {"seats": 10})
    subscription = b.subscribe("acme", "team", "2026-01-31", phases=ramp)
    assert [(start, n) for start, _, _, n in b.phases(subscription)] == [
        ("2026-01-31", 1), ("2026-02-28", 5), ("2026-04-30", 10),
    ]  # fmt: skip
    b.bill("2026-05-31")
    assert totals(b) == ["10", "50", "50", "100"]


def test_an_upgrade_now_leaves_a_scheduled_change_of_seats_one_of_seats(books: OpenBooks) -> None:
    """5 seats from 1 June are scheduled; the upgrade of 1 May to 20 a seat holds then too: 10, 20, 100."""
    b = shop(books, ("basic", [seats("10")]), ("pro", [seats("20")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-06-01", seats=5)
    b.change(subscription, "2026-05-01", plan="pro")
    assert b.phases(subscription) == [
        ("2026-04-01", "paid", "basic", 1), ("2026-05-01", "paid", "pro", 1), ("2026-06-01", "paid", "pro", 5),
    ]  # fmt: skip
    b.bill("2026-07-01")
    assert totals(b) == ["10", "20", "100"]


def test_a_scheduled_change_can_be_dropped(books: OpenBooks) -> None:
    b = shop(books, ("basic", [flat("10")]), ("pro", [flat("20")]))
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-05-01", plan="pro")
    b.change(subscription, "2026-06-01", seats=2)
    b.unschedule(subscription, "2026-05-01")
    assert b.phases(subscription) == [("2026-04-01", "paid", "basic", 1), ("2026-06-01", "paid", "basic", 2)]
    b.bill("2026-07-01")
    assert totals(b) == ["10", "10", "10"]


def test_a_contract_bought_in_the_past_with_a_change_in_the_past(books: OpenBooks) -> None:
    """Made on 1 June for 1 April, upgraded as of 1 May, all before its first run."""
    b = shop(books, ("basic", [flat("10")]), ("pro", [flat("20")]))
    b.today("2026-06-01")
    subscription = b.subscribe("acme", "basic", "2026-04-01")
    b.change(subscription, "2026-05-01", plan="pro")
    assert b.bill("2026-06-01") == (2, 2)
    assert totals(b) == ["10", "20"]


# Clocks


@pytest.mark.parametrize(
    ("zone", "day", "hours_before", "hours"),
    [
        ("America/New_York", "2026-03-08 12:00", 179, 743),  # 8 March has 23 hours
        ("America/New_York", "2026-11-01 12:00", 13, 721),  # 1 November has 25
        ("Europe/Berlin", "2026-03-29 12:00", 683, 743),
        ("Australia/Lord_Howe", "2026-04-05 12:00", 108.5, 720.5),  # half an hour back
    ],
)
def test_a_change_on_a_day_of_changing_clocks_counts_real_hours(
    books: OpenBooks, zone: str, day: str, hours_before: float, hours: float
) -> None:
    """A fee of as many dollars as the month has hours: each part costs its hours."""
    b = shop(books, ("a", [flat(str(hours))]), ("b", [flat(str(2 * hours))]), zone=zone)
    subscription = b.subscribe("acme", "a", f"{day[:7]}-01")
    b.change(subscription, day, plan="b")
    month = int(day[5:7])
    b.bill(f"2026-{month + 1:02}-01")
    amounts = [float(amount) for *_, amount in b.spans("INV-000001")]
    assert amounts == [hours_before, 2 * (hours - hours_before)]


@pytest.mark.parametrize(
    ("zone", "utc"), [("Pacific/Kiritimati", "2026-04-15 10:00"), ("Pacific/Pago_Pago", "2026-04-16 11:00")]
)
def test_a_change_at_midnight_is_at_the_customers_midnight(books: OpenBooks, zone: str, utc: str) -> None:
    b = shop(books, ("a", [calls("1")]), ("b", [calls("10")]), zone=zone)
    subscription = b.subscribe("acme", "a", "2026-04-01")
    b.change(subscription, "2026-04-16", plan="b")
    b.use("acme", "2026-04-15 23:59:59", 1)
    b.use("acme", "2026-04-16", 1)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert totals(b) == ["11"]
    assert Books(b.engines, b.organisation_id, "UTC").spans("INV-000001")[1][1] == utc


def test_yen_have_no_cents_in_a_part_of_a_month_either(books: OpenBooks) -> None:
    """1000 yen to 16 February and 2000 from then: 15/28 and 13/28: 535.71 → 536 and 928.57 → 929."""
    b = shop(books, ("a", [flat("1000")]), ("b", [flat("2000")]), currency="JPY")
    subscription = b.subscribe("acme", "a", "2026-02-01")
    b.change(subscription, "2026-02-16", plan="b")
    b.bill("2026-03-01")
    assert [amount for *_, amount in b.spans("INV-000001")] == ["536", "929"]


def test_an_estimate_knows_the_changes_of_its_period(books: OpenBooks) -> None:
    """April: 30 to the 16th, then 90: 15 + 45. On the 11th 20 calls at 1; projected 30 to the 16th and 30 × 2 after."""
    b = shop(books, ("a", [flat("30"), calls("1")]), ("b", [flat("90"), calls("2")]))
    subscription = b.subscribe("acme", "a", "2026-04-01")
    b.change(subscription, "2026-04-16", plan="b")
    b.use("acme", "2026-04-05", 20)
    b.today("2026-04-11")
    assert b.estimate(subscription) == ("80", "150")
