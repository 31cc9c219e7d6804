"""`graduated`: each tier's share of the quantity at its rate, plus the flat amount of each tier that is entered."""

from decimal import Decimal
from typing import Literal

from justpaid.kernel.decimals import EXACT
from justpaid.pricing.models.metered import QuantityPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.tiers import Tiers, first_tier_credit, spans
from justpaid.pricing.wording import grouped, tier_range


class GraduatedPrice(QuantityPrice):
    model: Literal["graduated"]
    tiers: Tiers

    def usage_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        steps: list[Step] = []
        for span in spans(self.tiers):
            tier = span.tier
            reached = quantity if tier.up_to is None else min(quantity, tier.up_to)
            share = EXACT.subtract(reached, span.lower)
            description = f"{tier_range(span.lower, tier.up_to, quantity)} at {grouped(tier.rate)}"
            steps += (Step.of(description, share, tier.rate), *tier.flat_steps(span.number))
            if span.reaches(quantity):
                break
        return tuple(steps)

    def credit_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        return first_tier_credit(self.tiers, quantity)
