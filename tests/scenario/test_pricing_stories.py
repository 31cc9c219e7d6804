"""Dated stories of prices over time: leap days, pauses, commitments, hybrids, allowances, expiring credits.

Figures are worked by hand beside them. The months of 2026 have 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30 and 31 days.
"""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from justpaid import credits, customers, invoicing, taxes
from tests.scenario.conftest import Books, money

OpenBooks = Callable[..., Books]


def flat(amount: str, billing: str = "arrears") -> dict[str, Any]:
    return {"key": "base", "name": "Base", "model": "flat", "amount": amount, "billing": billing}


def calls(model: str = "per_unit", key: str = "calls", **fields: Any) -> dict[str, Any]:
    return {"key": key, "name": key.title(), "meter": "calls", "model": model, **fields}


def shop(books: OpenBooks, *prices: dict[str, Any], zone: str = "UTC", **terms: Any) -> Books:
    """Books with a meter that sums `calls`, the plan `pro` of these prices, and the customer acme."""
    b = books(zone)
    b.meter("calls", "sum", "quantity")
    b.plan("pro", *prices, **terms)
    b.customer("acme")
    return b


def totals(b: Books) -> list[str]:
    return [total for *_, total in b.invoices()]


# The calendar


def test_a_year_from_a_leap_day_ends_on_the_28th_and_returns_to_the_29th(books: OpenBooks) -> None:
    b = shop(books, flat("366"), interval="year")
    b.subscribe("acme", "pro", "2024-02-29")
    b.today("2028-03-01")
    b.bill("2028-03-01")
    assert b.invoices() == [
        ("INV-000001", "2024-02-29", "2025-02-28", "366"),
        ("INV-000002", "2025-02-28", "2026-02-28", "366"),
        ("INV-000003", "2026-02-28", "2027-02-28", "366"),
        ("INV-000004", "2027-02-28", "2028-02-29", "366"),
    ]


def test_a_leap_february_has_29_days_to_share(books: OpenBooks) -> None:
    """29 a month, from 20 February 2028 on the calendar: 10 of 29 days are 10. In 2027, 9 of 28: 29 × 9/28 = 9.32."""
    b = shop(books, flat("29"))
    for year, share in ((2028, "10"), (2027, "9.32")):
        customer = f"c{year}"
        b.customer(customer)
        b.subscribe(customer, "pro", f"{year}-02-20", anchor="calendar", end=f"{year}-03-01")
        b.today(f"{year}-03-01")
        b.bill(f"{year}-03-01")
        assert totals(b)[-1] == share


def test_a_pause_of_a_subscription_from_the_31st_returns_to_the_31st(books: OpenBooks) -> None:
    """31 a month in arrears from 31 January. Paused from 10 March to 15 May: of the period from 28 February to 31 March
    (31 days) 10 are owed: 10. None of April's. From 30 April to 31 May (31 days) the last 16: 16."""
    b = shop(books, flat("31"))
    subscription = b.subscribe("acme", "pro", "2026-01-31")
    b.today("2026-03-10")
    b.bill("2026-03-01")
    b.pause(subscription, until="2026-05-15")
    b.today("2026-07-01")
    b.bill("2026-06-30")
    assert [(end, total) for _, _, end, total in b.invoices() if total != "0"] == [
        ("2026-02-28", "31"),
        ("2026-03-31", "10"),
        ("2026-05-31", "16"),
        ("2026-06-30", "31"),
    ]


@pytest.mark.parametrize(
    ("zone", "start", "hours", "owed"),
    [
        ("Europe/Berlin", "2026-03-29", 71, "71"),  # 2 o'clock is left out: the last 3 days have 71 hours
        ("Europe/Berlin", "2026-10-25", 169, "169"),  # 2 o'clock comes twice: the last 7 days have 169
        ("America/New_York", "2026-11-01", 721, "721"),
        ("Asia/Kathmandu", "2026-03-29", 72, "72"),
    ],
)
def test_a_part_of_a_month_in_which_clocks_change_is_of_its_hours(
    books: OpenBooks, zone: str, start: str, hours: int, owed: str
) -> None:
    """A fee of a dollar for each hour of the month: a start at local midnight owes the hours that are left."""
    month_hours = {"2026-03": 743, "2026-10": 745, "2026-11": 721}[start[:7]] + (zone == "Asia/Kathmandu")
    b = shop(books, flat(str(month_hours)), zone=zone)
    b.subscribe("acme", "pro", start, anchor="calendar")
    end = f"2026-{int(start[5:7]) + 1:02}-01"
    b.today(end)
    b.bill(end)
    assert (b.invoices()[0][3], hours) == (owed, int(owed))


