"""Each model by hand: what every quantity costs, at the bounds and on both sides of them."""

from decimal import Decimal

import pytest

from justpaid.kernel.decimals import plain
from justpaid.pricing import Rating, parse_price, rate

Price = dict[str, object]


def rated(price: Price, quantity: str) -> Rating:
    return rate(parse_price(price, in_plan=False), Decimal(quantity))


def amount(price: Price, quantity: str) -> str:
    return plain(rated(price, quantity).amount_exact)


def arithmetic(price: Price, quantity: str) -> list[str]:
    """Each step as a bookkeeper writes it: `description: quantity x unit amount = amount`."""
    return [
        f"{step.description}: {plain(step.quantity)} x {plain(step.unit_amount)} = {plain(step.amount)}"
        for step in rated(price, quantity).steps
    ]


FLAT: Price = {"model": "flat", "amount": "49.00"}
PER_UNIT: Price = {"model": "per_unit", "unit_amount": "0.002"}
TIERS = [
    {"up_to": "1000", "unit_amount": "0.002", "flat_amount": "5"},
    {"up_to": "10000", "unit_amount": "0.0015", "flat_amount": "3"},
    {"up_to": None, "unit_amount": "0.001"},
]
GRADUATED: Price = {"model": "graduated", "tiers": TIERS}
VOLUME: Price = {"model": "volume", "tiers": TIERS}
PACKAGE: Price = {"model": "package", "package_size": "1000", "amount": "5"}


@pytest.mark.parametrize("quantity", ["0", "1", "-7", "1000000"])
def test_flat_is_the_amount_whatever_was_used(quantity: str) -> None:
    assert arithmetic(FLAT, quantity) == ["Flat fee: 1 x 49 = 49"]


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ("0", "0"),
        ("1", "0.002"),
        ("1847", "3.694"),
        ("0.5", "0.001"),
        ("99999999999999999999.999999999999", "199999999999999999.999999999999998"),
    ],
)
def test_per_unit_is_quantity_times_rate(quantity: str, expected: str) -> None:
    assert amount(PER_UNIT, quantity) == expected


@pytest.mark.parametrize(
    ("quantity", "expected", "because"),
    [
        ("0", "0", "nothing used: no tier is entered, so no flat amount"),
        ("0.5", "5.001", "half a unit enters tier 1"),
        ("1", "5.002", "5 + 1 x 0.002"),
        ("1000", "7", "up_to is inclusive: 5 + 1000 x 0.002"),
        ("1000.5", "10.00075", "half a unit enters tier 2: 7 + 3 + 0.5 x 0.0015"),
        ("1001", "10.0015", "7 + 3 + 1 x 0.0015"),
        ("10000", "23.5", "7 + 3 + 9000 x 0.0015"),
        ("10001", "23.501", "23.5 + 1 x 0.001; tier 3 has no flat amount"),
        ("50000", "63.5", "23.5 + 40000 x 0.001"),
    ],
)
def test_graduated_charges_each_tiers_share_at_its_rate(quantity: str, expected: str, because: str) -> None:
    assert amount(GRADUATED, quantity) == expected, because


@pytest.mark.parametrize(
    ("quantity", "expected", "because"),
    [
        ("0", "0", "nothing used: no flat amount"),
        ("1", "5.002", "5 + 1 x 0.002"),
        ("1000", "7", "up_to is inclusive: 5 + 1000 x 0.002"),
        ("1000.5", "4.50075", "the whole quantity moves to tier 2: 3 + 1000.5 x 0.0015"),
        ("1001", "4.5015", "3 + 1001 x 0.0015: less than 1000 cost"),
        ("10000", "18", "3 + 10000 x 0.0015"),
        ("10001", "10.001", "10001 x 0.001"),
    ],
)
def test_volume_charges_all_at_the_tier_it_falls_in(quantity: str, expected: str, because: str) -> None:
    assert amount(VOLUME, quantity) == expected, because


@pytest.mark.parametrize(
    ("quantity", "expected", "because"),
    [
        ("0", "0", "no package started"),
        ("0.000000000001", "5", "the smallest quantity starts a package"),
        ("1", "5", "one started"),
        ("1000", "5", "one full"),
        ("1000.000000000001", "10", "a second started"),
        ("1001", "10", "a second started"),
        ("12000", "60", "12 full"),
    ],
)
def test_package_charges_started_packages(quantity: str, expected: str, because: str) -> None:
    assert amount(PACKAGE, quantity) == expected, because


def test_package_counts_exactly_where_a_quotient_has_no_end() -> None:
    thirds: Price = {"model": "package", "package_size": "0.000000000003", "amount": "1"}
    # 10^20 - 10^-12 = 3 x 33333333333333333333333333333333 x 10^-12: that many are full, and no other is started.
    assert amount(thirds, "99999999999999999999.999999999999") == "33333333333333333333333333333333"


@pytest.mark.parametrize(
    ("price", "quantity", "steps"),
    [
        (PER_UNIT, "1847", ["1,847 at 0.002: 1847 x 0.002 = 3.694"]),
        (PER_UNIT, "0", ["No usage: 0 x 0 = 0"]),
        (
            GRADUATED,
            "12000",
            [
                "First 1,000 at 0.002: 1000 x 0.002 = 2",
                "Flat fee of tier 1: 1 x 5 = 5",
                "1,001 to 10,000 at 0.0015: 9000 x 0.0015 = 13.5",
                "Flat fee of tier 2: 1 x 3 = 3",
                "10,001 and above at 0.001: 2000 x 0.001 = 2",
            ],
        ),
        (
            GRADUATED,
            "1000.5",
            [
                "First 1,000 at 0.002: 1000 x 0.002 = 2",
                "Flat fee of tier 1: 1 x 5 = 5",
                "Over 1,000, up to 10,000 at 0.0015: 0.5 x 0.0015 = 0.00075",
                "Flat fee of tier 2: 1 x 3 = 3",
            ],
        ),
        (
            GRADUATED,
            "10000.5",
            [
                "First 1,000 at 0.002: 1000 x 0.002 = 2",
                "Flat fee of tier 1: 1 x 5 = 5",
                "Over 1,000, up to 10,000 at 0.0015: 9000 x 0.0015 = 13.5",
                "Flat fee of tier 2: 1 x 3 = 3",
                "Over 10,000 at 0.001: 0.5 x 0.001 = 0.0005",
            ],
        ),
        (
            VOLUME,
            "5000",
            ["All 5,000 at 0.0015 (tier 2: 1,001 to 10,000): 5000 x 0.0015 = 7.5", "Flat fee of tier 2: 1 x 3 = 3"],
        ),
        (
            {"model": "volume", "tiers": [{"unit_amount": "0.5"}]},
            "10",
            ["All 10 at 0.5: 10 x 0.5 = 5"],
        ),
        (
            {
                "model": "graduated",
                "tiers": [{"up_to": 10, "flat_amount": "20"}, {"up_to": 11, "unit_amount": 3}, {"unit_amount": 0}],
            },
            "12",
            [
                "First 10 at 0: 10 x 0 = 0",
                "Flat fee of tier 1: 1 x 20 = 20",
                "Unit 11 at 3: 1 x 3 = 3",
                "12 and above at 0: 1 x 0 = 0",
            ],
        ),
        (PACKAGE, "11001", ["12 packages of 1,000: 12 x 5 = 60"]),
        (PACKAGE, "7", ["1 package of 1,000: 1 x 5 = 5"]),
    ],
)
def test_steps_are_worded_for_the_customer_who_checks_them(price: Price, quantity: str, steps: list[str]) -> None:
    assert arithmetic(price, quantity) == steps
