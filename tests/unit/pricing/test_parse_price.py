"""What is refused as a price, where the error points, and what a price looks like once it is read."""

from decimal import Decimal

import pytest

from justpaid.kernel.errors import InvalidRequest
from justpaid.pricing import MODELS, FlatPrice, GraduatedPrice, dump_price, parse_price

OPEN = {"up_to": None, "unit_amount": "1"}
FLAT: dict[str, object] = {"model": "flat", "amount": "1"}
PER_UNIT: dict[str, object] = {"model": "per_unit", "unit_amount": "1"}
PACKAGE: dict[str, object] = {"model": "package", "package_size": "10", "amount": "1"}


def tiered(*tiers: object) -> dict[str, object]:
    return {"model": "graduated", "tiers": list(tiers)}


def refusals(price: object, *, in_plan: bool = False, at: str = "") -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refused:
        parse_price(price, in_plan=in_plan, at=at)
    return {error.field: error.message for error in refused.value.errors}


@pytest.mark.parametrize(
    ("price", "field", "reason"),
    [
        (PER_UNIT | {"unit_amount": 0.1}, "unit_amount", "must be a number or a decimal string"),
        (PER_UNIT | {"unit_amount": True}, "unit_amount", "must be a number or a decimal string"),
        (PER_UNIT | {"unit_amount": None}, "unit_amount", "must be a number or a decimal string"),
        (PER_UNIT | {"unit_amount": "cheap"}, "unit_amount", "must be a number or a decimal string"),
        (PER_UNIT | {"unit_amount": "NaN"}, "unit_amount", "must be a number or a decimal string"),
        (PER_UNIT | {"unit_amount": " 0.5 "}, "unit_amount", "must be a number or a decimal string"),
        (PER_UNIT | {"unit_amount": Decimal("-Infinity")}, "unit_amount", "must be a finite number"),
        (PER_UNIT | {"unit_amount": "1e400"}, "unit_amount", "must be smaller than 10^20 in magnitude"),
        (PER_UNIT | {"unit_amount": 10**20}, "unit_amount", "must be smaller than 10^20 in magnitude"),
        (PER_UNIT | {"unit_amount": "0.0000000000001"}, "unit_amount", "must have at most 12 decimal places"),
        (PER_UNIT | {"unit_amount": "-0.01"}, "unit_amount", "must be 0 or more"),
        (FLAT | {"amount": "-1"}, "amount", "must be 0 or more"),
        ({"model": "flat"}, "amount", "is required"),
        (FLAT | {"meter": "tokens"}, "meter", "must be null"),
        (FLAT | {"billing": "yearly"}, "billing", "must be 'advance' or 'arrears'"),
        (FLAT | {"minimum_amount": "1"}, "minimum_amount", "is not a field of a flat price, which takes key, name"),
        (PER_UNIT | {"tiers": []}, "tiers", "is not a field of a per_unit price"),
        (PER_UNIT | {"meter": "To kens"}, "meter", "must be 1 to 64 of a-z"),
        (PER_UNIT | {"key": "-x"}, "key", "must be 1 to 64 of a-z"),
        (PER_UNIT | {"key": "x\n"}, "key", "must be 1 to 64 of a-z"),
        (PER_UNIT | {"key": "x" * 65}, "key", "must be 1 to 64 of a-z"),
        (PER_UNIT | {"name": " "}, "name", "must not be blank"),
        (PER_UNIT | {"name": "a\x00b"}, "name", "must not contain control characters"),
        (PER_UNIT | {"name": "\ud800"}, "name", "must"),
        (PER_UNIT | {"name": "x" * 201}, "name", "must have at most 200 characters"),
        (PER_UNIT | {"included_quantity": "-1"}, "included_quantity", "must be 0 or more"),
        (PER_UNIT | {"minimum_amount": "5", "maximum_amount": "4.99"}, "maximum_amount", "must not be below minimum_"),
        (PACKAGE | {"package_size": "0"}, "package_size", "must be greater than 0"),
        (PACKAGE | {"package_size": "-10"}, "package_size", "must be greater than 0"),
        (tiered(), "tiers", "must have 1 to 1000 tiers, not 0"),
        ({"model": "volume"}, "tiers", "is required"),
        ({"model": "volume", "tiers": "all"}, "tiers", "must be a list"),
        (tiered(*[OPEN] * 1001), "tiers", "must have 1 to 1000 tiers, not 1001"),
        (tiered(7), "tiers.0", "must be an object"),
        (tiered({"up_to": None}), "tiers.0", "needs a unit_amount, a flat_amount or both"),
        (tiered({"up_to": None, "unit_amount": "1", "rate": "1"}), "tiers.0.rate", "is not a known field here"),
        (tiered(OPEN | {"unit_amount": "-1"}), "tiers.0.unit_amount", "must be 0 or more"),
        (tiered(OPEN | {"flat_amount": "-1"}), "tiers.0.flat_amount", "must be 0 or more"),
        (tiered(OPEN | {"up_to": "10"}), "tiers.0.up_to", "must be null in the last tier"),
        (tiered(OPEN | {"up_to": "0"}, OPEN), "tiers.0.up_to", "must be greater than 0"),
        (tiered(OPEN | {"up_to": "-5"}, OPEN), "tiers.0.up_to", "must be greater than 0"),
        (tiered(OPEN, OPEN), "tiers.0.up_to", "is required: only the last tier is open"),
        (tiered({"unit_amount": "1"}, OPEN), "tiers.0.up_to", "is required: only the last tier is open"),
        (tiered(OPEN | {"up_to": "10"}, OPEN | {"up_to": "10.0"}, OPEN), "tiers.1.up_to", "must be greater than 10,"),
        (tiered(OPEN | {"up_to": "10"}, OPEN | {"up_to": "9"}, OPEN), "tiers.1.up_to", "must be greater than 10,"),
        (
            {"model": "dynamic", "unit_amount": "1"},
            "model",
            "'dynamic' is not a price model; the known ones are flat, seats, per_",
        ),
        ({"model": ["flat"]}, "model", "this value is not a price model"),
        ({"amount": "1"}, "model", "is required: one of flat, seats, per_unit, graduated, volume, package, perc"),
        ([], "price", "must be an object with a model and its fields"),
        (None, "price", "must be an object with a model and its fields"),
    ],
)
def test_a_wrong_field_is_named_with_its_reason(price: object, field: str, reason: str) -> None:
    found = refusals(price)
    assert list(found) == [field]
    assert found[field].startswith(reason)


