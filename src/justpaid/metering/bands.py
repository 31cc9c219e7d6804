"""Telling events apart by what a fee on each of them would be: below its least, above its most, or between."""

from collections.abc import Sequence
from decimal import Decimal

from justpaid.kernel.decimals import plain
from justpaid.pricing import Band

#: A value and a rate have 12 places each, so their product has 24: nothing is rounded before it is compared.
_PLACES = 12


def band_of(value: str, bands: Sequence[Band]) -> str:
    """SQL: a text that two events share if their values, Nullable(Decimal(38, 12)), are alike in every band."""
    return f"concat('', {', '.join(_place(value, band) for band in bands)})"


def _place(value: str, band: Band) -> str:
    number = f"ifNull({value}, toDecimal128(0, {_PLACES}))"
    fee = f"toDecimal256({number}, {_PLACES}) * {_decimal(band.rate, _PLACES)} + {_decimal(band.fixed, 2 * _PLACES)}"
    cases = [f"{number} < 0, '-'"]
    if band.least is not None:
        cases.append(f"{fee} < {_decimal(band.least, 2 * _PLACES)}, 'below'")
    if band.most is not None:
        cases.append(f"{fee} > {_decimal(band.most, 2 * _PLACES)}, 'above'")
    return f"multiIf({', '.join(cases)}, 'between')"


def _decimal(number: Decimal, places: int) -> str:
    return f"toDecimal256('{plain(number)}', {places})"
