"""Worked figures read off other billing systems' tests, where the file of them is at hand (JUSTPAID_VECTORS).

A vector is in the major or the minor unit of no named currency. The former are priced in USD; the latter in JPY, whose
minor unit is its only unit, so that a figure in cents is written and rounded as it stands.
"""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from justpaid.kernel.decimals import plain
from justpaid.kernel.errors import InvalidRequest
from justpaid.pricing import Rating, Usage, parse_price, rate, round_line

REPOSITORY = Path(__file__).parents[3]
VECTORS = Path(os.environ.get("JUSTPAID_VECTORS") or REPOSITORY.parent / "shared" / "vectors" / "pricing_vectors.json")

Vector = dict[str, Any]
Price = dict[str, Any]

_LEVELS = "tiers hold the level averaged over the period, not each unit for the time that it lasted"

#: Where our documented rule gives another figure: docs/reference/differences.md.
DIFFERENT = {
    "pv-034": _LEVELS,
    "pv-073": _LEVELS,
    "pv-076": _LEVELS,
    "pv-079": _LEVELS,
    "pv-080": _LEVELS,
    "pv-199": "a quantity of 0 costs 0: no tier is entered, so no flat amount is due",
    "pv-215": "a quantity of 0 costs 0: no tier is entered, so no flat amount is due",
    "pv-303": "tiers count units, not blocks: 101001 x 0.0005, not 102 blocks x 0.5",
    "pv-346": "a negative quantity is credited, not lost",
    "pv-369": "the last tier is open; a bounded one is refused when the price is made",
    "pv-371": "a negative quantity is credited at the first tier's rate, not an error",
}


def _bounds(params: Price) -> Price:
    """What other systems call minimum, maximum, cap and free units, by our names."""
    names = {
        "free_units": "included_quantity",
        "minimum": "minimum_amount",
        "maximum": "maximum_amount",
        "cap_minor": "maximum_amount",
    }
    return {ours: params[theirs] for theirs, ours in names.items() if theirs in params}


def _per_unit(params: Price) -> Price:
    """A discount on the price itself is another rate."""
    unit_amount = Decimal(params["unit_amount"] if "unit_amount" in params else params["unit_amount_minor"])
    paid = 1 - Decimal(params.get("discount_percent", 0)) / 100
    return {"model": "per_unit", "unit_amount": unit_amount * paid, **_bounds(params)}


def _usage_discount(params: Price) -> Price:
    """Units less the free ones."""
    return {"model": "per_unit", "unit_amount": "1", **_bounds(params)}


def _dynamic(_: Price) -> Price:
    """An amount that each event carries is a sum of amounts, here of cents, priced at one."""
    return {"model": "per_unit", "unit_amount": "0.01"}


def _multiplied(params: Price) -> Price:
    return {"model": "per_unit", "unit_amount": params["multiplier"], **_bounds(params)}


def _rounded_units(params: Price) -> Price:
    how = {"round": "half_up", "ceil": "up", "floor": "down"}[params["function"]]
    conversion = {"rounding": how, "decimal_places": params["precision"] or 0}
    return {"model": "per_unit", "unit_amount": "1", "conversion": conversion}


def _tiered(model: str) -> Callable[[Price], Price]:
    return lambda params: {"model": model, "tiers": params["tiers"], **_bounds(params)}


def _package(params: Price) -> Price:
    amount = params.get("amount") or params.get("block_price") or "1"
    size = params.get("package_size") or params["block_size"]
    return {"model": "package", "package_size": size, "amount": amount, **_bounds(params)}


def _capped(params: Price) -> Price:
    (only,) = params["tiers"]
    cap = only["cap_amount"]
    tier = {key: value for key, value in only.items() if key != "cap_amount"}
    return {"model": "graduated", "tiers": [tier], "maximum_amount": cap}


