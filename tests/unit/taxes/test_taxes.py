"""Whose rates apply, and which tax ids have a form that can be true."""

from decimal import Decimal

import pytest

from justpaid.taxes import TaxRate, check_tax_id, rates_for


def rate(key: str, *, country: str | None = None, region: str | None = None, default: bool = True) -> TaxRate:
    return TaxRate(
        key=key, name=key, percent=Decimal(10), inclusive=False, country=country, region=region, is_default=default,
        active=True,
    )  # fmt: skip


KNOWN = [
    rate("world"),
    rate("de", country="DE"),
    rate("us", country="US"),
    rate("us-ca", country="US", region="CA"),
    rate("us-ca-city", country="US", region="CA"),
    rate("special", default=False),
]


@pytest.mark.parametrize(
    ("status", "own", "address", "applied"),
    [
        ("taxable", None, None, ["world"]),
        ("taxable", None, {"country": "FR"}, ["world"]),
        ("taxable", None, {"country": "DE"}, ["de"]),
        ("taxable", None, {"country": "US", "state": "NY"}, ["us"]),
        ("taxable", None, {"country": "US", "state": "ca"}, ["us-ca", "us-ca-city"]),
        ("taxable", ["special"], {"country": "DE"}, ["special"]),
        ("taxable", [], {"country": "DE"}, []),
        ("exempt", ["special"], None, []),
        ("reverse_charge", None, {"country": "DE"}, []),
    ],
)
def test_the_closest_default_or_the_customers_own(
    status: str, own: list[str] | None, address: dict[str, str] | None, applied: list[str]
) -> None:
    assert [one.key for one in rates_for(KNOWN, status, own, address)] == applied


def test_a_rate_out_of_use_is_not_applied() -> None:
    retired = rate("de", country="DE")
    retired.active = False
    assert [one.key for one in rates_for([KNOWN[0], retired], "taxable", None, {"country": "DE"})] == ["world"]


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("eu_vat", "de 136 695 976", "DE136695976"),
        ("eu_vat", "ATU13585627", "ATU13585627"),
        ("gb_vat", "GB 980 7806 84", "980780684"),
        ("us_ein", "91-1144442", "911144442"),
        ("other", " whatever ", "whatever"),
    ],
)
def test_a_tax_id_is_kept_compact(kind: str, value: str, kept: str) -> None:
    assert check_tax_id(kind, value) == kept


@pytest.mark.parametrize("value", ["DE136695977", "136695976", "XX123", "", "DE136695976\n\x00"])
def test_a_tax_id_that_can_not_be_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"is no valid eu_vat|must have"):
        check_tax_id("eu_vat", value)


@pytest.mark.parametrize(
    ("product", "own", "address", "applied"),
    [
        (None, None, {"country": "DE"}, ["de"]),
        ([], ["special"], {"country": "DE"}, []),
        (["special"], None, {"country": "DE"}, ["special"]),
        (["special", "us", "us-ca"], None, {"country": "DE"}, ["special"]),
        (["special", "us", "us-ca"], None, {"country": "US", "state": "NY"}, ["us"]),
        (["special", "us", "us-ca"], ["de"], {"country": "US", "state": "CA"}, ["us-ca"]),
        (["us"], None, {"country": "DE"}, ["de"]),
        (["us"], ["special"], {"country": "DE"}, ["special"]),
        (["us"], [], {"country": "DE"}, []),
    ],
)
def test_a_products_rates_where_they_fit_the_address(
    product: list[str] | None, own: list[str] | None, address: dict[str, str], applied: list[str]
) -> None:
    assert [one.key for one in rates_for(KNOWN, "taxable", own, address, product)] == applied
    assert rates_for(KNOWN, "exempt", own, address, product) == []
