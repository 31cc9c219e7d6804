"""Included quantity, minimum and maximum amount, alone and together."""

from decimal import Decimal

import pytest

from justpaid.kernel.decimals import plain
from justpaid.pricing import Rating, parse_price, rate

Price = dict[str, object]

PER_UNIT: Price = {"model": "per_unit", "unit_amount": "0.10"}
GRADUATED: Price = {
    "model": "graduated",
    "tiers": [{"up_to": 100, "unit_amount": "1", "flat_amount": "9"}, {"unit_amount": "0.5"}],
}
PACKAGE: Price = {"model": "package", "package_size": "100", "amount": "7"}


def rated(price: Price, quantity: str, **modifiers: str) -> Rating:
    return rate(parse_price(price | modifiers, in_plan=False), Decimal(quantity))


@pytest.mark.parametrize(
    ("price", "quantity", "expected", "because"),
    [
        (PER_UNIT, "0", "0", "nothing used"),
        (PER_UNIT, "499", "0", "all included"),
        (PER_UNIT, "500", "0", "exactly what is included"),
        (PER_UNIT, "501", "0.1", "one above"),
        (PER_UNIT, "500.5", "0.05", "half a unit above"),
        (GRADUATED, "500", "0", "no tier is entered, so no flat amount"),
        (GRADUATED, "600", "109", "tiers count what is left: 9 + 100 x 1"),
        (GRADUATED, "601", "109.5", "the 101st left is tier 2"),
        (PACKAGE, "500", "0", "no package started"),
        (PACKAGE, "601", "14", "101 left start two packages"),
    ],
)
def test_included_quantity_is_taken_off_first(price: Price, quantity: str, expected: str, because: str) -> None:
    assert plain(rated(price, quantity, included_quantity="500").amount_exact) == expected, because


@pytest.mark.parametrize(("quantity", "used"), [("300", "300"), ("500", "500"), ("700", "500")])
def test_the_included_step_shows_how_much_of_it_was_used(quantity: str, used: str) -> None:
    step = rated(PER_UNIT, quantity, included_quantity="500").steps[0]
    assert (step.description, plain(step.quantity), plain(step.amount)) == ("Included 500", used, "0")


@pytest.mark.parametrize(
    ("quantity", "expected", "last_step"),
    [
        ("0", "100", ("Minimum of 100", "100")),
        ("400", "100", ("Minimum of 100", "60")),
        ("999", "100", ("Minimum of 100", "0.1")),
        ("1000", "100", ("1,000 at 0.1", "100")),
        ("2000", "200", ("2,000 at 0.1", "200")),
        ("2500", "250", ("2,500 at 0.1", "250")),
        ("2501", "250", ("Maximum of 250", "-0.1")),
        ("9000", "250", ("Maximum of 250", "-650")),
    ],
)
def test_minimum_and_maximum_bound_the_amount_by_a_step(
    quantity: str, expected: str, last_step: tuple[str, str]
) -> None:
    rating = rated(PER_UNIT, quantity, minimum_amount="100", maximum_amount="250")
    assert plain(rating.amount_exact) == expected
    assert (rating.steps[-1].description, plain(rating.steps[-1].amount)) == last_step


def test_a_minimum_is_due_without_usage_but_a_flat_amount_is_not() -> None:
    steps = rated(GRADUATED, "0", minimum_amount="20").steps
    assert [(step.description, plain(step.amount)) for step in steps] == [("No usage", "0"), ("Minimum of 20", "20")]


def test_a_maximum_of_zero_makes_usage_free() -> None:
    assert plain(rated(PER_UNIT, "50", maximum_amount="0").amount_exact) == "0"


def test_all_three_together() -> None:
    steps = rated(PER_UNIT, "800", included_quantity="500", minimum_amount="40", maximum_amount="60").steps
    assert [(step.description, plain(step.amount)) for step in steps] == [
        ("Included 500", "0"),
        ("300 at 0.1", "30"),
        ("Minimum of 40", "10"),
    ]