PERCENTAGE: dict[str, object] = {"model": "percentage", "rate": "0.01"}
CELL = {"match": {"model": "small"}, "unit_amount": "1"}
COST_PLUS: dict[str, object] = {"model": "cost_plus", "provider": "openai", "markup": "0.2"}


def matrix(*cells: object, **more: object) -> dict[str, object]:
    return {"model": "matrix", "dimensions": ["model", "region"], "cells": list(cells), **more}


def cell(unit_amount: object = "1", **match: object) -> dict[str, object]:
    return {"match": match, "unit_amount": unit_amount}


def converted(**conversion: object) -> dict[str, object]:
    return PER_UNIT | {"conversion": conversion}


@pytest.mark.parametrize(
    ("price", "field", "reason"),
    [
        ({"model": "percentage"}, "rate", "is required"),
        (PERCENTAGE | {"rate": "-0.01"}, "rate", "must be 0 or more"),
        (PERCENTAGE | {"rate": "2,9"}, "rate", "must be a number or a decimal string"),
        (PERCENTAGE | {"rate": "1e-13"}, "rate", "must have at most 12 decimal places"),
        (PERCENTAGE | {"fixed_amount": True}, "fixed_amount", "must be a number or a decimal string"),
        (
            PERCENTAGE | {"min_per_event": "2", "max_per_event": "1"},
            "max_per_event",
            "must not be below min_per_event (2)",
        ),
        (PERCENTAGE | {"included_events": 0}, "included_events", "must be greater than 0"),
        (PERCENTAGE | {"included_events": "-3"}, "included_events", "must be greater than 0"),
        (PERCENTAGE | {"included_events": "2.5"}, "included_events", "must be a whole number"),
        (PERCENTAGE | {"included_events": True}, "included_events", "must be a number or a decimal string"),
        (PERCENTAGE | {"included_events": Decimal("NaN")}, "included_events", "must be a finite number"),
        (PERCENTAGE | {"included_events": 10**12}, "included_events", "must be smaller than 10^12 in magnitude"),
        (PER_UNIT | {"included_events": 3}, "included_events", "is not a field of a per_unit price"),
        (PERCENTAGE | {"tiers": [OPEN]}, "tiers", "is not a field of a percentage price"),
        (PERCENTAGE | {"conversion": {"divide_by": "2"}}, "conversion", "is not a field of a percentage price"),
        ({"model": "matrix", "cells": [CELL]}, "dimensions", "is required"),
        ({"model": "matrix", "dimensions": ["model"]}, "cells", "is required"),
        (matrix(), "cells", "must have at least 1 item"),
        (matrix(*[CELL] * 1001), "cells", "must have at most 1000 items"),
        (matrix(CELL) | {"dimensions": []}, "dimensions", "must have at least 1 item"),
        (matrix(CELL) | {"dimensions": list("abcdef")}, "dimensions", "must have at most 5 items"),
        (matrix(CELL) | {"dimensions": ["model", "model"]}, "dimensions", "must not name a dimension twice"),
        (matrix(CELL) | {"dimensions": "model"}, "dimensions", "must be a list"),
        (matrix({"match": {"model": "small"}}), "cells.0.unit_amount", "is required"),
        (matrix({"unit_amount": "1"}), "cells.0.match", "is required"),
        (matrix(cell("-1", model="small")), "cells.0.unit_amount", "must be 0 or more"),
        (matrix(cell("Infinity", model="small")), "cells.0.unit_amount", "must be a number or a decimal string"),
        (matrix(cell(model=7)), "cells.0.match.model", "must be a valid string"),
        (matrix(cell(model="x" * 256)), "cells.0.match.model", "must have at most 255 characters"),
        (matrix(CELL | {"tier": 1}), "cells.0.tier", "is not a known field here"),
        (matrix(CELL, cell(tier="gold")), "cells", "cell 1 matches 'tier', which is none of dimensions: model, region"),
        (matrix(CELL, CELL), "cells", "cells 0 (small) and 1 (small) can match one event"),
        (matrix(CELL, cell(region="eu")), "cells", "cells 0 (small) and 1 (eu) can match one event"),
        (
            matrix(cell(model="small", region="eu"), CELL),
            "cells",
            "cells 0 (small, eu) and 1 (small) can match one event",
        ),
        (matrix(CELL, cell(model="large"), cell()), "cells", "cells 0 (small) and 2 (everything) can match one event"),
        (matrix(CELL, default_unit_amount="-1"), "default_unit_amount", "must be 0 or more"),
        ({"model": "cost_plus", "provider": "openai"}, "markup", "is required"),
        ({"model": "cost_plus", "markup": "0.2"}, "provider", "is required"),
        (COST_PLUS | {"provider": "acme"}, "provider", "must be a provider with list prices: "),
        (COST_PLUS | {"markup": "-0.2"}, "markup", "must be 0 or more"),
        (COST_PLUS | {"included_quantity": "5"}, "included_quantity", "can't go with list prices"),
        (COST_PLUS | {"list_prices": {"big": {"inputs": "1"}}}, "list_prices", "big: 'inputs' is no kind of token"),
        (COST_PLUS | {"list_prices": {"big": {"input": "-1"}}}, "list_prices.big.input", "must be 0 or more"),
        (
            COST_PLUS | {"list_prices": {"big": {"input": 0.5}}},
            "list_prices.big.input",
            "must be a number or a decimal",
        ),
        (converted(), "conversion", "needs divide_by, multiply_by or a rounding"),
        (converted(divide_by="2", multiply_by="2"), "conversion", "takes divide_by or multiply_by, not both"),
        (converted(divide_by="0"), "conversion.divide_by", "must be greater than 0"),
        (converted(multiply_by="-1"), "conversion.multiply_by", "must be greater than 0"),
        (
            converted(divide_by="2", rounding="floor"),
            "conversion.rounding",
            "must be 'none', 'up', 'down' or 'half_up'",
        ),
        (converted(divide_by="2", decimal_places=2), "conversion", "needs a rounding (up, down or half_up) for its"),
        (converted(rounding="up", decimal_places=13), "conversion.decimal_places", "must be less than or equal to 12"),
        (converted(rounding="up", decimal_places="2"), "conversion.decimal_places", "must be a valid integer"),
        (
            {"model": "seats", "unit_amount": "1", "meter": "seats"},
            "meter",
            "must be null: seats are the subscription's",
        ),
        ({"model": "seats", "unit_amount": "NaN"}, "unit_amount", "must be a number or a decimal string"),
        (
            {"model": "volume", "tiers": [OPEN | {"up_to": "1e400"}, OPEN]},
            "tiers.0.up_to",
            "must be smaller than 10^20",
        ),
        (
            {"model": "volume", "tiers": [OPEN | {"up_to": "NaN"}, OPEN]},
            "tiers.0.up_to",
            "must be a number or a decimal",
        ),
        (
            {"model": "volume", "tiers": [OPEN | {"up_to": True}, OPEN]},
            "tiers.0.up_to",
            "must be a number or a decimal",
        ),
        ({"model": "volume", "tiers": [OPEN | {"from": "5"}]}, "tiers.0.from", "is not a known field here"),
        (PACKAGE | {"package_size": "1e-13"}, "package_size", "must have at most 12 decimal places"),
        (PACKAGE | {"package_size": 10**20}, "package_size", "must be smaller than 10^20 in magnitude"),
        (PACKAGE | {"package_size": False}, "package_size", "must be a number or a decimal string"),
    ],
)
def test_what_can_not_be_billed_is_refused_by_every_model(price: dict[str, object], field: str, reason: str) -> None:
    found = refusals(price)
    assert list(found) == [field], found
    assert found[field].startswith(reason), found


