"""Telling events apart by what a fee on each of them would be: below its least, above its most, or between; and by how
far an allowance covers them in the order of time.

The text of a band begins with the events' rank for each price: 0 covered, 1 covered in part, 2 paid, 3 given back. In
the order of the text, parts come as `pricing.allowance` walks them: for every price, and for those before and after the
event where its allowance ends.
"""

from collections.abc import Sequence
from decimal import Decimal

from justpaid.kernel.decimals import plain
from justpaid.pricing import Allowance, Band

#: A value and a rate have 12 places each, so their product has 24: nothing is rounded before it is compared.
_PLACES = 12

#: SQL, over rows with the event's `worth`, Decimal(76, 12): how many events that give nothing back have come with this
#: one, and the value that they reach. Refunds use no allowance up.
IN_ORDER = (
    "countIf(worth >= 0) OVER in_order AS place, sum(greatest(worth, toDecimal256(0, 12))) OVER in_order AS reached"
)


def ordered(bands: Sequence[Band]) -> bool:
    """Whether `place` and `reached` are needed to tell the events apart."""
    return any(band.allowance for band in bands)


def band_of(bands: Sequence[Band]) -> str:
    """SQL: a text that two events share if they are alike in every band."""
    ranks = [_rank(band.allowance) for band in bands]
    return f"concat('', {', '.join((*ranks, *map(_place, bands)))})"


def _rank(allowance: Allowance | None) -> str:
    if allowance is None:
        return "if(worth < 0, '3', '2')"
    among = "1" if allowance.events is None else f"place <= {allowance.events}"
    if allowance.quantity is None:
        return f"multiIf(worth < 0, '3', {among}, '0', '2')"
    included = _decimal(allowance.quantity, _PLACES)
    partly = f"reached - worth < {included}"
    return f"multiIf(worth < 0, '3', NOT ({among}), '2', reached <= {included}, '0', {partly}, '1', '2')"


def _place(band: Band) -> str:
    fee = f"worth * {_decimal(band.rate, _PLACES)} + {_decimal(band.fixed, 2 * _PLACES)}"
    cases = ["worth < 0, '-'"]
    if band.least is not None:
        cases.append(f"{fee} < {_decimal(band.least, 2 * _PLACES)}, 'below'")
    if band.most is not None:
        cases.append(f"{fee} > {_decimal(band.most, 2 * _PLACES)}, 'above'")
    return f"multiIf({', '.join(cases)}, 'between')"


def _decimal(number: Decimal, places: int) -> str:
    return f"toDecimal256('{plain(number)}', {places})"
