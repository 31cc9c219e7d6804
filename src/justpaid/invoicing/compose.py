"""From a boundary of a subscription, and the quantities of its meters, to the lines of its bill. Pure.

The same composition makes the invoice, the estimate and the verification, so that they show the same number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from justpaid.catalog import Terms, is_in_advance
from justpaid.contracts import Subscription, period_from, period_until, schedule_of
from justpaid.kernel.decimals import EXACT, PLACES, plain
from justpaid.kernel.period import Period
from justpaid.pricing import FlatPrice, PerUnitPrice, Price, Rating, Step, rate, round_line


@dataclass(frozen=True, slots=True)
class Metered:
    """What a meter counted over a period: the quantity to price, and its parts by dimension values (label → part).

    `is_level`: a level averaged over the period, which a part of a full period counts for its share only.
    """

    quantity: Decimal
    groups: tuple[tuple[str, Decimal], ...] = ()
    is_level: bool = False


@dataclass(frozen=True, slots=True)
class Boundary:
    """What is billed when one period ends and the next begins: usage and arrears of `past`, advance fees of `next`."""

    at: datetime
    past: Period | None
    next: Period | None

    @property
    def period(self) -> Period:
        """The invoice's own period: the one that ended, or none at the subscription's start."""
        return self.past or Period(self.at, self.at)


@dataclass(frozen=True, slots=True)
class Line:
    """Amounts in the plan's currency; `amount` is rounded to its minor unit."""

    description: str
    price_key: str
    meter: str | None
    quantity: Decimal
    unit_amount: Decimal | None
    amount: Decimal
    amount_exact: Decimal
    period: Period
    steps: tuple[Step, ...]
    groups: tuple[tuple[str, Decimal], ...]

    def steps_as_json(self) -> list[dict[str, Any]]:
        return [step.as_json() for step in self.steps]

    def groups_as_json(self) -> list[dict[str, str]]:
        return [{"label": label, "quantity": plain(quantity)} for label, quantity in self.groups]


def boundary_at(subscription: Subscription, at: datetime) -> Boundary:
    return Boundary(at, period_until(subscription, at), period_from(subscription, at))


def compose_lines(
    subscription: Subscription, terms: Terms, boundary: Boundary, metered: Mapping[str, Metered]
) -> list[Line]:
    """The lines in the plan's order. `metered` holds, by meter key, the usage of `boundary.past`."""
    lines = []
    for price in terms.prices:
        period = boundary.next if is_in_advance(price) else boundary.past
        if period is None:
            continue
        if isinstance(price, FlatPrice):
            share = schedule_of(subscription).share(period)
            lines.append(_flat_line(price, period, share, terms.currency))
        else:
            found = metered.get(price.meter or "", Metered(Decimal(0)))
            if found.is_level:
                found = _for_share(found, schedule_of(subscription).share(period))
            lines.append(metered_line(price, period, found, terms.currency))
    return lines


def _for_share(level: Metered, share: Fraction) -> Metered:
    """10 seats over 27 of 31 days are 10 × 27 ÷ 31 for that month, as a flat fee would be its share."""
    if share == 1:
        return level
    exact = EXACT.divide(EXACT.multiply(level.quantity, Decimal(share.numerator)), Decimal(share.denominator))
    return replace(level, quantity=EXACT.quantize(exact, Decimal(1).scaleb(-PLACES)))


def metered_line(price: Price, period: Period, metered: Metered, currency: str) -> Line:
    unit_amount = price.unit_amount if isinstance(price, PerUnitPrice) else None
    return _line(price, period, metered.quantity, unit_amount, rate(price, metered.quantity), currency, metered.groups)


def _flat_line(price: FlatPrice, period: Period, share: Fraction, currency: str) -> Line:
    """The whole fee, or its share by elapsed time of a period that a start or an end cut short."""
    if share == 1:
        return _line(price, period, Decimal(1), price.amount, rate(price, Decimal(1)), currency)
    quantity = _rounded(share)
    rating = Rating((Step.of("Flat fee for a part of the period", quantity, price.amount),))
    return _line(price, period, quantity, price.amount, rating, currency)


def _line(
    price: Price,
    period: Period,
    quantity: Decimal,
    unit_amount: Decimal | None,
    rating: Rating,
    currency: str,
    groups: tuple[tuple[str, Decimal], ...] = (),
) -> Line:
    return Line(
        description=price.name,
        price_key=price.key,
        meter=price.meter,
        quantity=quantity,
        unit_amount=unit_amount,
        amount=round_line(rating, currency),
        amount_exact=rating.amount_exact,
        period=period,
        steps=rating.steps,
        groups=groups,
    )


def total_of(lines: Sequence[Line]) -> Decimal:
    """The sum of the rounded lines."""
    total = Decimal(0)
    for line in lines:
        total = EXACT.add(total, line.amount)
    return total


def _rounded(share: Fraction) -> Decimal:
    """To 12 places, half up, so that the line's arithmetic can be repeated from what it shows."""
    exact = EXACT.divide(Decimal(share.numerator), Decimal(share.denominator))
    return EXACT.quantize(exact, Decimal(1).scaleb(-PLACES))
