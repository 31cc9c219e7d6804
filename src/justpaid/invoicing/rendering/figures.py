"""Numbers and dates as a person reads them: `$1,234.50`, `$0.000002`, `1,847`, `Apr 1 – Apr 30, 2026`.

Digits follow ISO 4217 through the kernel and not CLDR, which prints some currencies (AFN, IQD) without the minor units
that they are billed in. No digit is lost: amounts have at least the minor places, rates and quantities up to 12.
"""

from copy import copy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache
from typing import Final

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern, get_currency_symbol

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.money import minor_places
from justpaid.kernel.period import Period, timezone

LOCALE: Final = Locale("en", "US")


def amount(value: Decimal, currency: str) -> str:
    """With exactly the currency's minor places: `$1,234.50`, `¥1,235`, `KWD 1.250`; for amounts rounded already."""
    return _apply(_money_pattern(currency, most=minor_places(currency)), value, currency)


def rate(value: Decimal, currency: str) -> str:
    """With the minor places at least and 12 at most: `$10.00`, `$0.002`; also for amounts before rounding."""
    return _apply(_money_pattern(currency, most=PLACES), value, currency)


def quantity(value: Decimal) -> str:
    """Grouped, with no trailing zeros: `1,847`, `0.25`."""
    return _apply(_with_places(LOCALE.decimal_formats[None], 0, PLACES), value, None)


def day(instant: datetime, zone: str) -> str:
    """The local date: `Apr 1, 2026`."""
    return _print(instant.astimezone(timezone(zone)).date())


def days(period: Period, zone: str) -> str:
    """The half-open period by its first and last local dates, both included: `Apr 1 – Apr 30, 2026`."""
    local = timezone(zone)
    first = period.start.astimezone(local).date()
    last = first
    if period.end > period.start:
        last = (period.end - timedelta(microseconds=1)).astimezone(local).date()
    if first == last:
        return _print(first)
    if first.year == last.year:
        return f"{format_skeleton('MMMd', _noon(first), locale=LOCALE)} – {_print(last)}"
    return f"{_print(first)} – {_print(last)}"


def _print(local: date) -> str:
    return format_date(local, "medium", locale=LOCALE)


def _noon(local: date) -> datetime:
    """A skeleton is only formatted for an instant; noon in UTC is on that date."""
    return datetime(local.year, local.month, local.day, 12, tzinfo=UTC)


@cache
def _money_pattern(currency: str, most: int) -> NumberPattern:
    pattern = _with_places(LOCALE.currency_formats["standard"], minor_places(currency), most)
    if get_currency_symbol(currency, LOCALE)[-1].isalpha():  # CLDR's currencySpacing, which babel leaves out
        positive, negative = pattern.prefix
        pattern.prefix = (positive.replace("¤", "¤\u00a0"), negative.replace("¤", "¤\u00a0"))
    return pattern


def _with_places(pattern: NumberPattern, least: int, most: int) -> NumberPattern:
    changed = copy(pattern)
    changed.frac_prec = (least, most)
    return changed


def _apply(pattern: NumberPattern, value: Decimal, currency: str | None) -> str:
    value = value or abs(value)  # no negative zero
    with localcontext(EXACT):  # the default context would refuse a quantity of 32 digits
        return str(pattern.apply(value, LOCALE, currency=currency, currency_digits=False))
