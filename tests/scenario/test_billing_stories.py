"""Dated stories of a subscription's life, with the figures worked by hand beside them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.scenario.conftest import Books

OpenBooks = Callable[..., Books]


def per_unit(amount: str, meter: str = "calls", **more: Any) -> dict[str, Any]:
    return {"key": "usage", "name": "Calls", "meter": meter, "model": "per_unit", "unit_amount": amount, **more}


def flat(amount: str, billing: str = "arrears") -> dict[str, Any]:
    return {"key": "base", "name": "Base fee", "model": "flat", "amount": amount, "billing": billing}


def test_the_page_of_the_product(books: OpenBooks) -> None:
    """April 2026 at $0.002 a call, $0.10 a GB stored, $0.05 a GB sent: 100 + 25 + 5 = 130."""
    b = books()
    for key in ("calls", "storage", "bandwidth"):
        b.meter(key, "sum", "quantity", event=key)
    b.plan("api", *(
        {"key": key, "meter": key, "model": "per_unit", "unit_amount": amount}
        for key, amount in (("calls", "0.002"), ("storage", "0.10"), ("bandwidth", "0.05"))
    ))  # fmt: skip
    b.customer("acme")
    b.subscribe("acme", "api", "2026-04-01")
    b.today("2026-04-30")
    b.use("acme", "2026-04-17", 50_000, event="calls")
    b.use("acme", "2026-04-17", 250, event="storage")
    b.use("acme", "2026-04-17", 100, event="bandwidth")
    assert b.bill("2026-04-30 23:59") == (0, 0)
    assert b.bill("2026-05-01") == (1, 1)
    assert b.invoices() == [("INV-000001", "2026-04-01", "2026-05-01", "130")]
    assert b.lines("INV-000001") == [("calls", "50000", "100"), ("storage", "250", "25"), ("bandwidth", "100", "5")]


def test_every_model_on_one_invoice(books: OpenBooks) -> None:
    """2,500 calls: graduated 1000 × 0.01 + 1000 × 0.008 + 500 × 0.005 = 20.50, volume 2500 × 0.006 = 15,
    package 3 × 9.99 = 29.97, per unit beyond 500 included 2000 × 0.001 = 2, at least 40 → 40; base 99.
    """
    b = books()
    b.meter("calls", "count")
    tiers = [
        {"up_to": 1000, "unit_amount": "0.01"},
        {"up_to": 2000, "unit_amount": "0.008"},
        {"up_to": None, "unit_amount": "0.005"},
    ]
    volume = [{"up_to": 2000, "unit_amount": "0.009"}, {"up_to": None, "unit_amount": "0.006"}]
    b.plan(
        "all",
        flat("99"),
        {"key": "graduated", "meter": "calls", "model": "graduated", "tiers": tiers},
        {"key": "volume", "meter": "calls", "model": "volume", "tiers": volume},
        {"key": "package", "meter": "calls", "model": "package", "package_size": 1000, "amount": "9.99"},
        {"key": "unit", "meter": "calls", "model": "per_unit", "unit_amount": "0.001", "included_quantity": 500},
        {"key": "minimum", "meter": "calls", "model": "per_unit", "unit_amount": "0.001", "minimum_amount": "40"},
    )
    b.customer("acme")
    b.subscribe("acme", "all", "2026-01-01")
    b.today("2026-01-20")
    for hour in range(25):
        for minute in range(0, 60, 12):
            for second in range(0, 40, 2):
                b.use("acme", f"2026-01-1{hour // 24} {hour % 24:02}:{minute:02}:{second:02}")
    b.bill("2026-02-01")
    assert b.lines("INV-000001") == [
        ("base", "1", "99"),
        ("graduated", "2500", "20.50"),
        ("volume", "2500", "15"),
        ("package", "2500", "29.97"),
        ("unit", "2500", "2"),
        ("minimum", "2500", "40"),
    ]
    assert b.invoices()[0][3] == "206.47"


def test_an_anchor_on_the_31st_returns_to_the_31st(books: OpenBooks) -> None:
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", per_unit("1"))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-31")
    b.today("2026-06-01")
    # The last second of each period and the first of the next.
    for day, quantity in (("2026-02-27 23:59:59", 1), ("2026-02-28", 2), ("2026-03-30 23:59:59", 4), ("2026-03-31", 8)):
        b.use("acme", day, quantity)
    assert b.bill("2026-06-01") == (4, 4)
    assert b.invoices() == [
        ("INV-000001", "2026-01-31", "2026-02-28", "1"),
        ("INV-000002", "2026-02-28", "2026-03-31", "6"),
        ("INV-000003", "2026-03-31", "2026-04-30", "8"),
        ("INV-000004", "2026-04-30", "2026-05-31", "0"),
    ]


@pytest.mark.parametrize(
    ("zone", "utc_start", "utc_end"),
    [
        ("America/Los_Angeles", "2026-03-01 08:00", "2026-04-01 07:00"),  # clocks go forward on 8 March
        ("Europe/Berlin", "2026-02-28 23:00", "2026-03-31 22:00"),  # and on 29 March
        ("Asia/Kolkata", "2026-02-28 18:30", "2026-03-31 18:30"),
        ("Pacific/Kiritimati", "2026-02-28 10:00", "2026-03-31 10:00"),
    ],
)
def test_a_month_is_the_customers_month(books: OpenBooks, zone: str, utc_start: str, utc_end: str) -> None:
    """An event in the last second before local midnight belongs to the old month, one at midnight to the new."""
    b = books(zone)
    b.meter("calls", "sum", "quantity")
    b.plan("p", per_unit("1"))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-03-01")
    b.today("2026-05-01")
    edges = ("2026-02-28 23:59:59", "2026-03-01", "2026-03-31 23:59:59", "2026-04-01")
    for when, quantity in zip(edges, (1, 10, 100, 1000), strict=True):
        b.use("acme", when, quantity)
    b.bill("2026-05-01")
    assert b.invoices() == [
        ("INV-000001", "2026-03-01", "2026-04-01", "110"),
        ("INV-000002", "2026-04-01", "2026-05-01", "1000"),
    ]
    march = Books(b.engines, b.organisation_id, "UTC").invoices()[0]
    assert march[1:3] == (utc_start, utc_end)


def test_a_fee_in_advance_is_billed_at_the_start_and_then_with_the_usage_before_it(books: OpenBooks) -> None:
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", flat("30", "advance"), per_unit("0.5"))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-02-15")
    b.use("acme", "2026-01-10", 8)
    assert b.bill("2026-01-01") == (1, 1)
    assert b.bill("2026-02-15") == (1, 1)
    assert b.invoices() == [
        ("INV-000001", "2026-01-01", "2026-01-01", "30"),
        ("INV-000002", "2026-01-01", "2026-02-01", "34"),
    ]
    assert b.lines("INV-000002") == [("base", "1", "30"), ("usage", "8", "4")]


def test_calendar_billing_prorates_the_first_fee(books: OpenBooks) -> None:
    """From 15 April to 1 May: 16 of 30 days, 60 × 16/30 = 32."""
    b = books()
    b.plan("p", flat("60"))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-04-15", anchor="calendar")
    b.today("2026-06-01")
    b.bill("2026-06-01")
    assert b.invoices() == [
        ("INV-000001", "2026-04-15", "2026-05-01", "32"),
        ("INV-000002", "2026-05-01", "2026-06-01", "60"),
    ]


def test_a_cancelled_subscription_is_billed_to_its_end_and_no_further(books: OpenBooks) -> None:
    """30 a month; cancelled from 11 February: 10 of 28 days, 30 × 10/28 = 10.714… → 10.71, and 5 calls at 1."""
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", flat("30"), per_unit("1"))
    b.customer("acme")
    subscription = b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-02-05")
    b.use("acme", "2026-02-10 23:59:59", 5)
    b.use("acme", "2026-02-11", 7)
    b.cancel(subscription, "2026-02-11")
    b.today("2026-04-01")
    assert b.bill("2026-04-01") == (2, 2)
    assert b.invoices() == [
        ("INV-000001", "2026-01-01", "2026-02-01", "30"),
        ("INV-000002", "2026-02-01", "2026-02-11", "15.71"),
    ]
    assert b.bill("2027-01-01") == (0, 0)


def test_a_start_in_the_past_bills_the_periods_since(books: OpenBooks) -> None:
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", per_unit("2"), interval="week")
    b.customer("acme")
    b.today("2026-03-01")
    for day in range(1, 29):
        b.use("acme", f"2026-02-{day:02}", day)
    b.subscribe("acme", "p", "2026-02-02")
    assert b.bill("2026-03-01") == (3, 3)
    # 2–8 February: 35 calls; 9–15: 84; 16–22: 133. At 2 each.
    assert [total for *_, total in b.invoices()] == ["70", "168", "266"]


def test_an_event_that_came_before_its_customer_is_billed(books: OpenBooks) -> None:
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", per_unit("1"))
    b.today("2026-01-20")
    b.use("acme", "2026-01-05", 3)
    b.use("acme-legacy", "2026-01-06", 4)
    b.use("stranger", "2026-01-07", 50)
    b.customer("acme", "acme-legacy")
    b.subscribe("acme", "p", "2026-01-01")
    b.bill("2026-02-01")
    assert b.lines("INV-000001") == [("usage", "7", "7")]


def test_an_alias_given_after_billing_does_not_change_the_proof(books: OpenBooks) -> None:
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", per_unit("1"))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-02-10")
    b.use("acme", "2026-01-05", 3)
    b.use("other", "2026-01-05", 4)
    b.bill("2026-02-01")
    b.customer("late", "other")
    b.use("acme", "2026-01-30", 100)  # late, after the cut-off
    b.check()
    assert b.invoices()[0][3] == "3"


def test_lines_are_rounded_once_each_half_up(books: OpenBooks) -> None:
    """1 × 0.005 → 0.01 and 3 × 0.335 = 1.005 → 1.01; the total is the sum of the rounded lines, 1.02."""
    b = books()
    b.meter("a", "sum", "quantity", event="a")
    b.meter("b", "sum", "quantity", event="b")
    b.plan("p", per_unit("0.005", "a"), {**per_unit("0.335", "b"), "key": "second"})
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-01-20")
    b.use("acme", "2026-01-05", 1, event="a")
    b.use("acme", "2026-01-05", 3, event="b")
    b.bill("2026-02-01")
    assert b.lines("INV-000001") == [("usage", "1", "0.01"), ("second", "3", "1.01")]
    assert b.invoices()[0][3] == "1.02"


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "12"), ("USD", "12.35"), ("KWD", "12.346")])
def test_minor_units_follow_the_currency(books: OpenBooks, currency: str, amount: str) -> None:
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", per_unit("1.2345678"), currency=currency)
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-01-20")
    b.use("acme", "2026-01-05", 10)
    b.bill("2026-02-01")
    with b.engines.database.tenant(b.organisation_id) as session:
        from justpaid.invoicing import find_invoice

        assert format(find_invoice(session, "INV-000001").total.normalize(), "f") == amount


def test_drafts_take_no_number_until_they_are_finalised(books: OpenBooks) -> None:
    b = books()
    b.plan("p", flat("10"))
    for name in ("a", "b", "c"):
        b.customer(name)
        b.subscribe(name, "p", "2026-01-01")
    b.today("2026-02-02")
    assert b.bill("2026-02-01", finalize=False) == (3, 0)
    assert {number for number, *_ in b.invoices()} == {"draft"}
    assert b.bill("2026-02-01") == (0, 3)
    assert [number for number, *_ in b.invoices()] == ["INV-000001", "INV-000002", "INV-000003"]


def test_an_estimate_becomes_the_invoice(books: OpenBooks) -> None:
    """After 10 of 30 days 20 calls at 0.50 and 30 base: 40 so far, 30 + 60 × 0.50 = 60 projected."""
    b = books()
    b.meter("calls", "sum", "quantity")
    b.plan("p", flat("30"), per_unit("0.5"))
    b.customer("acme")
    subscription = b.subscribe("acme", "p", "2026-04-01")
    b.use("acme", "2026-04-03", 20)
    b.today("2026-04-11")
    assert b.estimate(subscription) == ("40", "60")
    b.bill("2026-05-01")
    assert b.invoices()[0][3] == "40"


def test_maximum_average_unique_and_latest_are_billed_as_metered(books: OpenBooks) -> None:
    b = books()
    for aggregation in ("max", "average", "unique", "latest", "min"):
        b.meter(aggregation, aggregation, "properties.n")
    b.plan("p", *({**per_unit("1", name), "key": name} for name in ("max", "average", "unique", "latest", "min")))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-01-31")
    for day, n in ((5, "4"), (9, "10"), (7, "10"), (20, "3")):
        b.use("acme", f"2026-01-{day:02}", n=float(n))
    b.bill("2026-02-01")
    assert b.lines("INV-000001") == [
        ("max", "10", "10"),
        ("average", "6.75", "6.75"),
        ("unique", "3", "3"),
        ("latest", "3", "3"),
        ("min", "3", "3"),
    ]


def test_a_level_is_billed_for_the_time_it_lasted_and_goes_on_into_the_next_period(books: OpenBooks) -> None:
    """Seats at 31.00 a month. From 5 January, 27 of 31 days: 10 seats, and 4 more for the last 9 days of them.

    January: (10 × 27 + 4 × 9) ÷ 31 = 9.870967741935 seats, so 306.00. February, without an event: 14 seats, 434.00.
    On 3 March, after 2 of 31 days at 14 seats, 7 leave: at 13 March 12:00, (14 × 2 + 7 × 10.5) ÷ 12.5 = 8.12 seats so
    far, and (14 × 2 + 7 × 29) ÷ 31 = 7.451612903226 if the 7 that are left stay.
    """
    b = books()
    b.meter("seats", "weighted_sum", "properties.seats")
    b.plan("team", per_unit("31", "seats"))
    b.customer("acme")
    subscription = b.subscribe("acme", "team", "2026-01-05", anchor="2026-01-01")
    b.today("2026-02-01")
    b.use("acme", "2026-01-05", seats=10)
    b.use("acme", "2026-01-23", seats=4)
    b.bill("2026-02-01")
    assert b.lines("INV-000001") == [("usage", "9.870967741935", "306")]
    b.today("2026-03-13 12:00")
    b.bill("2026-03-01")
    assert b.lines("INV-000002") == [("usage", "14", "434")]
    b.use("acme", "2026-03-03", seats=-7)
    assert b.estimate(subscription) == ("251.72", "231")


def test_a_changed_meter_leaves_old_invoices_provable_and_bills_new_ones_by_its_new_definition(
    books: OpenBooks,
) -> None:
    """January: 3 calls are billed. Then the meter is made to add up tokens: February is 500 tokens. Each step of
    `bill` verifies all invoices."""
    b = books()
    b.meter("calls", "count")
    b.plan("p", per_unit("0.5"))
    b.customer("acme")
    b.subscribe("acme", "p", "2026-01-01")
    b.today("2026-02-28")
    for day in (3, 4, 5):
        b.use("acme", f"2026-01-0{day}", tokens=1000)
    b.bill("2026-02-01")
    b.change_meter("calls", aggregation="sum", property="properties.tokens")
    b.use("acme", "2026-02-02", tokens=500)
    b.bill("2026-03-01")
    assert b.lines("INV-000001") == [("usage", "3", "1.50")]
    assert b.lines("INV-000002") == [("usage", "500", "250")]
