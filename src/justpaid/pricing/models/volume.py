"""`volume`: the whole quantity at the rate of the tier that it falls in, plus that tier's flat amount.

The total can drop where a bound is passed; that is the model, not an error.
"""

from decimal import Decimal
from typing import Literal

from justpaid.pricing.models.metered import QuantityPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.tiers import Tiers, first_tier_credit, spans
from justpaid.pricing.wording import grouped, tier_range


class VolumePrice(QuantityPrice):
    model: Literal["volume"]
    tiers: Tiers

    def usage_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        span = next(span for span in spans(self.tiers) if span.reaches(quantity))
        tier = span.tier
        where = tier_range(span.lower, tier.up_to, quantity)
        place = f" (tier {span.number}: {where[0].lower()}{where[1:]})" if len(self.tiers) > 1 else ""
        description = f"All {grouped(quantity)} at {grouped(tier.rate)}{place}"
        return (Step.of(description, quantity, tier.rate), *tier.flat_steps(span.number))

    def credit_steps(self, quantity: Decimal) -> tuple[Step, ...]:
        return first_tier_credit(self.tiers, quantity)
