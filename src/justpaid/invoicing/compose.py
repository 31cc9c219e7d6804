"""From what a boundary of a subscription charges, and the quantities of its meters, to the lines of its bill. Pure.

The same composition makes the invoice, the estimate and the verification, so that they show the same number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from justpaid.contracts import Charge
from justpaid.invoicing.spans import Skeleton, Span
from justpaid.invoicing.tables import InvoiceItem
from justpaid.kernel.decimals import EXACT, PLACES, plain
from justpaid.kernel.period import Period
from justpaid.pricing import PerUnitPrice, Price, Rating, SeatsPrice, Step, grouped, is_fee, rate, round_line, unit_fee
from justpaid.pricing import Usage as Part


@dataclass(frozen=True, slots=True)
class Metered:
    """What a meter counted over a period: its quantity, the parts that prices are applied to, and a breakdown by
    dimension values to be shown (label → part).

    `is_level`: a level averaged over the period, which a part of a full period counts for its share only.
    """

    quantity: Decimal
    groups: tuple[tuple[str, Decimal], ...] = ()
    is_level: bool = False
    parts: tuple[Part, ...] = ()


Usage = Mapping[tuple[str, Period], Metered]
"""By meter key and the period that was asked for; what is absent is zero."""


@dataclass(frozen=True, slots=True)
class Line:
    """Amounts in the plan's currency; `amount` is rounded to its minor unit. An invoice item's line has no price.

    `product`: the key of what the price sells. Where several subscriptions share an invoice, `subscription_id` and
    `plan_name` say whose line it is.
    """

    description: str
    price_key: str | None
    meter: str | None
    quantity: Decimal
    unit_amount: Decimal | None
    amount: Decimal
    amount_exact: Decimal
    period: Period
    steps: tuple[Step, ...]
    groups: tuple[tuple[str, Decimal], ...]
    item: InvoiceItem | None = None
    product: str | None = None
    subscription_id: str | None = None
    plan_name: str | None = None

    def steps_as_json(self) -> list[dict[str, Any]]:
        return [step.as_json() for step in self.steps]

    def groups_as_json(self) -> list[dict[str, str]]:
        return [{"label": label, "quantity": plain(quantity)} for label, quantity in self.groups]


def past_lines(skeleton: Skeleton, usage: Usage, currency: str) -> list[Line]:
    """What is billed for the period that ended: usage, fees in arrears, and corrections of fees in advance."""
    lines = [metered_charge(span, usage, currency) for span in skeleton.metered]
    lines += [fee_line(span, currency) for span in skeleton.arrears]
    lines += [_credited(fee_line(span, currency, " (unused time)")) for span in skeleton.unused]
    lines += [fee_line(span, currency, " (remaining time)") for span in skeleton.remaining]
    return lines


def upcoming_lines(skeleton: Skeleton, currency: str) -> list[Line]:
    """What is billed in advance for the period that begins."""
    return [fee_line(span, currency) for span in skeleton.upcoming]


def metered_charge(span: Span, usage: Usage, currency: str) -> Line:
    found = usage.get((span.charge.price.meter or "", span.period), Metered(Decimal(0)))
    if found.is_level:
        found = _for_share(found, span.share)
    return metered_line(span.charge.price, span.period, found, currency, key=span.charge.key)


def _for_share(level: Metered, share: Fraction) -> Metered:
    """10 seats over 27 of 31 days are 10 × 27 ÷ 31 for that month, as a flat fee would be its share."""
    if share == 1:
        return level
    exact = EXACT.divide(EXACT.multiply(level.quantity, Decimal(share.numerator)), Decimal(share.denominator))
    quantity = EXACT.quantize(exact, Decimal(1).scaleb(-PLACES))
    return replace(level, quantity=quantity, parts=(Part.summed(quantity),))


def metered_line(price: Price, period: Period, metered: Metered, currency: str, key: str | None = None) -> Line:
    """`key`: the charge's, where that is not the price's own."""
    unit_amount = price.unit_amount if isinstance(price, PerUnitPrice) else None
    rating = rate(price, metered.parts)
    return _line(price, period, metered.quantity, unit_amount, rating, currency, metered.groups, key=key)


def fee_line(span: Span, currency: str, suffix: str = "") -> Line:
    """The whole fee, or its share by elapsed time of a period that a start, a change or an end cut short."""
    charge, share = span.charge, span.share
    assert is_fee(charge.price)
    amount = unit_fee(charge.price)
    quantity = charge.units if share == 1 else _rounded(share * Fraction(charge.units))
    part = "" if share == 1 else " for a part of the period"
    step = Step.of(f"{_fee_noun(charge)}{part}", quantity, amount)
    line = _line(charge.price, span.period, quantity, amount, Rating((step,)), currency)
    return replace(line, price_key=charge.key, description=f"{charge.price.name}{suffix}")


def _fee_noun(charge: Charge) -> str:
    if isinstance(charge.price, SeatsPrice):
        return f"{grouped(charge.units)} {'seat' if charge.units == 1 else 'seats'}"
    return "Flat fee" if charge.units == 1 else f"{grouped(charge.units)} × flat fee"


def _credited(line: Line) -> Line:
    """The same line as a credit; half a cent is rounded away from zero on both sides, so that they cancel out."""
    steps = tuple(
        replace(step, quantity=EXACT.minus(step.quantity), amount=EXACT.minus(step.amount)) for step in line.steps
    )
    return replace(
        line,
        quantity=EXACT.minus(line.quantity),
        amount=EXACT.minus(line.amount),
        amount_exact=EXACT.minus(line.amount_exact),
        steps=steps,
    )


def _line(
    price: Price,
    period: Period,
    quantity: Decimal,
    unit_amount: Decimal | None,
    rating: Rating,
    currency: str,
    groups: tuple[tuple[str, Decimal], ...] = (),
    *,
    key: str | None = None,
) -> Line:
    return Line(
        description=price.name,
        price_key=key or price.key,
        meter=price.meter,
        quantity=quantity,
        unit_amount=unit_amount,
        amount=round_line(rating, currency),
        amount_exact=rating.amount_exact,
        period=period,
        steps=rating.steps,
        groups=groups,
        product=price.product,
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