def test_every_wrong_bound_is_reported_at_once_under_the_requests_own_path() -> None:
    bound = {"up_to": "5", "unit_amount": "1"}
    assert list(refusals(tiered(bound, bound, OPEN, bound), at="prices.3")) == [
        "prices.3.tiers.1.up_to",
        "prices.3.tiers.2.up_to",
        "prices.3.tiers.3.up_to",
    ]


def test_the_detail_names_the_first_field_and_counts_the_rest() -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_price({"model": "package"}, in_plan=False)
    assert refused.value.detail == "package_size: is required (and 1 more)"
    assert [error.code for error in refused.value.errors] == ["required", "required"]


def test_a_flood_of_errors_is_cut() -> None:
    assert len(refusals(tiered(*[7] * 900))) == 50


@pytest.mark.parametrize(
    ("price", "fields"),
    [
        (PER_UNIT, {"key", "meter"}),
        (PER_UNIT | {"key": "api"}, {"meter"}),
        (PER_UNIT | {"key": "api", "meter": None}, {"meter"}),
        (PER_UNIT | {"meter": "calls", "unit_amount": "x"}, {"key", "unit_amount"}),
        (FLAT, {"key"}),
    ],
)
def test_a_plan_needs_a_key_and_a_meter(price: dict[str, object], fields: set[str]) -> None:
    assert set(refusals(price, in_plan=True)) == fields


