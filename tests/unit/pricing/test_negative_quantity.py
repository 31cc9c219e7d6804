"""Corrections can exceed a period's usage. What that costs is never a silent zero: a step says it."""

from decimal import Decimal

import pytest

from justpaid.kernel.decimals import plain
from justpaid.pricing import parse_price, rate

Price = dict[str, object]

TIERS = [{"up_to": 100, "unit_amount": "2", "flat_amount": "9"}, {"unit_amount": "1"}]
PER_UNIT: Price = {"model": "per_unit", "unit_amount": "0.1"}
GRADUATED: Price = {"model": "graduated", "tiers": TIERS}
VOLUME: Price = {"model": "volume", "tiers": TIERS}
PACKAGE: Price = {"model": "package", "package_size": "10", "amount": "15"}


@pytest.mark.parametrize(
    ("price", "quantity", "expected", "step"),
    [
        (PER_UNIT, "-5", "-0.5", "Corrections exceed usage by 5: credited at 0.1"),
        (GRADUATED, "-5", "-10", "Corrections exceed usage by 5: credited at the first tier's 2"),
        (GRADUATED, "-500", "-1000", "Corrections exceed usage by 500: credited at the first tier's 2"),
        (VOLUME, "-500", "-1000", "Corrections exceed usage by 500: credited at the first tier's 2"),
        (PACKAGE, "-5", "0", "Corrections exceed usage by 5: 0 whole packages of 10 credited"),
        (PACKAGE, "-10", "-15", "Corrections exceed usage by 10: 1 whole package of 10 credited"),
        (PACKAGE, "-19.9", "-15", "Corrections exceed usage by 19.9: 1 whole package of 10 credited"),
        (PACKAGE, "-2000", "-3000", "Corrections exceed usage by 2,000: 200 whole packages of 10 credited"),
    ],
)
def test_a_negative_quantity_is_credited_and_says_so(price: Price, quantity: str, expected: str, step: str) -> None:
    rating = rate(parse_price(price, in_plan=False), Decimal(quantity))
    assert plain(rating.amount_exact) == expected
    assert [one.description for one in rating.steps] == [step]


def test_an_included_quantity_neither_shrinks_nor_grows_the_credit() -> None:
    price = parse_price(PER_UNIT | {"included_quantity": "500"}, in_plan=False)
    assert plain(rate(price, Decimal(-5)).amount_exact) == "-0.5"


@pytest.mark.parametrize(("minimum", "top_up"), [("0", "0.5"), ("20", "20.5")])
def test_a_minimum_holds_below_zero_too_by_a_visible_step(minimum: str, top_up: str) -> None:
    rating = rate(parse_price(PER_UNIT | {"minimum_amount": minimum}, in_plan=False), Decimal(-5))
    assert [plain(step.amount) for step in rating.steps] == ["-0.5", top_up]
    assert plain(rating.amount_exact) == minimum
