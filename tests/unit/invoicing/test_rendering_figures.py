"""Numbers and dates in print."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from justpaid.invoicing.rendering.figures import Figures
from justpaid.kernel.money import UnknownCurrency
from justpaid.kernel.period import Period

EN = Figures.of("en")

# currency, amount, printed as an amount, printed as a rate
MONEY = [
    ("USD", "1234.5", "$1,234.50", "$1,234.50"),
    ("USD", "-5", "-$5.00", "-$5.00"),
    ("USD", "-0.00", "$0.00", "$0.00"),
    ("USD", "0E-12", "$0.00", "$0.00"),
    ("USD", "10", "$10.00", "$10.00"),
    ("EUR", "0.50", "€0.50", "€0.50"),
    ("JPY", "123456", "¥123,456", "¥123,456"),
    ("KWD", "1.25", "KWD\u00a01.250", "KWD\u00a01.250"),
    ("KWD", "-1.25", "-KWD\u00a01.250", "-KWD\u00a01.250"),
    ("CAD", "3", "CA$3.00", "CA$3.00"),
    # CLDR would print these two without the minor units of ISO 4217.
    ("AFN", "7.25", "AFN\u00a07.25", "AFN\u00a07.25"),
    ("IQD", "7.125", "IQD\u00a07.125", "IQD\u00a07.125"),
    # 36 digits, more than Python's default decimal context carries
    (
        "USD",
        "1234567890123456789012345678901234.56",
        "$1,234,567,890,123,456,789,012,345,678,901,234.56",
        "$1,234,567,890,123,456,789,012,345,678,901,234.56",
    ),
]


@pytest.mark.parametrize(("currency", "value", "amount", "rate"), MONEY)
def test_money_has_the_minor_places_of_its_currency(currency: str, value: str, amount: str, rate: str) -> None:
    assert EN.amount(Decimal(value), currency) == amount
    assert EN.rate(Decimal(value), currency) == rate


@pytest.mark.parametrize(
    ("currency", "value", "printed"),
    [
        ("USD", "0.002", "$0.002"),
        ("USD", "0.000000000001", "$0.000000000001"),
        ("USD", "0.0020", "$0.002"),
        ("JPY", "0.5", "¥0.5"),
        ("USD", "104.63653017", "$104.63653017"),
    ],
)
def test_rates_keep_up_to_twelve_places(currency: str, value: str, printed: str) -> None:
    assert EN.rate(Decimal(value), currency) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("1847", "1,847"),
        ("0.250", "0.25"),
        ("0", "0"),
        ("-3", "-3"),
        ("1E+3", "1,000"),
        ("99999999999999999999.123456789012", "99,999,999,999,999,999,999.123456789012"),
    ],
)
def test_quantities_lose_no_digit(value: str, printed: str) -> None:
    assert EN.quantity(Decimal(value)) == printed


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        EN.amount(Decimal(1), "ZZZ")


# start and end in UTC, zone, printed
PERIODS = [
    ("2026-04-01T04:00", "2026-05-01T04:00", "America/New_York", "Apr 1 – Apr 30, 2026"),
    ("2026-04-01T04:00", "2026-05-01T04:00", "UTC", "Apr 1 – May 1, 2026"),
    ("2026-04-01T00:00", "2026-05-01T00:00", "UTC", "Apr 1 – Apr 30, 2026"),
    ("2025-12-01T00:00", "2026-03-01T00:00", "UTC", "Dec 1, 2025 – Feb 28, 2026"),
    ("2026-04-01T00:00", "2026-04-02T00:00", "UTC", "Apr 1, 2026"),
    ("2026-04-01T00:00", "2026-04-01T00:00", "UTC", "Apr 1, 2026"),
    ("2026-01-30T10:00", "2026-01-31T10:00", "Pacific/Kiritimati", "Jan 31, 2026"),
]


@pytest.mark.parametrize(("start", "end", "zone", "printed"), PERIODS)
def test_a_period_prints_its_first_and_last_local_day(start: str, end: str, zone: str, printed: str) -> None:
    period = Period(*(datetime.fromisoformat(instant).replace(tzinfo=UTC) for instant in (start, end)))
    assert EN.days(period, zone) == printed


def test_a_date_is_local() -> None:
    new_years_eve_in_new_york = datetime(2026, 1, 1, 3, tzinfo=UTC)
    assert EN.day(new_years_eve_in_new_york, "America/New_York") == "Dec 31, 2025"


@pytest.mark.parametrize(
    ("locale", "amount", "quantity", "days"),
    [
        ("de", "1.234,50\u00a0€", "1.847,25", "01.04.2026 – 30.04.2026"),
        ("fr", "1\u202f234,50\u00a0€", "1\u202f847,25", "1 avr. 2026 – 30 avr. 2026"),
        ("en-GB", "€1,234.50", "1,847.25", "1 Apr – 30 Apr 2026"),
        ("ja", "€1,234.50", "1,847.25", "2026/04/01 – 2026/04/30"),
    ],
)
def test_each_locale_has_its_own_signs(locale: str, amount: str, quantity: str, days: str) -> None:
    figures = Figures.of(locale)
    assert figures.amount(Decimal("1234.5"), "EUR") == amount
    assert figures.quantity(Decimal("1847.25")) == quantity
    april = Period(datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC))
    assert figures.days(april, "UTC") == days