def test_defaults() -> None:
    assert parse_price(FLAT, in_plan=False) == FlatPrice(
        model="flat", key="price", name="price", meter=None, amount=Decimal(1), billing="arrears"
    )
    assert parse_price(FLAT | {"key": "base"}, in_plan=True).name == "base"


@pytest.mark.parametrize("written", ["0.5", "0.500", "5e-1", Decimal("0.50"), ".5"])
def test_one_number_has_one_form_however_it_was_written(written: object) -> None:
    dumped = dump_price(parse_price(PER_UNIT | {"unit_amount": written}, in_plan=False))
    assert dumped["unit_amount"] == "0.5"


def test_a_dumped_price_has_plain_decimals_and_reads_back_equal() -> None:
    price = parse_price(
        tiered({"up_to": 1000, "unit_amount": "1e-12"}, {"flat_amount": Decimal("5.00")})
        | {"key": "tokens", "name": "Tokens", "meter": "tokens", "included_quantity": "1e3"},
        in_plan=True,
    )
    assert dump_price(price) == {
        "key": "tokens",
        "name": "Tokens",
        "product": None,
        "model": "graduated",
        "meter": "tokens",
        "included_quantity": "1000",
        "minimum_amount": None,
        "maximum_amount": None,
        "conversion": None,
        "tiers": [
            {"up_to": "1000", "unit_amount": "0.000000000001", "flat_amount": None},
            {"up_to": None, "unit_amount": None, "flat_amount": "5"},
        ],
    }
    assert parse_price(dump_price(price), in_plan=True) == price


def test_a_price_can_not_be_changed() -> None:
    price = parse_price(tiered(OPEN), in_plan=False)
    assert isinstance(price, GraduatedPrice)
    with pytest.raises(ValueError, match="frozen"):
        price.key = "other"  # type: ignore[misc]


def test_the_models_are_those_of_the_api() -> None:
    assert list(MODELS) == [
        *("flat", "seats", "per_unit", "graduated", "volume", "package", "percentage", "matrix", "cost_plus"),
    ]
