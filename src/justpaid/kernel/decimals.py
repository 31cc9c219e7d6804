"""Exact decimals: how they are read, bounded and written. No float touches a quantity or an amount.

A quantity has at most 20 integer digits and 12 decimal places. The warehouse keeps 38 digits with 12 places, so a
sum has room for a million of the largest quantities before it could overflow.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

PLACES: Final = 12
INTEGER_DIGITS: Final = 20
LIMIT: Final = Decimal(10) ** INTEGER_DIGITS

# What JSON takes for a number: `Decimal` itself would also read "1_000", " 1 ", "Infinity" and digits of other scripts.
_DECIMAL_TEXT: Final = re.compile(r"[+-]?([0-9]{1,400}(\.[0-9]{0,400})?|\.[0-9]{1,400})([eE][+-]?[0-9]{1,4})?")

#: Wide enough for a 38-digit quantity times a rate of 12 places times a tier count, without rounding.
EXACT: Final = Context(prec=100, rounding=ROUND_HALF_UP)


class NotExact(ValueError):
    """The text or number is no finite decimal within the bounds; the message says which bound."""


def parse_decimal(value: object, *, places: int = PLACES, limit: Decimal = LIMIT) -> Decimal:
    """Read a decimal from JSON: a string, an int or a Decimal that came from the JSON text.

    Raises: NotExact for a float, a bool, NaN, infinity, more than `places` decimals, or a magnitude of `limit` or more.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise NotExact("must be a number or a decimal string")
    if isinstance(value, str) and not _DECIMAL_TEXT.fullmatch(value):
        raise NotExact("must be a number or a decimal string")
    number = Decimal(value)
    if not number.is_finite():
        raise NotExact("must be a finite number")
    if number and number.adjusted() >= limit.adjusted():
        raise NotExact(f"must be smaller than 10^{limit.adjusted()} in magnitude")
    if decimal_places(number) > places:
        raise NotExact(f"must have at most {places} decimal places")
    return number


def decimal_places(number: Decimal) -> int:
    """Decimal places that carry a digit: 2 for 1.50 and 1.5e-1, 0 for 100 and 1e3; trailing zeros do not count."""
    exponent = number.normalize(EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def plain(number: Decimal) -> str:
    """Write a decimal for JSON: no exponent, no trailing zeros, no negative zero (`"1847"`, `"0.002"`, `"0"`)."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