# Commitments


@pytest.mark.parametrize(
    ("fee", "used", "start", "true_up"),
    [
        ("30", 20, "2026-02-01", "50"),
        ("30", 90, "2026-02-01", None),
        ("10", 0, "2026-02-10", "61.07"),  # 19 of 28 days: 67.857… → 67.86, less the fee's 6.79
    ],
)
def test_the_commitments_of_the_guide(books: OpenBooks, fee: str, used: int, start: str, true_up: str | None) -> None:
    """At least 100 a month; calls at 1."""
    b = shop(books, flat(fee), calls(unit_amount="1"), minimum_commitment={"amount": "100"})
    b.subscribe("acme", "pro", start, anchor="calendar")
    if used:
        b.use("acme", "2026-02-20", used)
    b.today("2026-03-01")
    b.bill("2026-03-01")
    assert {key: amount for key, _, amount in b.lines("INV-000001")}.get("minimum_commitment") == true_up


def test_a_ramp_with_commitments_tops_up_each_step_to_its_own(books: OpenBooks) -> None:
    """A month at 50 at least, then 200. 30 calls at 1 in January: 20 more. 30 in February: 170 more."""
    b = shop(books, calls(unit_amount="1"), minimum_commitment={"amount": "50"})
    b.plan("scale", calls(unit_amount="1"), minimum_commitment={"amount": "200"})
    b.subscribe("acme", "pro", "2026-01-01", phases=({"months": 1}, {"plan": "scale"}))
    b.use("acme", "2026-01-10", 30)
    b.use("acme", "2026-02-10", 30)
    b.today("2026-03-01")
    b.bill("2026-03-01")
    assert [b.lines(number)[-1] for number in ("INV-000001", "INV-000002")] == [
        ("minimum_commitment", "1", "20"),
        ("minimum_commitment", "1", "170"),
    ]
    assert totals(b) == ["50", "200"]


# Hybrids


def test_packages_tiers_and_seats_on_one_plan(books: OpenBooks) -> None:
    """2,300 calls: 3 packages of 1,000 at 8 = 24; tiers 2,000 × 0.01 + 300 × 0.005 = 21.50. 4 seats at 12."""
    tiers = [{"up_to": "2000", "unit_amount": "0.01"}, {"up_to": None, "unit_amount": "0.005"}]
    seats = {"key": "seats", "name": "Seats", "model": "seats", "unit_amount": "12", "billing": "advance"}
    packages = calls("package", "packages", package_size="1000", amount="8")
    b = shop(books, packages, calls("graduated", "tiers", tiers=tiers), seats)
    b.subscribe("acme", "pro", "2026-01-01", seats=4)
    b.today("2026-02-01")
    b.use("acme", "2026-01-05", 1300)
    b.use("acme", "2026-01-31 23:59:59.999999", 1000)
    b.use("acme", "2026-02-01", 50000)
    b.bill("2026-02-01")
    assert b.lines("INV-000001") == [("seats", "4", "48")]
    assert b.lines("INV-000002") == [("packages", "2300", "24"), ("tiers", "2300", "21.50"), ("seats", "4", "48")]


@pytest.mark.parametrize(("used", "packages"), [(1000, "8"), ("1000.000001", "16"), (999, "8"), (1, "8"), (0, "0")])
def test_the_bound_of_a_package_is_in_it(books: OpenBooks, used: Any, packages: str) -> None:
    b = shop(books, calls("package", package_size="1000", amount="8"))
    b.subscribe("acme", "pro", "2026-01-01")
    b.use("acme", "2026-01-05", used)
    b.today("2026-02-01")
    b.bill("2026-02-01")
    assert totals(b) == [packages]


# Allowances


