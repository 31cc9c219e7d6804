"""What a price makes of usage: the answer of `POST /v1/prices/evaluate`, and of every invoice line."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from justpaid.kernel.decimals import EXACT, plain
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.pricing.fields import Number, Strict
from justpaid.pricing.models import Price
from justpaid.pricing.rating import Rating, Step, round_line


class Usage(Strict):
    """What was used: `quantity` in units of the meter, over `events` events, of one set of dimension values.

    The five models of today read the quantity alone; `events` and `dimensions` are there for those that need them.
    """

    quantity: Number
    events: Annotated[int, Field(ge=0)] = 1
    dimensions: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`amount` is rounded to the currency's minor unit, `amount_exact` is not; both are in major units."""

    amount: Decimal
    amount_exact: Decimal
    currency: str
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, Any]:
        """`amount` keeps the currency's places (`"100.00"`), the exact figures are plain (`"100"`)."""
        return {
            "amount": format(self.amount, "f"),
            "amount_exact": plain(self.amount_exact),
            "currency": self.currency,
            "steps": [step.as_json() for step in self.steps],
        }


def rate(price: Price, quantity: Decimal) -> Rating:
    """The price's arithmetic for `quantity`, unrounded.  Raises: ValueError if the quantity is not finite."""
    if not quantity.is_finite():
        raise ValueError("a quantity must be finite")
    return price.rate(quantity)


def evaluate(price: Price, currency: str, usage: Iterable[Usage]) -> Evaluation:
    """Price the sum of `usage` as one line in `currency`.  Raises: InvalidRequest for an unknown currency."""
    try:
        minor_places(currency)
    except UnknownCurrency as unknown:
        raise InvalidRequest.of("currency", str(unknown)) from None
    quantity = Decimal(0)
    for part in usage:
        quantity = EXACT.add(quantity, part.quantity)
    rating = rate(price, quantity)
    return Evaluation(round_line(rating, currency), rating.amount_exact, currency, rating.steps)
