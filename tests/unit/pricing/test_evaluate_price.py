"""Evaluate: usage is summed, the line is rounded once, the answer has the promised shape."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from justpaid.kernel.decimals import plain
from justpaid.kernel.errors import InvalidRequest
from justpaid.pricing import Usage, evaluate, parse_price, rate

TENTH_OF_A_CENT = parse_price({"model": "per_unit", "unit_amount": "0.001"}, in_plan=False)


def used(*quantities: str) -> list[Usage]:
    return [Usage(quantity=Decimal(quantity)) for quantity in quantities]


@pytest.mark.parametrize(
    ("quantity", "currency", "amount"),
    [
        ("4", "USD", "0.00"),
        ("5", "USD", "0.01"),
        ("14.999999999999", "USD", "0.01"),
        ("15", "USD", "0.02"),
        ("-4", "USD", "0.00"),
        ("-5", "USD", "-0.01"),
        ("499", "JPY", "0"),
        ("500", "JPY", "1"),
        ("1500", "JPY", "2"),
        ("5", "KWD", "0.005"),
        ("0.5", "KWD", "0.001"),
    ],
)
def test_a_line_is_rounded_half_up_to_the_currencys_minor_unit(quantity: str, currency: str, amount: str) -> None:
    assert evaluate(TENTH_OF_A_CENT, currency, used(quantity)).as_json()["amount"] == amount


def test_it_is_rounded_once_after_the_parts_are_summed() -> None:
    # Each part alone is 0.004 and would round to 0.00.
    assert str(evaluate(TENTH_OF_A_CENT, "USD", used("4", "4", "4")).amount) == "0.01"


def test_usage_is_summed_before_the_tiers_are_applied() -> None:
    price = parse_price(
        {"model": "graduated", "tiers": [{"up_to": 10, "unit_amount": "2"}, {"unit_amount": "1"}]}, in_plan=False
    )
    parts = [Usage(quantity=Decimal(8), events=3, dimensions={"model": "a"}), Usage(quantity=Decimal(4), events=0)]
    assert evaluate(price, "EUR", parts).amount_exact == 22  # 10 x 2 + 2 x 1, not 8 x 2 + 4 x 2
    assert evaluate(price, "EUR", []).amount_exact == 0


def test_a_sum_keeps_every_digit() -> None:
    parts = used("99999999999999999999.999999999999", "0.000000000001", "0.000000000001")
    assert plain(evaluate(TENTH_OF_A_CENT, "USD", parts).steps[0].quantity) == "100000000000000000000.000000000001"


def test_the_answer_has_the_promised_shape() -> None:
    price = parse_price({"model": "package", "package_size": "1000", "amount": "50"}, in_plan=False)
    assert evaluate(price, "USD", used("1500")).as_json() == {
        "amount": "100.00",
        "amount_exact": "100",
        "effective_rate": "0.066666666667",
        "currency": "USD",
        "steps": [{"description": "2 packages of 1,000", "quantity": "2", "unit_amount": "50", "amount": "100"}],
    }


@pytest.mark.parametrize("currency", ["XXX1", "usd", "", "XAU"])
def test_an_unknown_currency_is_refused_by_name(currency: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        evaluate(TENTH_OF_A_CENT, currency, used("1"))
    assert [error.field for error in refused.value.errors] == ["currency"]


@pytest.mark.parametrize("quantity", ["NaN", "Infinity", "-Infinity"])
def test_a_quantity_has_to_be_finite(quantity: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        rate(TENTH_OF_A_CENT, Decimal(quantity))


@pytest.mark.parametrize("wrong", [{"quantity": 1.5}, {"quantity": True}, {"quantity": "1", "events": -1}, {}])
def test_usage_is_read_strictly(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Usage.model_validate(wrong)
