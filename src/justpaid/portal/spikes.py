"""Which days stand out.

A day is a spike where its usage is more than the mean of the 28 days before it plus three standard deviations of
these, and there was usage on at least seven of them: with fewer, there is no usual day yet. The standard deviation is
the population's, and days without usage count as 0. Everything is exact: no root is taken, squares are compared.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from justpaid.kernel.decimals import EXACT

TRAILING_DAYS: Final = 28
DEVIATIONS: Final = 3
LEAST_DAYS: Final = 7


def spikes(values: Sequence[Decimal]) -> list[bool]:
    """For each day, in order and without gaps, whether it is one. The first 28 never are."""
    return [
        place >= TRAILING_DAYS and _stands_out(value, values[place - TRAILING_DAYS : place])
        for place, value in enumerate(values)
    ]


def _stands_out(value: Decimal, before: Sequence[Decimal]) -> bool:
    """value > mean + 3σ, which is (n × value - sum)² > 9 × (n × sum of squares - sum²) where n × value > sum."""
    if sum(1 for each in before if each) < LEAST_DAYS:
        return False
    count = Decimal(len(before))
    total = squares = Decimal(0)
    for each in before:
        total = EXACT.add(total, each)
        squares = EXACT.add(squares, EXACT.multiply(each, each))
    above = EXACT.subtract(EXACT.multiply(count, value), total)
    spread = EXACT.subtract(EXACT.multiply(count, squares), EXACT.multiply(total, total))
    return above > 0 and EXACT.multiply(above, above) > EXACT.multiply(Decimal(DEVIATIONS**2), spread)
