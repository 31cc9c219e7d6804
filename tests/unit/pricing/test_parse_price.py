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
