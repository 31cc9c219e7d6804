"""What holds of every price and quantity, searched for counter-examples by Hypothesis."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.kernel.decimals import EXACT
from justpaid.kernel.money import minor_places
from justpaid.pricing import (
    Allowance,
    PercentagePrice,
    Usage,
    dump_price,
    evaluate,
    parse_price,
    quantity_of,
    rate,
    round_line,
)
from justpaid.pricing.allowance import take_off


def decimals(low: str, high: str, places: int = 4) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False, allow_infinity=False)


rates = decimals("0", "100")
quantities = decimals("0", "5000")
signed_quantities = decimals("-5000", "5000")
huge_quantities = decimals("-99999999999999999999", "99999999999999999999", places=12)


@st.composite
def tiers(draw: st.DrawFn, flats: bool = True) -> list[dict[str, Any]]:
    bounds = sorted(draw(st.sets(decimals("0.0001", "3000"), max_size=4)))
    flat = rates if flats else st.none()
    return [{"up_to": up_to, "unit_amount": draw(rates), "flat_amount": draw(flat)} for up_to in [*bounds, None]]


def per_unit() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"model": st.just("per_unit"), "unit_amount": rates})


def graduated(flats: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"model": st.just("graduated"), "tiers": tiers(flats)})


def volume() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"model": st.just("volume"), "tiers": tiers()})


def package() -> st.SearchStrategy[dict[str, Any]]:
    sizes = decimals("0.0001", "500")
    return st.fixed_dictionaries({"model": st.just("package"), "package_size": sizes, "amount": rates})


def flat() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"model": st.just("flat"), "amount": rates})


metered = per_unit() | graduated() | volume() | package()


@st.composite
def modified(draw: st.DrawFn) -> dict[str, Any]:
    """A metered price with any of the modifiers."""
    low, high = sorted([draw(decimals("0", "10000")), draw(decimals("0", "10000"))])
    return draw(metered) | {
        "included_quantity": draw(st.none() | decimals("0", "1000")),
        "minimum_amount": draw(st.none() | st.just(low)),
        "maximum_amount": draw(st.none() | st.just(high)),
    }


def exact(price: dict[str, Any], quantity: Decimal) -> Decimal:
    return rate(parse_price(price, in_plan=False), quantity).amount_exact


@given(modified() | flat(), signed_quantities | huge_quantities)
def test_each_step_multiplies_out_and_the_steps_sum_to_the_amount(price: dict[str, Any], quantity: Decimal) -> None:
    rating = rate(parse_price(price, in_plan=False), quantity)
    assert rating.steps
    assert all(EXACT.multiply(step.quantity, step.unit_amount) == step.amount for step in rating.steps)
    amount = Decimal(0)
    for step in rating.steps:
        amount = EXACT.add(amount, step.amount)
    assert rating.amount_exact == amount


@given(graduated(), quantities)
def test_graduated_tiers_share_out_the_whole_quantity(price: dict[str, Any], quantity: Decimal) -> None:
    steps = rate(parse_price(price, in_plan=False), quantity).steps
    shares = [step.quantity for step in steps if not step.description.startswith("Flat fee")]
    assert sum(shares, Decimal(0)) == quantity


@given(graduated(flats=False), quantities)
def test_graduated_is_a_sum_over_tiers(price: dict[str, Any], quantity: Decimal) -> None:
    """Recounted another way: each rate on what lies above its lower bound, less what lies above its upper bound."""
    lowers = [Decimal(0), *(tier["up_to"] for tier in price["tiers"][:-1])]
    above = [max(quantity - lower, Decimal(0)) for lower in lowers] + [Decimal(0)]
    shares = [more - less for more, less in pairwise(above)]
    expected = sum(
        (share * tier["unit_amount"] for share, tier in zip(shares, price["tiers"], strict=True)), Decimal(0)
    )
    assert exact(price, quantity) == expected


@given(graduated(), quantities)
def test_each_tier_that_is_entered_owes_its_flat_amount_once(price: dict[str, Any], quantity: Decimal) -> None:
    lowers = [Decimal(0), *(tier["up_to"] for tier in price["tiers"][:-1])]
    flats = [tier["flat_amount"] for lower, tier in zip(lowers, price["tiers"], strict=True) if quantity > lower]
    bare = price | {"tiers": [tier | {"flat_amount": None} for tier in price["tiers"]]}
    assert exact(price, quantity) - exact(bare, quantity) == sum(flats, Decimal(0))


@given(graduated(flats=False), quantities, decimals("0", "1"))
def test_graduated_without_flat_amounts_never_jumps(price: dict[str, Any], quantity: Decimal, more: Decimal) -> None:
    rise = exact(price, quantity + more) - exact(price, quantity)
    assert 0 <= rise <= more * max(tier["unit_amount"] for tier in price["tiers"])


@given(per_unit() | graduated() | package(), signed_quantities, signed_quantities)
def test_more_usage_never_costs_less(price: dict[str, Any], one: Decimal, other: Decimal) -> None:
    """Volume is left out: there the total may drop at a bound."""
    less, more = sorted([one, other])
    assert exact(price, less) <= exact(price, more)


@given(volume(), st.data())
def test_volume_changes_tier_right_after_a_bound(price: dict[str, Any], data: st.DataObject) -> None:
    if len(price["tiers"]) == 1:
        return
    index = data.draw(st.integers(0, len(price["tiers"]) - 2))
    here, above = price["tiers"][index : index + 2]
    just_above = here["up_to"] + Decimal("1e-12")
    assert exact(price, here["up_to"]) == here["up_to"] * here["unit_amount"] + here["flat_amount"]
    assert exact(price, just_above) == just_above * above["unit_amount"] + above["flat_amount"]


@given(package(), quantities)
def test_packages_cover_the_quantity_and_no_package_is_idle(price: dict[str, Any], quantity: Decimal) -> None:
    packages = exact(price | {"amount": Decimal(1)}, quantity)
    assert packages == packages.to_integral_value()
    assert (packages - 1) * price["package_size"] < quantity <= packages * price["package_size"] or not quantity


def _dearer(price: dict[str, Any], by: Decimal) -> dict[str, Any]:
    raised: dict[str, Any] = {key: price[key] + by for key in ("amount", "unit_amount") if key in price}
    if "tiers" in price:
        raised["tiers"] = [
            tier | {"unit_amount": tier["unit_amount"] + by, "flat_amount": (tier["flat_amount"] or 0) + by}
            for tier in price["tiers"]
        ]
    return price | raised


@given(modified() | flat(), rates, quantities)
def test_a_dearer_price_never_bills_less(price: dict[str, Any], by: Decimal, quantity: Decimal) -> None:
    assert exact(_dearer(price, by), quantity) >= exact(price, quantity)


@given(modified(), decimals("0", "1000"), quantities)
def test_a_larger_included_quantity_never_bills_more_except_by_volume(
    price: dict[str, Any], more: Decimal, quantity: Decimal
) -> None:
    if price["model"] == "volume":
        return
    generous = price | {"included_quantity": (price["included_quantity"] or 0) + more}
    assert exact(generous, quantity) <= exact(price, quantity)


@given(modified(), signed_quantities)
def test_minimum_and_maximum_hold(price: dict[str, Any], quantity: Decimal) -> None:
    amount = exact(price, quantity)
    assert price["minimum_amount"] is None or amount >= price["minimum_amount"]
    assert price["maximum_amount"] is None or amount <= price["maximum_amount"]


@given(metered, decimals("0", "1000"))
def test_zero_costs_zero_and_so_does_all_that_is_included(price: dict[str, Any], included: Decimal) -> None:
    assert exact(price, Decimal(0)) == 0
    assert exact(price | {"included_quantity": included}, included) == 0


@given(metered, decimals("-5000", "-0.0001"))
def test_a_negative_quantity_never_bills_and_always_says_so(price: dict[str, Any], quantity: Decimal) -> None:
    rating = rate(parse_price(price, in_plan=False), quantity)
    assert rating.amount_exact <= 0
    assert rating.steps[0].description.startswith("Corrections exceed usage by")


@given(modified(), st.lists(signed_quantities, max_size=6), st.randoms(use_true_random=False))
def test_usage_may_come_in_any_parts_and_order(price: dict[str, Any], parts: list[Decimal], random: Any) -> None:
    shuffled = random.sample(parts, len(parts))
    parsed = parse_price(price, in_plan=False)
    whole = evaluate(parsed, "USD", [Usage(quantity=sum(parts, Decimal(0)))])
    assert evaluate(parsed, "USD", [Usage(quantity=part) for part in shuffled]) == whole


@pytest.mark.parametrize("currency", ["JPY", "USD", "KWD"])
@given(price=modified() | flat(), quantity=signed_quantities)
def test_rounding_moves_a_line_by_half_a_minor_unit_at_most(
    currency: str, price: dict[str, Any], quantity: Decimal
) -> None:
    rating = rate(parse_price(price, in_plan=False), quantity)
    rounded = round_line(rating, currency)
    places = minor_places(currency)
    assert abs(rounded - rating.amount_exact) <= Decimal("0.5").scaleb(-places)
    assert rounded.as_tuple().exponent == -places
    assert rounded or not rounded.is_signed()


@given(modified() | flat())
def test_a_price_survives_its_way_to_storage_and_back(price: dict[str, Any]) -> None:
    parsed = parse_price(price | {"key": "price"}, in_plan=False)
    assert parse_price(dump_price(parsed), in_plan=False) == parsed


# Prices of usage in parts: what events are alike in, and in which order parts come, is nobody's advantage.

NAMES = ("a", "b", "c")


@st.composite
def percentage(draw: st.DrawFn, *, allowance: bool = False) -> dict[str, Any]:
    low, high = sorted([draw(rates), draw(rates)])
    included = {
        "included_events": draw(st.none() | st.integers(1, 20)),
        "included_quantity": draw(st.none() | quantities),
    }
    return {
        "model": "percentage",
        "rate": draw(decimals("0", "1")),
        "fixed_amount": draw(st.none() | rates),
        "min_per_event": draw(st.none() | st.just(low)),
        "max_per_event": draw(st.none() | st.just(high)),
        **(included if allowance else {}),
    }


@st.composite
def matrix(draw: st.DrawFn) -> dict[str, Any]:
    cells = [
        {"match": {"model": model, "kind": kind}, "unit_amount": draw(rates)}
        for model in NAMES[:2]
        for kind in draw(st.sets(st.sampled_from(NAMES), min_size=1))
    ]
    return {
        "model": "matrix",
        "dimensions": ["model", "kind"],
        "cells": cells,
        "default_unit_amount": draw(st.none() | rates),
        "included_quantity": draw(st.none() | quantities),
    }


def cost_plus() -> st.SearchStrategy[dict[str, Any]]:
    listed = st.fixed_dictionaries({"input": rates, "output": rates})
    return st.fixed_dictionaries({
        "model": st.just("cost_plus"),
        "provider": st.just("openai"),
        "markup": rates,
        "list_prices": st.dictionaries(st.sampled_from(NAMES), listed, min_size=1),
    })  # fmt: skip


@st.composite
def parts(draw: st.DrawFn, *, signed: bool = False) -> list[Usage]:
    values = signed_quantities if signed else quantities
    dimensions = st.fixed_dictionaries({
        "model": st.sampled_from(NAMES), "kind": st.sampled_from(NAMES),
        "token_type": st.sampled_from(("input", "output", "other")),
    })  # fmt: skip
    part = st.builds(Usage, quantity=values | decimals("0", "50"), events=st.integers(1, 5), dimensions=dimensions)
    return draw(st.lists(part, max_size=8))


in_parts = percentage() | matrix() | cost_plus() | modified()


@given(in_parts, parts(), st.randoms())
def test_the_order_of_usage_never_matters(price: dict[str, Any], usage: list[Usage], shuffled: Any) -> None:
    parsed = parse_price(price, in_plan=False)
    other = list(usage)
    shuffled.shuffle(other)
    assert rate(parsed, usage).amount_exact == rate(parsed, other).amount_exact


@given(percentage(allowance=True) | matrix() | cost_plus(), parts(signed=True))
def test_the_steps_of_parts_multiply_out_and_sum(price: dict[str, Any], usage: list[Usage]) -> None:
    rating = rate(parse_price(price, in_plan=False), usage)
    assert rating.steps
    assert all(EXACT.multiply(step.quantity, step.unit_amount) == step.amount for step in rating.steps)
    assert sum((step.amount for step in rating.steps), Decimal(0)) == rating.amount_exact


@given(percentage(), parts())
def test_the_fee_of_many_events_is_the_sum_of_each_ones(price: dict[str, Any], usage: list[Usage]) -> None:
    parsed = parse_price(price, in_plan=False)
    each = sum((rate(parsed, [part]).amount_exact for part in usage), Decimal(0))
    assert rate(parsed, usage).amount_exact == each


@given(percentage(allowance=True), parts(signed=True))
def test_included_events_and_value_share_out_the_whole(price: dict[str, Any], usage: list[Usage]) -> None:
    """What is included and what is paid is all there was, after refunds; and no more is included than was agreed."""
    parsed = parse_price(price, in_plan=False)
    assert isinstance(parsed, PercentagePrice)
    taken = take_off(Allowance(parsed.included_quantity, parsed.included_events), usage)
    assert taken.included + quantity_of(taken.paid) + taken.credited == quantity_of(usage)
    assert taken.events + sum(part.events for part in taken.paid) + taken.refunds == sum(one.events for one in usage)
    assert parsed.included_events is None or taken.events <= parsed.included_events
    assert parsed.included_quantity is None or taken.included <= parsed.included_quantity


@given(percentage(allowance=True), parts(), st.integers(1, 10), quantities)
def test_a_larger_allowance_never_bills_more(
    price: dict[str, Any], usage: list[Usage], events: int, value: Decimal
) -> None:
    more = {
        "included_events": price["included_events"] and price["included_events"] + events,
        "included_quantity": price["included_quantity"] and price["included_quantity"] + value,
    }
    assert rate(parse_price(price | more, in_plan=False), usage).amount_exact <= (
        rate(parse_price(price, in_plan=False), usage).amount_exact
    )


@given(percentage(allowance=True), parts())
def test_parts_of_alike_events_are_as_good_as_the_events(price: dict[str, Any], usage: list[Usage]) -> None:
    parsed = parse_price(price, in_plan=False)
    singly = [Usage(quantity=part.quantity, dimensions=part.dimensions) for part in usage for _ in range(part.events)]
    whole = [Usage.summed(part.quantity * part.events, part.events, part.dimensions) for part in usage]
    assert rate(parsed, whole).amount_exact == rate(parsed, singly).amount_exact


@given(matrix(), parts())
def test_matrix_counts_every_unit_once(price: dict[str, Any], usage: list[Usage]) -> None:
    rating = rate(parse_price(price, in_plan=False), usage)
    assert sum((step.quantity for step in rating.steps), Decimal(0)) == sum(
        (part.quantity for part in usage), Decimal(0)
    )


@given(matrix(), parts())
def test_matrix_includes_what_was_agreed_once_for_all_cells(price: dict[str, Any], usage: list[Usage]) -> None:
    rating = rate(parse_price(price, in_plan=False), usage)
    included = sum((step.quantity for step in rating.steps if step.description.startswith("Included")), Decimal(0))
    assert included == min(quantity_of(usage), price["included_quantity"] or Decimal(0))


@given(percentage(allowance=True) | matrix() | cost_plus(), rates, parts())
def test_a_dearer_price_in_parts_never_bills_less(price: dict[str, Any], by: Decimal, usage: list[Usage]) -> None:
    dearer = {name: value + by for name, value in price.items() if name in ("rate", "markup") and value is not None}
    if price.get("default_unit_amount") is not None:
        dearer["default_unit_amount"] = price["default_unit_amount"] + by
    if "cells" in price:
        dearer["cells"] = [{**cell, "unit_amount": cell["unit_amount"] + by} for cell in price["cells"]]
    more = rate(parse_price(price | dearer, in_plan=False), usage).amount_exact
    assert more >= rate(parse_price(price, in_plan=False), usage).amount_exact


@given(graduated(flats=False), st.lists(quantities, min_size=1, max_size=5))
def test_splitting_a_period_changes_a_graduated_total_by_its_rounding_alone(
    price: dict[str, Any], snapshots: list[Decimal]
) -> None:
    """Each part bills what the running total adds, rounded: all parts together are the whole, rounded once."""
    parsed = parse_price(price, in_plan=False)
    billed, quantity = Decimal(0), Decimal(0)
    for more in snapshots:
        quantity += more
        billed += round_line(rate(parsed, quantity), "USD") - billed
    assert abs(billed - rate(parsed, sum(snapshots, Decimal(0))).amount_exact) <= Decimal("0.005")
