"""`per_unit`: quantity × rate."""

from decimal import Decimal
from typing import Literal

from justpaid.pricing.fields import Amount
from justpaid.pricing.models.metered import QuantityPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.wording import excess_of_corrections, grouped


class PerUnitPrice(QuantityPrice):
    model: Literal["per_unit"]
    unit_amount: Amount

    def usage_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        return (Step.of(f"{grouped(quantity)} at {grouped(self.unit_amount)}", quantity, self.unit_amount),)

    def credit_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        description = f"{excess_of_corrections(quantity)}: credited at {grouped(self.unit_amount)}"
        return (Step.of(description, quantity, self.unit_amount),)
