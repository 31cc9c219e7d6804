"""Two subscriptions of one customer: each bills all usage of the meters that its prices name."""

from collections.abc import Callable

from tests.scenario.conftest import Books


def test_two_subscriptions_to_one_meter_both_bill_the_same_usage(books: Callable[..., Books]) -> None:
    """Ten calls in January: 10 × 1 by the platform's plan, 10 × 2 by the plan of support."""
    b = books()
    b.meter("calls", "sum", "quantity")
    for plan, amount in (("platform", "1"), ("support", "2")):
        b.plan(plan, {"key": "usage", "meter": "calls", "model": "per_unit", "unit_amount": amount})
    b.customer("acme")
    for plan in ("platform", "support"):
        b.subscribe("acme", plan, "2026-01-01")
    b.today("2026-01-20")
    b.use("acme", "2026-01-05", 10)
    assert b.bill("2026-02-01") == (2, 2)
    assert sorted(total for *_, total in b.invoices()) == ["10", "20"]


def test_two_subscriptions_with_other_bounds_on_the_fee_of_an_event(books: Callable[..., Books]) -> None:
    """Payments of 10, 30 and 1000. Cards: 10 % of each, 2 at least: 2 + 3 + 100. Banks: 1 %, 5 at most: 0.4 + 5."""
    b = books()
    b.meter("payments", "sum", "quantity")
    fee = {"key": "fee", "meter": "payments", "model": "percentage"}
    b.plan("cards", {**fee, "rate": "0.1", "min_per_event": "2"})
    b.plan("banks", {**fee, "rate": "0.01", "max_per_event": "5"})
    b.customer("acme")
    for plan in ("cards", "banks"):
        b.subscribe("acme", plan, "2026-01-01")
    b.today("2026-01-20")
    for day, payment in enumerate((10, 30, 1000), 5):
        b.use("acme", f"2026-01-{day:02}", payment)
    assert b.bill("2026-02-01") == (2, 2)
    assert sorted(total for *_, total in b.invoices()) == ["105", "5.40"]