def _blocks(model: str) -> Callable[[Price], Price]:
    """`max_blocks` is a tier's own width; what lies beyond the last tier is priced as the last tier."""

    def convert(params: Price) -> Price:
        tiers, bound = [], Decimal(0)
        for tier in params["tiers"]:
            size = Decimal(tier["block_size"])
            bound += tier["max_blocks"] * size
            tiers.append({"up_to": bound, "unit_amount": Decimal(tier["block_price"]) / size})
        tiers[-1]["up_to"] = None
        return {"model": model, "tiers": tiers}

    return convert


def _percentage(params: Price) -> Price:
    names = {
        "per_transaction_min": "min_per_event",
        "per_transaction_max": "max_per_event",
        "free_amount": "included_quantity",
        "free_events": "included_events",
    }
    ours = {ours: params[theirs] for theirs, ours in names.items() if theirs in params}
    rate = Decimal(params["rate_percent"]) / 100
    return {"model": "percentage", "rate": rate, "fixed_amount": params["fixed_amount"], **ours}


def _graduated_percentage(params: Price) -> Price:
    """A share of a value by tiers is a rate a unit of it by tiers."""
    return {
        "model": "graduated",
        "tiers": [
            {
                "up_to": tier["up_to"],
                "unit_amount": Decimal(tier["rate_percent"]) / 100,
                "flat_amount": tier["flat_amount"],
            }
            for tier in params["tiers"]
        ],
    }


def _converted(params: Price) -> Price:
    rounding = {"ceil": "up", "floor": "down", "half_up": "half_up", "none": "none"}
    by = "multiply_by" if params.get("operation") == "multiply" else "divide_by"
    price: Price = {"model": "per_unit", "unit_amount": params.get("unit_amount", "1"), **_bounds(params)}
    if "tiers" in params:
        price = {"model": "graduated", "tiers": params["tiers"]}
    how = rounding[params.get("unit_rounding") or params["rounding"]]
    return {**price, "conversion": {by: params.get("unit_divide_by") or params["factor"], "rounding": how}}


def _once(amount: str, minimum: str) -> Callable[[Price], Price]:
    """A charge that a minimum tops up: one unit at the amount charged."""
    return lambda params: {"model": "per_unit", "unit_amount": params[amount], "minimum_amount": params[minimum]}


CONVERT: dict[str, Callable[[Price], Price]] = {
    "per_unit": _per_unit,
    "per_unit_minor": _per_unit,
    "per_unit_min_max": _per_unit,
    "graduated": _tiered("graduated"),
    "graduated_delta": _tiered("graduated"),
    "graduated_capped": _capped,
    "volume": _tiered("volume"),
    "volume_min_max": _tiered("volume"),
    "package": _package,
    "package_count": _package,
    "package_min_max": _package,
    "package_cumulative_snapshots": _package,
    "block_usage_less_already_billed": _package,
    "block_tiers_graduated": _blocks("graduated"),
    "block_tiers_volume": _blocks("volume"),
    "percentage": _percentage,
    "graduated_percentage": _graduated_percentage,
    "per_unit_converted": _converted,
    "graduated_converted": _converted,
    "unit_conversion": _converted,
    "unit_rounding": _rounded_units,
    "usage_discount": _usage_discount,
    "dynamic": _dynamic,
    "dynamic_multiplier": _multiplied,
    "graduated_prorated": _tiered("graduated"),
    "volume_prorated": _tiered("volume"),
    "min_max_spend": _once("base_amount", "minimum"),
    "minimum_true_up": _once("used_minor", "minimum_minor"),
    "minimum_commitment_true_up": _once("plan_amount_minor", "commitment_minor"),
}


#: Families whose fees are written in dollars even where the expected figure is in cents.
IN_DOLLARS = {"percentage", "graduated_percentage", "unit_conversion", "unit_rounding", "dynamic"}


def _expressible(vector: Vector) -> bool:
    """Proration is another stage's work: tests/unit/invoicing/test_billing_vectors.py."""
    params = vector["params"]
    prorated = params.get("billable_days") != params.get("period_days")
    used_besides = Decimal(params.get("usage_minor", "0")) != 0
    several_caps = vector["model"] == "graduated_capped" and len(params["tiers"]) > 1
    return vector["model"] in CONVERT and not (prorated or used_besides or several_caps)


