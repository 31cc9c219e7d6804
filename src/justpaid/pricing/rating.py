"""What rating gives: an exact amount and the steps that a person can check with pencil and paper."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from justpaid.kernel.decimals import EXACT, plain
from justpaid.kernel.money import round_to_minor


@dataclass(frozen=True, slots=True)
class Step:
    """One line of arithmetic: `quantity × unit_amount = amount`, unrounded. A fee or an adjustment has quantity 1."""

    description: str
    quantity: Decimal
    unit_amount: Decimal
    amount: Decimal

    @classmethod
    def of(cls, description: str, quantity: Decimal, unit_amount: Decimal) -> Self:
        return cls(description, quantity, unit_amount, EXACT.multiply(quantity, unit_amount))

    @classmethod
    def once(cls, description: str, amount: Decimal) -> Self:
        return cls.of(description, Decimal(1), amount)

    def as_json(self) -> dict[str, str]:
        return {
            "description": self.description,
            "quantity": plain(self.quantity),
            "unit_amount": plain(self.unit_amount),
            "amount": plain(self.amount),
        }


@dataclass(frozen=True, slots=True)
class Rating:
    """`amount_exact`, in major units and unrounded, is the sum of its steps; it can't be given apart from them."""

    steps: tuple[Step, ...]
    amount_exact: Decimal = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount_exact", total(self.steps))


def total(steps: tuple[Step, ...]) -> Decimal:
    amount = Decimal(0)
    for step in steps:
        amount = EXACT.add(amount, step.amount)
    return amount


def round_line(rating: Rating, currency: str) -> Decimal:
    """The line's amount: half up to the currency's minor unit, never a negative zero.

    Raises: UnknownCurrency.  Source: docs/guides/pricing.md, "Rounding".
    """
    return EXACT.plus(round_to_minor(rating.amount_exact, currency))
