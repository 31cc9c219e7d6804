"""Credit notes in any parts never exceed the line and sum to it; tax goes back in proportion."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justpaid.invoicing.crediting import Creditable, Portion, credit_of, credit_total
from justpaid.invoicing.totals import LineTax, Rate
from justpaid.kernel.errors import InvalidRequest

VAT = Rate("vat", "VAT", Decimal(20), inclusive=False)
CITY = Rate("city", "City", Decimal("8.875"), inclusive=False)
CONTAINED = Rate("in", "VAT", Decimal(7), inclusive=True)


def whole(amount: str, *taxes: tuple[Rate, str]) -> Portion:
    return Portion(Decimal(amount), tuple(LineTax(rate, Decimal(tax)) for rate, tax in taxes))


def test_tax_goes_back_in_proportion() -> None:
    """27 of 28 days of 50: 48.21, and 48.21 ÷ 50 of the 10.00 tax = 9.642 → 9.64."""
    portion = credit_of(Creditable(whole("50", (VAT, "10"))), Decimal("48.21"), "USD")
    assert (portion.tax, portion.total) == (Decimal("9.64"), Decimal("57.85"))


def test_the_last_note_gets_what_rounding_left() -> None:
    """A third of 1.00 with 0.20 tax, three times: 0.07, 0.06, 0.07."""
    line, taxes = Creditable(whole("1.00", (VAT, "0.20"))), []
    for amount in ("0.33", "0.33", "0.34"):
        portion = credit_of(line, Decimal(amount), "USD")
        line = Creditable(line.whole, (*line.credited, portion))
        taxes.append(str(portion.tax))
    assert (taxes, line.total_left) == (["0.07", "0.06", "0.07"], 0)


def test_an_amount_is_spread_over_what_is_left_of_the_lines() -> None:
    """60 of 120 + 60: 40 and 20; of the 40, 33.33 is net and 6.67 tax."""
    lines = [Creditable(whole("100", (VAT, "20"))), Creditable(whole("60"))]
    first, second = credit_total(lines, Decimal(60), "USD")
    assert (first.amount, first.tax, second.amount) == (Decimal("33.33"), Decimal("6.67"), 20)


def test_more_than_is_left_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="only 120 of the invoice is left"):
        credit_total([Creditable(whole("100", (VAT, "20")))], Decimal("120.01"), "USD")


def test_credits_on_the_invoice_lessen_what_is_left_of_it() -> None:
    lines = [Creditable(whole("100")), Creditable(whole("-30"))]
    assert [portion.amount for portion in credit_total(lines, Decimal(70), "USD")] == [70, 0]
    with pytest.raises(InvalidRequest, match="only 70 of the invoice is left"):
        credit_total(lines, Decimal(71), "USD")


CENTS = st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100)


@given(st.integers(1, 10**7), CENTS, CENTS, CENTS, st.lists(st.tuples(st.booleans(), st.integers(1, 100)), max_size=12))
def test_any_parts_sum_to_the_line(
    cents: int, vat: Decimal, city: Decimal, contained: Decimal, notes: list[tuple[bool, int]]
) -> None:
    line = Creditable(
        Portion(Decimal(cents) / 100, (LineTax(VAT, vat), LineTax(CITY, city), LineTax(CONTAINED, contained)))
    )
    for by_total, percent in notes:
        left = line.total_left if by_total else line.left
        amount = (left * percent / 100).quantize(Decimal("0.01"))
        if amount <= 0:
            continue
        portion = credit_total([line], amount, "USD")[0] if by_total else credit_of(line, amount, "USD")
        if by_total:
            assert portion.total == amount
        if portion.total > line.total_left:  # refused where notes are issued
            continue
        line = Creditable(line.whole, (*line.credited, portion))
        assert line.left >= 0
        assert line.total_left >= 0
    rest = credit_of(line, line.left, "USD")
    credited = [*line.credited, rest]
    assert sum(portion.total for portion in credited) == line.whole.total
    for position, tax in enumerate(line.whole.taxes):
        assert sum(portion.taxes[position].amount for portion in credited) == tax.amount
