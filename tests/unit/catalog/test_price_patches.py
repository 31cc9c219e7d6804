"""Price patches: the figures of one customer, or of one currency, laid over a version's prices."""

from decimal import Decimal
from typing import Any

import pytest

from justpaid.catalog import Definition, check_overrides, currency_for, terms_of
from justpaid.kernel.errors import InvalidRequest
from justpaid.pricing import dump_price

PRICES: list[dict[str, Any]] = [
    {"key": "base", "model": "flat", "amount": "20", "billing": "advance"},
    {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": "0.01", "maximum_amount": "100"},
]
PRO = Definition(
    currency="USD",
    interval="month",
    prices=PRICES,
    currencies={"EUR": {"base": {"amount": "18"}, "calls": {"unit_amount": "0.009"}}, "CHF": {"base": {}, "calls": {}}},
    trial_days=14,
    minimum_commitment={"amount": "50", "currencies": {"EUR": "45", "CHF": "48"}},
    billing_thresholds=[{"amount": "500", "currencies": {"EUR": "450", "CHF": "480"}, "recurring": True}],
)
TIERS = [{"up_to": "1000", "unit_amount": "0.01"}, {"up_to": None, "unit_amount": Decimal("0.0050")}]


def price(key: str, currency: str | None = None, **fields: Any) -> dict[str, Any]:
    terms = terms_of(PRO, currency, {key: fields})
    return next(dump_price(price) for price in terms.prices if price.key == key)


def test_without_a_patch_a_version_has_its_own_terms() -> None:
    terms = terms_of(PRO)
    assert [dump_price(price)["key"] for price in terms.prices] == ["base", "calls"]
    assert (terms.currency, terms.trial_days, terms.minimum_commitment) == ("USD", 14, Decimal(50))
    assert terms_of(PRO, overrides={}) == terms


def test_each_currency_has_its_own_figures() -> None:
    euro, franc = terms_of(PRO, "EUR"), terms_of(PRO, "CHF")
    assert [price.model_dump()["amount"] for price in (euro.prices[0], franc.prices[0])] == [Decimal(18), Decimal(20)]
    assert (euro.minimum_commitment, franc.minimum_commitment) == (Decimal(45), Decimal(48))
    assert [threshold.amount for threshold in euro.billing_thresholds] == [Decimal(450)]


def test_an_override_goes_on_top_of_the_currency() -> None:
    patched = price("calls", "EUR", included_quantity=1000)
    assert (patched["unit_amount"], patched["included_quantity"], patched["maximum_amount"]) == ("0.009", "1000", "100")
    assert price("calls", "EUR", unit_amount="0.007")["unit_amount"] == "0.007"


def test_null_takes_a_field_away() -> None:
    assert price("calls", maximum_amount=None)["maximum_amount"] is None
    assert price("base", billing=None)["billing"] == "arrears"


def test_another_model_gives_all_its_fields() -> None:
    graduated = price("calls", model="graduated", tiers=TIERS)
    assert (graduated["meter"], graduated["tiers"][1]["unit_amount"]) == ("calls", "0.005")
    assert graduated["maximum_amount"] is None, "it starts from the key, name, product and meter alone"
    assert price("calls", model="flat", amount=5)["meter"] is None


@pytest.mark.parametrize(
    ("overrides", "fields"),
    [
        ([], ["overrides"]),
        ({"api": {}}, ["overrides.api"]),
        ({"calls": "0.01"}, ["overrides.calls"]),
        ({"calls": {"unit_amount": "-1"}}, ["overrides.calls.unit_amount"]),
        ({"calls": {"unit_amount": None}}, ["overrides.calls.unit_amount"]),
        ({"calls": {"amount": 1}}, ["overrides.calls.amount"]),
        ({"calls": {"minimum_amount": 101}}, ["overrides.calls.maximum_amount"]),
        ({"calls": {"key": "c"}}, ["overrides.calls.key"]),
        ({"calls": {"meter": "tokens", "product": "api"}}, ["overrides.calls.meter", "overrides.calls.product"]),
        ({"calls": {"model": "free"}}, ["overrides.calls.model"]),
        ({"calls": {"model": 7}}, ["overrides.calls.model"]),
        ({"calls": {"model": None}}, ["overrides.calls.model"]),
        ({"calls": {"model": "graduated", "tiers": TIERS[:1]}}, ["overrides.calls.tiers.0.up_to"]),
        ({"base": {"model": "per_unit", "unit_amount": 1}}, ["overrides.base.model"]),
        ({"base": {"amount": "x"}, "calls": {"unit_amount": "y"}, "z": {}},
         ["overrides.z", "overrides.base.amount", "overrides.calls.unit_amount"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_can_not_be_used_is_named(overrides: Any, fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_overrides(PRO, overrides or ["no object"])
    assert [error.field for error in refused.value.errors] == fields


def test_overrides_are_stored_as_exact_text_and_read_back_the_same() -> None:
    sent = {"calls": {"model": "graduated", "tiers": TIERS}, "base": {"amount": Decimal("1.50"), "billing": None}}
    stored = check_overrides(PRO, sent, "EUR")
    assert stored == {
        "base": {"amount": "1.5", "billing": "arrears"},
        "calls": {
            "model": "graduated",
            "tiers": [
                {"up_to": "1000", "unit_amount": "0.01", "flat_amount": None},
                {"up_to": None, "unit_amount": "0.005", "flat_amount": None},
            ],
        },
    }
    assert terms_of(PRO, "EUR", stored) == terms_of(PRO, "EUR", sent)
    assert check_overrides(PRO, stored, "EUR") == stored


@pytest.mark.parametrize(
    ("asked", "customers", "billed_in"),
    [(None, "USD", "USD"), (None, "EUR", "EUR"), (None, "JPY", "USD"), ("CHF", "EUR", "CHF"), ("USD", "EUR", "USD")],
)
def test_the_currency_of_a_subscription(asked: str | None, customers: str, billed_in: str) -> None:
    assert currency_for(PRO, asked=asked, customers=customers) == billed_in


def test_a_currency_that_is_not_offered() -> None:
    for refused in (lambda: currency_for(PRO, asked="JPY", customers="USD"), lambda: terms_of(PRO, "JPY")):
        with pytest.raises(InvalidRequest, match="currency: the plan is offered in USD, CHF, EUR"):
            refused()
