"""The minimum commitment: what fees and usage of a period lack of it is billed in arrears, as a true-up. Pure."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

from justpaid.invoicing.compose import Line, fee_line, total_of
from justpaid.invoicing.spans import Skeleton
from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.money import round_to_minor
from justpaid.kernel.period import Period
from justpaid.pricing import Step, grouped

KEY = "minimum_commitment"


def true_up(skeleton: Skeleton, lines: Sequence[Line], period: Period, currency: str) -> Line | None:
    """The line that brings `period` to its commitment; None where it needs none, or there is none.

    What counts towards it are the amounts billed for the period: `lines`, which this invoice has for it, and the fees
    that an earlier one billed in advance.
    """
    if not skeleton.committed:
        return None
    steps = [_commitment_step(amount, share) for amount, share in skeleton.committed]
    owed = round_to_minor(_sum(step.amount for step in steps), currency)
    reached = EXACT.add(total_of([fee_line(span, currency) for span in skeleton.billed]), total_of(lines))
    if reached >= owed:
        return None
    steps.append(Step.of("Fees and usage of the period", Decimal(-1), reached))
    return Line(
        description="Minimum commitment",
        price_key=KEY,
        meter=None,
        quantity=Decimal(1),
        unit_amount=None,
        amount=EXACT.subtract(owed, reached),
        amount_exact=_sum(step.amount for step in steps),
        period=period,
        steps=tuple(steps),
        groups=(),
    )


def _commitment_step(amount: Decimal, share: Fraction) -> Step:
    exact = EXACT.divide(Decimal(share.numerator), Decimal(share.denominator))
    quantity = EXACT.quantize(exact, Decimal(1).scaleb(-PLACES)) if share != 1 else Decimal(1)
    part = "" if share == 1 else " for a part of the period"
    return Step.of(f"Minimum commitment of {grouped(amount)}{part}", quantity, amount)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
