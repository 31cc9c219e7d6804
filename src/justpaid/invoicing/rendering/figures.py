"""Numbers and dates as a person reads them: `$1,234.50`, `$0.000002`, `1,847`, `Apr 1 – Apr 30, 2026`; in
German `1.234,50 €` and `01.04.2026`.

Digits follow ISO 4217 through the kernel and not CLDR, which prints some currencies (AFN, IQD) without the minor units
that they are billed in. No digit is lost: amounts have at least the minor places, rates and quantities up to 12.
"""

from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import NumberPattern, get_currency_symbol

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.money import minor_places
from justpaid.kernel.period import Period, timezone


@dataclass(frozen=True, slots=True)
class Figures:
    """How they look in one locale, such as `en`, `en-GB` or `de`."""

    locale: Locale

    @classmethod
    def of(cls, locale: str) -> "Figures":
        return _of(locale)

    def amount(self, value: Decimal, currency: str) -> str:
        """With exactly the currency's minor places: `$1,234.50`, `¥1,235`, `KWD 1.250`; for rounded amounts."""
        return self._apply(_money_pattern(self.locale, currency, minor_places(currency)), value, currency)

    def rate(self, value: Decimal, currency: str) -> str:
        """With the minor places at least and 12 at most: `$10.00`, `$0.002`; also for amounts before rounding."""
        return self._apply(_money_pattern(self.locale, currency, PLACES), value, currency)

    def quantity(self, value: Decimal) -> str:
        """Grouped, with no trailing zeros: `1,847`, `0.25`."""
        return self._apply(_with_places(self.locale.decimal_formats[None], 0, PLACES), value, None)

    def day(self, instant: datetime, zone: str) -> str:
        """The local date: `Apr 1, 2026`."""
        return self._print(instant.astimezone(timezone(zone)).date())

    def days(self, period: Period, zone: str) -> str:
        """The half-open period by its first and last local dates, both included: `Apr 1 – Apr 30, 2026`."""
        local = timezone(zone)
        first = period.start.astimezone(local).date()
        last = first
        if period.end > period.start:
            last = (period.end - timedelta(microseconds=1)).astimezone(local).date()
        if first == last:
            return self._print(first)
        if first.year == last.year and self.locale.language == "en":
            return f"{format_skeleton('MMMd', _noon(first), locale=self.locale)} – {self._print(last)}"
        return f"{self._print(first)} – {self._print(last)}"

    def _print(self, local: date) -> str:
        return format_date(local, "medium", locale=self.locale)

    def _apply(self, pattern: NumberPattern, value: Decimal, currency: str | None) -> str:
        value = value or abs(value)  # no negative zero
        with localcontext(EXACT):  # the default context would refuse a quantity of 32 digits
            return str(pattern.apply(value, self.locale, currency=currency, currency_digits=False))


@cache
def _of(locale: str) -> Figures:
    return Figures(Locale("en", "US") if locale == "en" else Locale.parse(locale, sep="-"))


def _noon(local: date) -> datetime:
    """A skeleton is only formatted for an instant; noon in UTC is on that date."""
    return datetime(local.year, local.month, local.day, 12, tzinfo=UTC)


@cache
def _money_pattern(locale: Locale, currency: str, most: int) -> NumberPattern:
    pattern = _with_places(locale.currency_formats["standard"], minor_places(currency), most)
    if get_currency_symbol(currency, locale)[-1].isalpha() and "¤" in pattern.prefix[0]:
        # CLDR's currencySpacing, which babel leaves out
        positive, negative = pattern.prefix
        pattern.prefix = (positive.replace("¤", "¤\u00a0"), negative.replace("¤", "¤\u00a0"))
    return pattern


def _with_places(pattern: NumberPattern, least: int, most: int) -> NumberPattern:
    changed = copy(pattern)
    changed.frac_prec = (least, most)
    return changed
