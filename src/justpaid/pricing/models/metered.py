"""Prices of metered usage, and the modifiers that all of them take: included quantity, minimum and maximum amount.

Order: the included quantity is taken off, the model prices what is left, then minimum and maximum bound the amount.
"""

from abc import abstractmethod
from collections.abc import Sequence
from decimal import Decimal

from pydantic import ValidationInfo, field_validator

from justpaid.kernel.decimals import EXACT, plain
from justpaid.pricing.conversion import Conversion
from justpaid.pricing.fields import Amount, Key, Quantity
from justpaid.pricing.models.base import BasePrice
from justpaid.pricing.rating import Rating, Step, total
from justpaid.pricing.usage import Usage, quantity_of
from justpaid.pricing.wording import NO_USAGE, grouped


class MeteredPrice(BasePrice):
    """`meter` is the key of a meter: required in a plan, needless where a quantity is given (evaluate)."""

    meter: Key | None = None
    included_quantity: Quantity | None = None
    minimum_amount: Amount | None = None
    maximum_amount: Amount | None = None

    @field_validator("maximum_amount")
    @classmethod
    def _not_below_minimum(cls, maximum: Decimal | None, info: ValidationInfo) -> Decimal | None:
        minimum = info.data.get("minimum_amount")
        if maximum is not None and minimum is not None and maximum < minimum:
            raise ValueError(f"must not be below minimum_amount ({plain(minimum)})")
        return maximum

    @property
    def priced_by(self) -> tuple[str, ...]:
        """The dimensions whose values decide the rate; the meter has to have them."""
        return ()

    @abstractmethod
    def steps(self, usage: Sequence[Usage]) -> tuple[Step, ...]:
        """The model's own arithmetic, after the included quantity; none where nothing was used."""

    def rated(self, usage: Sequence[Usage]) -> Rating:
        """Units: quantities in units of the meter.  Source: docs/guides/pricing.md, "Modifiers" and what follows."""
        steps = self.steps(usage) or (Step.of(NO_USAGE, Decimal(0), Decimal(0)),)
        return Rating(steps + self._bounding_steps(total(steps)))

    def included_steps(self, used: Decimal) -> tuple[Step, ...]:
        """What of the included quantity was `used`."""
        if not used or self.included_quantity is None:
            return ()
        return (Step.of(f"Included {grouped(self.included_quantity)}", used, Decimal(0)),)

    def _bounding_steps(self, amount: Decimal) -> tuple[Step, ...]:
        if self.minimum_amount is not None and amount < self.minimum_amount:
            top_up = EXACT.subtract(self.minimum_amount, amount)
            return (Step.once(f"Minimum of {grouped(self.minimum_amount)}", top_up),)
        if self.maximum_amount is not None and amount > self.maximum_amount:
            cut = EXACT.subtract(self.maximum_amount, amount)
            return (Step.once(f"Maximum of {grouped(self.maximum_amount)}", cut),)
        return ()


class QuantityPrice(MeteredPrice):
    """A price of the period's quantity as one number, whatever its parts. `conversion`: the unit that it counts in."""

    conversion: Conversion | None = None

    @abstractmethod
    def usage_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        """The model's own arithmetic for a quantity above 0 that is left after the included quantity."""

    @abstractmethod
    def credit_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        """What a quantity below 0 is worth: corrections that exceed the period's usage. At least one step."""

    def steps(self, usage: Sequence[Usage]) -> tuple[Step, ...]:
        metered = quantity_of(usage)
        quantity = self.conversion(metered) if self.conversion else metered
        if quantity < 0:
            return self.credit_steps(quantity)
        included = min(quantity, self.included_quantity or Decimal(0))
        left = EXACT.subtract(quantity, included)
        return self.included_steps(included) + (self.usage_steps(left) if left else ())