def _load() -> list[Vector]:
    if not VECTORS.is_file():
        return []
    return [vector for vector in json.loads(VECTORS.read_text())["vectors"] if _expressible(vector)]


LOADED = _load()
needs_vectors = pytest.mark.skipif(not LOADED, reason=f"no pricing vectors at {VECTORS}; set JUSTPAID_VECTORS")


def cases(*, different: bool) -> list[Any]:
    return [
        pytest.param(vector, id=f"{vector['id']}-{vector['model']}")
        for vector in LOADED
        if (vector["id"] in DIFFERENT) == different
    ]


def answer(vector: Vector) -> dict[str, Any]:
    """Our figures under the vector's own names for them."""
    params = vector["params"]
    price = parse_price(CONVERT[vector["model"]](params), in_plan=False)
    currency = "JPY" if vector.get("amount_unit") == "minor" else "USD"

    def rated(quantity: Decimal) -> Rating:
        return rate(price, quantity)

    def amount(quantity: Decimal) -> Decimal:
        return round_line(rated(quantity), currency)

    if "cumulative_quantities" in params:
        amounts = [Decimal(0), *(amount(Decimal(quantity)) for quantity in params["cumulative_quantities"])]
        by_snapshot = [plain(new - old) for old, new in pairwise(amounts)]
        return {"amount_per_snapshot": by_snapshot}
    if vector["model"] in ("min_max_spend", "minimum_true_up", "minimum_commitment_true_up"):
        return {"amount": sum(step.amount for step in rated(Decimal(1)).steps[1:])}
    if vector["model"] in IN_DOLLARS:
        usage = [Usage(quantity=Decimal(event["value"])) for event in vector.get("events") or []]
        rating = rate(price, usage or Decimal(params.get("event_amount_minor") or vector["quantity"]))
        return {"amount": rating.amount_exact * (100 if vector.get("amount_unit") == "minor" else 1)}
    if vector["model"] == "graduated_prorated":
        return {"amount": amount(sum((Decimal(event["prorated_value"]) for event in vector["events"]), Decimal(0)))}
    total = Decimal(vector["quantity"])
    before = Decimal(params.get("previously_billed") or params.get("already_billed") or 0)
    if "already_billed_quantity" in params:
        billed = Decimal(params["already_billed_quantity"])
        before, total = before or amount(billed), billed + total
    elif before and vector["model"] == "dynamic_multiplier":
        total += before / Decimal(params["multiplier"])
    per_tier = [plain(step.amount) for step in rated(total).steps]
    return {"amount": amount(total) - before, "per_tier": per_tier}


def agrees(vector: Vector) -> bool:
    expected = vector.get("expected") or {}
    if expected.get("error"):
        try:
            answer(vector)
        except InvalidRequest:
            return True
        return False
    ours = answer(vector)
    figure = vector.get("expected_amount", vector.get("expected_units"))
    if figure is not None and ours["amount"] != Decimal(figure):
        return False
    lists = [name for name in ("per_tier", "amount_per_snapshot") if name in expected]
    return all([Decimal(part) for part in ours[name]] == [Decimal(part) for part in expected[name]] for name in lists)


@needs_vectors
@pytest.mark.parametrize("vector", cases(different=False))
def test_a_figure_of_another_system_is_ours_too(vector: Vector) -> None:
    assert agrees(vector), (vector, answer(vector))


@needs_vectors
@pytest.mark.parametrize("vector", cases(different=True))
def test_a_deliberate_difference_is_one_still(vector: Vector) -> None:
    """Should this fail, our rule has changed: update DIFFERENT and docs/reference/differences.md."""
    try:
        same = agrees(vector)
    except InvalidRequest:
        same = False
    assert not same, DIFFERENT[vector["id"]]
