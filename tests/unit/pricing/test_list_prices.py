"""The list of a provider: taken when a price is made, and kept whatever the package says later."""

from decimal import Decimal
from typing import Any

import pytest

from justpaid.pricing import CostPlusPrice, Usage, dump_price, parse_price, rate
from justpaid.pricing.list_prices import PROVIDERS, TOKEN_KINDS, list_prices, rate_of
from justpaid.pricing.models import cost_plus

PRICE = {"model": "cost_plus", "provider": "openai", "markup": "0.5"}
ONE_MILLION = [Usage(quantity=Decimal(1_000_000), dimensions={"model": "gpt-4o", "token_type": "input"})]


def test_a_price_takes_the_list_of_its_provider_when_it_is_made() -> None:
    price = parse_price(PRICE, in_plan=False)
    assert isinstance(price, CostPlusPrice)
    assert price.list_prices == list_prices("openai")
    listed = price.list_prices["gpt-4o"]["input"]
    assert listed > 0
    assert rate(price, ONE_MILLION).amount_exact == listed * Decimal("1.5")


def test_a_stored_price_keeps_its_list_whatever_the_package_says_later(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = dump_price(parse_price(PRICE, in_plan=False))
    before = rate(parse_price(stored, in_plan=False), ONE_MILLION).amount_exact

    def doubled(provider: str) -> dict[str, dict[str, Decimal]]:
        return {
            model: {kind: 2 * rate for kind, rate in kinds.items()} for model, kinds in list_prices(provider).items()
        }

    monkeypatch.setattr(cost_plus, "list_prices", doubled)
    assert rate(parse_price(stored, in_plan=False), ONE_MILLION).amount_exact == before
    assert rate(parse_price(PRICE, in_plan=False), ONE_MILLION).amount_exact == 2 * before


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_list_can_be_kept_by_a_price(provider: str) -> None:
    """Known kinds only, rates of at most 12 places, and back again from storage."""
    if not list_prices(provider):
        return
    price = parse_price({**PRICE, "provider": provider}, in_plan=False)
    assert parse_price(dump_price(price), in_plan=False) == price


@pytest.mark.parametrize(
    ("model", "kind", "found"),
    [
        ("big", "input", "0.000003"),
        ("big-2026-01-01", "input", "0.000003"),
        ("big-mini-2026", "input", "0.000001"),  # the longest name that it begins with
        ("big", "output", None),
        ("other", "input", None),
        ("", "input", None),
    ],
)
def test_a_model_is_the_listed_one_that_its_name_begins_with(model: str, kind: str, found: Any) -> None:
    rates = {"big": {"input": Decimal(3)}, "big-mini": {"input": Decimal(1)}}
    assert rate_of(rates, model, kind) == (None if found is None else Decimal(found))
    assert kind in TOKEN_KINDS