def test_free_payments_begin_anew_with_each_month_and_follow_time(books: OpenBooks) -> None:
    """1 % and 0.30 a payment, the first two of a month free.

    January: 100, 200, 300 by time → 300 pays 3.30. February: 50 → free. A payment of 1,000 on 2 January arrives while
    January is a draft: it is the first, so 200 and 300 pay: 2 + 0.30 + 3 + 0.30 = 5.60.
    """
    b = shop(books, calls("percentage", rate="0.01", fixed_amount="0.30", included_events=2))
    b.subscribe("acme", "pro", "2026-01-01")
    for day, value in ((20, 200), (25, 300), (10, 100)):
        b.use("acme", f"2026-01-{day}", value)
    b.use("acme", "2026-02-03", 50)
    b.today("2026-02-01")
    b.bill("2026-02-01", finalize=False)
    assert totals(b) == ["3.30"]
    b.use("acme", "2026-01-02", 1000)
    b.today("2026-03-01")
    b.bill("2026-03-01")
    assert totals(b)[-1] == "0"
    assert totals(b)[0] == "5.60"


def test_a_late_payment_leaves_an_issued_invoice_provable(books: OpenBooks) -> None:
    """250 of value free of 2 %: 200 free, 50 of 150 free, so 100 × 2 % + 1. A payment before them comes after issue."""
    b = shop(books, calls("percentage", rate="0.02", fixed_amount="1", included_quantity="250"))
    b.subscribe("acme", "pro", "2026-01-01")
    b.use("acme", "2026-01-10", 200)
    b.use("acme", "2026-01-11", 150)
    b.today("2026-02-01")
    b.bill("2026-02-01")
    assert totals(b) == ["3"]
    b.use("acme", "2026-01-02", 90)
    b.check()
    assert totals(b) == ["3"]


def test_the_estimate_of_free_payments_is_the_invoice_to_come(books: OpenBooks) -> None:
    """40 and 60 on the first day, one free: 60 × 10 % = 6."""
    b = shop(books, calls("percentage", rate="0.1", included_events=1))
    subscription = b.subscribe("acme", "pro", "2026-04-01")
    b.use("acme", "2026-04-01", 40)
    b.use("acme", "2026-04-01 00:01", 60)
    b.today("2026-05-01")
    b.bill("2026-05-01")
    assert totals(b) == ["6"]
    assert b.estimate(subscription)[0] == "0"


# Money


@pytest.mark.parametrize(
    ("currency", "fee", "tax", "total"),
    [
        ("JPY", "999", "99.9 → 100", "1099"),
        ("USD", "9.99", "0.999 → 1.00", "10.99"),
        ("KWD", "9.999", "0.9999 → 1.000", "10.999"),
    ],
)
def test_tax_of_a_tenth_in_currencies_of_no_two_and_three_places(
    books: OpenBooks, currency: str, fee: str, tax: str, total: str
) -> None:
    b = shop(books, flat(fee), currency=currency)
    with b.engines.database.tenant(b.organisation_id) as session:
        new = taxes.NewTaxRate(key="tenth", name="Tax", percent=Decimal(10), default=True)
        taxes.create_rate(session, b.organisation_id, new)
    b.subscribe("acme", "pro", "2026-01-01")
    b.today("2026-02-01")
    b.bill("2026-02-01")
    assert totals(b) == [total], tax


def test_a_price_that_contains_tax_stays_the_price_where_the_charge_is_reversed(books: OpenBooks) -> None:
    """119 with 19 % contained: 19 of it is tax. Reversed, 119 is the price and nothing of it is tax."""
    b = shop(books, flat("119"))
    with b.engines.database.tenant(b.organisation_id) as session:
        new = taxes.NewTaxRate(key="de", name="VAT", percent=Decimal(19), inclusive=True, default=True)
        taxes.create_rate(session, b.organisation_id, new)
        vat = [{"type": "eu_vat", "value": "ATU13585627"}]
        b.customer("vienna")
    with b.engines.database.tenant(b.organisation_id) as session:
        customers.update_customer(session, "vienna", {"tax_ids": vat, "tax_status": "reverse_charge"})
    for customer in ("acme", "vienna"):
        b.subscribe(customer, "pro", "2026-01-01")
    b.today("2026-02-01")
    b.bill("2026-02-01")
    with b.engines.database.tenant(b.organisation_id) as session:
        found = {i.customer["external_id"]: i for i in invoicing.list_invoices(session, limit=9)}
    assert {name: (money(i.total), money(i.tax_included)) for name, i in found.items()} == {
        "acme": ("119", "19"),
        "vienna": ("119", "0"),
    }


