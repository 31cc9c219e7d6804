"""How much of an invoice's lines a credit note takes, and the tax that goes with it. Pure.

Tax is reversed in proportion to what has been credited of a line *in all*: each note gets the difference to what the
notes before it got. So notes in any number of parts never exceed the line and sum to it exactly when all is credited.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from justpaid.invoicing.totals import LineTax, allocate
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.money import round_to_minor


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a line: `amount` in the line's own terms, after its discount; `taxes`, added or contained."""

    amount: Decimal
    taxes: tuple[LineTax, ...] = ()

    @property
    def tax(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes if not tax.rate.inclusive), Decimal(0))

    @property
    def total(self) -> Decimal:
        return EXACT.add(self.amount, self.tax)


@dataclass(frozen=True, slots=True)
class Creditable:
    """A line of an invoice, and the portions of it that were credited before; its taxes name the same rates."""

    whole: Portion
    credited: tuple[Portion, ...] = ()

    @property
    def left(self) -> Decimal:
        return self.whole.amount - sum((portion.amount for portion in self.credited), Decimal(0))

    @property
    def total_left(self) -> Decimal:
        return self.whole.total - sum((portion.total for portion in self.credited), Decimal(0))

    def credited_of(self, position: int) -> Decimal:
        return sum((portion.taxes[position].amount for portion in self.credited), Decimal(0))


def credit_of(line: Creditable, amount: Decimal, currency: str) -> Portion:
    """`amount`, in the line's own terms, with its tax. The caller has checked that so much is left."""
    reached = _reached(line, amount)
    taxes = []
    for position, tax in enumerate(line.whole.taxes):
        due = round_to_minor(_decimal(Fraction(tax.amount) * reached), currency)
        rest = EXACT.subtract(due, line.credited_of(position))
        # Short of the whole, a note that was made by its total may be a minor unit ahead of the proportion.
        taxes.append(LineTax(tax.rate, rest if reached == 1 or tax.amount < 0 else max(Decimal(0), rest)))
    return Portion(amount, tuple(taxes))


def _reached(line: Creditable, amount: Decimal) -> Fraction:
    """The part of the line that is credited once `amount` is."""
    if not line.whole.amount:
        return Fraction(1)
    return 1 - (Fraction(line.left) - Fraction(amount)) / Fraction(line.whole.amount)


def credit_total(lines: Sequence[Creditable], total: Decimal, currency: str) -> list[Portion]:
    """Spread `total`, tax included, over what is left of the lines that charge, in proportion to it.

    Raises: InvalidRequest if less is left.
    """
    left = [max(Decimal(0), line.total_left) for line in lines]
    there = sum(left, Decimal(0))
    most = sum((line.total_left for line in lines), Decimal(0))  # less where the invoice holds credits
    if total > most:
        raise InvalidRequest.of("amount", f"only {max(most, Decimal(0))} of the invoice is left to credit")
    parts = allocate([Fraction(total) * Fraction(one) / Fraction(there) for one in left], currency)
    return [_with_tax_in_it(line, part, currency) for line, part in zip(lines, parts, strict=True)]


def _with_tax_in_it(line: Creditable, total: Decimal, currency: str) -> Portion:
    """The portion of the line that comes to `total`: its amount by proportion, and its added taxes take the rest."""
    if total == line.total_left:
        return credit_of(line, line.left, currency)
    net = round_to_minor(_decimal(Fraction(total) * Fraction(line.left) / Fraction(line.total_left)), currency)
    added = [tax for tax in line.whole.taxes if not tax.rate.inclusive]
    weight = sum((Fraction(tax.amount) for tax in added), Fraction(0))
    shares = [Fraction(total - net) * Fraction(tax.amount) / weight if weight else Fraction(0) for tax in added]
    taxes = iter(allocate(shares, currency))
    contained = credit_of(line, net, currency)
    return Portion(
        net,
        tuple(tax if tax.rate.inclusive else LineTax(tax.rate, next(taxes)) for tax in contained.taxes),
    )


def _decimal(amount: Fraction) -> Decimal:
    return EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator))
