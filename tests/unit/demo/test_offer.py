"""What is sold covers every way of pricing, and somebody buys each plan."""

import pytest

from justpaid.demo.cast import CUSTOMERS, Customer
from justpaid.demo.offer import METERS, PLANS
from justpaid.metering import Aggregation
from justpaid.pricing import parse_price

METER_KEYS = {meter["key"] for meter in METERS}
BOUGHT = {customer.plan for customer in CUSTOMERS}
PRICES = [(plan["key"], price) for plan in PLANS if plan["key"] in BOUGHT for price in plan["prices"]]


def test_fees_and_every_price_of_a_quantity_are_in_a_plan_that_a_customer_has() -> None:
    assert {price["model"] for _, price in PRICES} == {"flat", "per_unit", "graduated", "volume", "package"}


@pytest.mark.parametrize("field", ["included_quantity", "minimum_amount", "maximum_amount"])
def test_every_modifier_is_used(field: str) -> None:
    assert any(field in price for _, price in PRICES)


def test_flat_fees_are_billed_in_advance_and_in_arrears() -> None:
    assert {price["billing"] for _, price in PRICES if price["model"] == "flat"} == {"advance", "arrears"}


@pytest.mark.parametrize(("plan", "price"), PRICES, ids=[f"{plan}-{price['key']}" for plan, price in PRICES])
def test_every_price_is_valid_and_its_meter_exists(plan: str, price: dict[str, object]) -> None:
    parse_price(price, in_plan=True)
    assert price.get("meter") is None or price["meter"] in METER_KEYS


def test_meters_use_known_aggregations() -> None:
    assert {meter["aggregation"] for meter in METERS} <= set(Aggregation)
    assert {"count", "sum", "unique", "max", "average", "latest"} == {meter["aggregation"] for meter in METERS}


def test_eight_customers_or_more_on_five_plans_in_several_zones_and_currencies() -> None:
    assert len(CUSTOMERS) >= 8
    assert len(PLANS) == 5
    assert {plan["key"] for plan in PLANS} == BOUGHT
    assert len({customer.timezone for customer in CUSTOMERS}) >= 5
    assert {customer.currency for customer in CUSTOMERS} == {"USD", "EUR", "JPY"}


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda customer: customer.key)
def test_a_customer_pays_in_its_plans_currency(customer: Customer) -> None:
    plan = next(plan for plan in PLANS if plan["key"] == customer.plan)
    assert customer.currency == plan["currency"]


def test_the_weights_of_the_customers_are_percentages() -> None:
    assert sum(customer.code for customer in CUSTOMERS) == 100
    assert sum(customer.conversation for customer in CUSTOMERS) == 100