def test_credits_that_expire_are_drawn_while_they_last(books: OpenBooks) -> None:
    """40 promotional credits that expire on 15 February and 100 prepaid ones, fees of 30 in arrears.

    1 February: 30 of the 40. On 15 February the last 10 expire. 1 March: 30 prepaid, 70 are left.
    """
    b = shop(books, flat("30"))
    b.subscribe("acme", "pro", "2026-01-01")
    b.today("2026-01-01")
    with b.engines.database.tenant(b.organisation_id) as session:
        acme = customers.find_customer(session, "acme")
        expiring = credits.NewGrant(
            amount=Decimal(40), kind="promotional", currency="USD", expires_at=b.at("2026-02-15")
        )
        paid = credits.NewGrant(amount=Decimal(100), kind="prepaid", currency="USD")
        for grant in (expiring, paid):
            credits.grant_credits(session, acme, grant, b.engines.clock.now())
    for month, left in ((2, "110"), (3, "70")):
        b.today(f"2026-{month:02}-01")
        b.bill(f"2026-{month:02}-01")
        assert balance(b) == left
    assert totals(b) == ["0", "0"]


def test_a_void_gives_credits_back_unless_they_have_expired(books: OpenBooks) -> None:
    """30 drawn of 50; the invoice is void: 50 again. Void after they have expired: nothing is left to draw."""
    b = shop(books, flat("30"))
    b.subscribe("acme", "pro", "2026-01-01")
    b.today("2026-01-01")
    with b.engines.database.tenant(b.organisation_id) as session:
        acme = customers.find_customer(session, "acme")
        grant = credits.NewGrant(amount=Decimal(50), kind="prepaid", currency="USD", expires_at=b.at("2026-03-15"))
        credits.grant_credits(session, acme, grant, b.engines.clock.now())
    b.today("2026-02-01")
    b.bill("2026-02-01")
    assert balance(b) == "20"
    void(b, "INV-000001")
    assert balance(b) == "50"
    b.today("2026-03-01")
    b.bill("2026-03-01")
    assert balance(b) == "20"
    b.today("2026-03-16")
    void(b, "INV-000002")
    assert balance(b) == "0"


def balance(b: Books) -> str:
    with b.engines.database.tenant(b.organisation_id) as session:
        acme = customers.find_customer(session, "acme")
        found = credits.balances_of(session, b.organisation_id, acme.id, b.engines.clock.now())
    return money(sum((one.usable for one in found), Decimal(0)))


def void(b: Books, number: str) -> None:
    with b.engines.database.tenant(b.organisation_id) as session:
        invoicing.void_invoice(session, invoicing.find_invoice(session, number), b.engines.clock.now())
    b.check()


# The last moments


@pytest.mark.parametrize(
    ("at", "pays"),
    [
        ("2026-01-31 23:59:59", "30"),  # 1 s of 2,678,400: 0.0000112 of 30 less, 0.0000336 of 90 more
        ("2026-02-01", "30"),
        ("2026-01-31 12:00", "30.97"),  # half a day of 31: 30 × 61/62 = 29.52 (29.516), 90 × 1/62 = 1.45 (1.4516)
    ],
)
def test_an_upgrade_in_the_last_moments_of_a_month(books: OpenBooks, at: str, pays: str) -> None:
    b = shop(books, flat("30"))
    b.plan("big", flat("90"))
    subscription = b.subscribe("acme", "pro", "2026-01-01")
    b.change(subscription, at, plan="big")
    b.today("2026-02-02")
    b.bill("2026-02-01")
    assert totals(b) == [pays]


def test_an_event_of_the_last_microsecond_is_billed_once(books: OpenBooks) -> None:
    b = shop(books, calls(unit_amount="1"), zone="Pacific/Auckland")
    b.subscribe("acme", "pro", "2026-01-01")
    month_end = b.at("2026-02-01")
    b.use("acme", "2026-01-31 23:59:59.999999", 1)
    b.use("acme", "2026-02-01", 10)
    assert b.at("2026-01-31 23:59:59.999999") == month_end - timedelta(microseconds=1)
    b.today("2026-03-01")
    b.bill("2026-03-01")
    assert totals(b) == ["1", "10"]
