"""What lines come to: discounts, then tax, each rounded once; the parts sum to the whole in every currency."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.invoicing.totals import Charge, Discount, LineTax, Rate, Totals, allocate, settle
from justpaid.kernel.money import minor_places

VAT = Rate("vat", "VAT", Decimal(20), inclusive=False)
CONTAINED = Rate("vat-in", "VAT", Decimal(20), inclusive=True)


def discount(percent: str | None = None, amount: str | None = None, *prices: str) -> Discount:
    numbers = [None if text is None else Decimal(text) for text in (percent, amount)]
    return Discount("dis_1", "SAVE", "Save", numbers[0], numbers[1], prices)


def charges(*amounts: str, rates: tuple[Rate, ...] = ()) -> list[Charge]:
    return [Charge(Decimal(amount), rates, price_key=f"p{n}") for n, amount in enumerate(amounts, 1)]


def figures(totals: Totals) -> list[str]:
    return [str(totals.subtotal), str(totals.discount), str(totals.tax), str(totals.total)]


def test_tax_is_rounded_once_over_the_lines_of_its_rate() -> None:
    """3 × 0.33 at 20 %: 0.99 × 0.2 = 0.198 → 0.20, not 3 × 0.07 = 0.21; the lines get 0.07, 0.07 and 0.06."""
    totals = settle(charges("0.33", "0.33", "0.33", rates=(VAT,)), (), "USD")
    assert figures(totals) == ["0.99", "0", "0.20", "1.19"]
    assert [str(line.tax) for line in totals.lines] == ["0.07", "0.07", "0.06"]


def test_tax_that_a_price_contains_is_not_added() -> None:
    """120 with 20 % contained: 120 ÷ 1.2 = 100 net, 20 tax."""
    totals = settle(charges("120", rates=(CONTAINED,)), (), "USD")
    assert (figures(totals), str(totals.tax_included)) == (["120", "0", "0", "120"], "20.00")
    assert [(str(tax.taxable), str(tax.amount)) for tax in totals.taxes] == [("100.00", "20.00")]


def test_discounts_take_their_turns() -> None:
    """200, 10 % off = 180, 30 off = 150; the other way round 170 × 0.9 = 153."""
    ten, thirty = discount("10"), discount(None, "30")
    assert settle(charges("200"), [ten, thirty], "USD").total == 150
    assert settle(charges("200"), [thirty, ten], "USD").total == 153


def test_an_amount_takes_no_more_than_there_is_and_nothing_of_credits() -> None:
    totals = settle(charges("30", "-10"), [discount(None, "50")], "USD")
    assert [line.discount for line in totals.lines] == [30, 0]
    assert (totals.net_total, totals.total, totals.carried_over) == (-10, 0, 10)


def test_a_percentage_also_lessens_credits() -> None:
    """What was billed at 20 % off is given back at 20 % off: (100 − 40) × 0.8 = 48."""
    assert settle(charges("100", "-40"), [discount("20")], "USD").total == 48


def test_a_coupon_is_kept_to_its_prices() -> None:
    totals = settle(charges("100", "100"), [discount("50", None, "p2")], "USD")
    assert [line.discount for line in totals.lines] == [0, 50]


@pytest.mark.parametrize(
    ("currency", "tax"), [("JPY", "20"), ("USD", "20.13"), ("KWD", "20.133")], ids=lambda value: str(value)
)
def test_each_currency_has_its_places(currency: str, tax: str) -> None:
    """100.665 in KWD, 100.67 in USD, 101 in JPY: a fifth of each, to its own minor unit (101 × 0.2 = 20.2 → 20)."""
    amount = {"JPY": "101", "USD": "100.67", "KWD": "100.665"}[currency]
    assert str(settle(charges(amount, rates=(VAT,)), (), currency).tax) == tax


CURRENCIES = st.sampled_from(["JPY", "USD", "KWD"])
RATES = st.builds(Rate, st.sampled_from("abc"), st.just("Tax"), st.decimals(0, 100, places=3), st.booleans())


@st.composite
def settled(draw: st.DrawFn) -> tuple[list[Charge], list[Discount], str]:
    currency = draw(CURRENCIES)
    unit = Decimal(1).scaleb(-minor_places(currency))
    rates = draw(st.lists(RATES, max_size=3, unique_by=lambda rate: rate.key))
    lines = [
        Charge(
            draw(st.integers(-(10**9), 10**12)) * unit,
            tuple(draw(st.lists(st.sampled_from(rates), unique=True))) if rates else (),
            price_key=draw(st.sampled_from(["p1", "p2"])),
        )
        for _ in range(draw(st.integers(1, 6)))
    ]
    discounts = [
        discount(str(draw(st.decimals("0.01", 100, places=2))), None, *draw(st.sampled_from([(), ("p1",)])))
        if draw(st.booleans())
        else discount(None, str(draw(st.integers(1, 10**9)) * unit))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return lines, discounts, currency


@given(settled())
def test_the_parts_sum_to_the_whole(case: tuple[list[Charge], list[Discount], str]) -> None:
    lines, discounts, currency = case
    totals = settle(lines, discounts, currency)
    assert sum(line.discount for line in totals.lines) == totals.discount == sum(off for _, off in totals.discounts)
    assert sum(line.tax for line in totals.lines) == totals.tax
    by_rate: dict[Rate, Decimal] = {}
    for line in totals.lines:
        for tax in line.taxes:
            by_rate[tax.rate] = by_rate.get(tax.rate, Decimal(0)) + tax.amount
    assert by_rate == {total.rate: total.amount for total in totals.taxes}
    assert totals.total - totals.carried_over == totals.subtotal - totals.discount + totals.tax
    assert totals.total >= 0
    assert totals.total * totals.carried_over == 0
    for amount in (totals.discount, totals.tax, totals.tax_included, totals.total):
        assert amount == round(amount, minor_places(currency))


@given(st.lists(st.fractions(-1000, 1000), max_size=8), CURRENCIES)
def test_what_is_allocated_is_the_rounded_sum_and_no_part_is_a_unit_off(shares: list[Fraction], currency: str) -> None:
    parts = allocate(shares, currency)
    unit = Fraction(1, 10 ** minor_places(currency))
    exact = sum(shares, Fraction(0))
    assert abs(sum(map(Fraction, parts), Fraction(0)) - exact) <= unit / 2
    assert all(abs(Fraction(part) - share) < unit for part, share in zip(parts, shares, strict=True))


@given(settled())
def test_the_same_discounts_and_lines_come_to_the_same(case: tuple[list[Charge], list[Discount], str]) -> None:
    """From the copies that an invoice keeps, as `verify` does."""
    lines, discounts, currency = case
    first = settle(lines, discounts, currency)
    kept = [Discount.from_json(stored) for stored in first.discounts_as_json()]
    copies = [
        Charge(line.amount, tuple(LineTax.from_json(tax.as_json()).rate for tax in of.taxes), line.price_key)
        for line, of in zip(lines, first.lines, strict=True)
    ]
    again = settle(copies, kept, currency)
    assert (again.total, [line.discount for line in again.lines]) == (
        first.total,
        [line.discount for line in first.lines],
    )
