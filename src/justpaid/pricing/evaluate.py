"""What a price makes of usage: the answer of `POST /v1/prices/evaluate`, and of every invoice line."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from justpaid.kernel.decimals import EXACT, PLACES, plain
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.pricing.models import Price
from justpaid.pricing.rating import Rating, Step, round_line
from justpaid.pricing.usage import Usage, quantity_of


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`amount` is rounded to the currency's minor unit, `amount_exact` is not; both are in major units.

    `effective_rate`: `amount_exact` for each unit, to 12 places; None where the quantity is 0.
    """

    amount: Decimal
    amount_exact: Decimal
    effective_rate: Decimal | None
    currency: str
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        """`amount` keeps the currency's places (`"100.00"`), the exact figures are plain (`"100"`)."""
        return {
            "amount": format(self.amount, "f"),
            "amount_exact": plain(self.amount_exact),
            "effective_rate": None if self.effective_rate is None else plain(self.effective_rate),
            "currency": self.currency,
            "steps": [step.as_json() for step in self.steps],
        }


def rate(price: Price, usage: Decimal | Sequence[Usage]) -> Rating:
    """The price's arithmetic for `usage`, unrounded; a quantity alone is one event without dimensions.

    Raises: ValueError if a quantity is not finite.
    """
    parts = [Usage.summed(usage)] if isinstance(usage, Decimal) else usage
    if not all(part.quantity.is_finite() for part in parts):
        raise ValueError("a quantity must be finite")
    return price.rated(parts)


def evaluate(price: Price, currency: str, usage: Sequence[Usage]) -> Evaluation:
    """Price the sum of `usage` as one line in `currency`.  Raises: InvalidRequest for an unknown currency."""
    try:
        minor_places(currency)
    except UnknownCurrency as unknown:
        raise InvalidRequest.of("currency", str(unknown)) from None
    rating = rate(price, usage)
    effective = _effective_rate(rating.amount_exact, quantity_of(usage))
    return Evaluation(round_line(rating, currency), rating.amount_exact, effective, currency, rating.steps)


def _effective_rate(amount: Decimal, quantity: Decimal) -> Decimal | None:
    if not quantity:
        return None
    return EXACT.quantize(EXACT.divide(amount, quantity), Decimal(1).scaleb(-PLACES))
