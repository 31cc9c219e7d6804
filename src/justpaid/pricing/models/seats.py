"""`seats`: the seats of the subscription × the rate, once a period."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from pydantic import field_validator

from justpaid.pricing.fields import Amount
from justpaid.pricing.models.base import BasePrice
from justpaid.pricing.rating import Rating, Step
from justpaid.pricing.usage import Usage, quantity_of
from justpaid.pricing.wording import grouped


class SeatsPrice(BasePrice):
    """`unit_amount` is the price of one seat for one period; `billing` as of a flat price."""

    model: Literal["seats"]
    meter: None = None
    unit_amount: Amount
    billing: Literal["advance", "arrears"] = "arrears"

    @field_validator("meter", mode="before")
    @classmethod
    def _no_meter(cls, meter: object) -> None:
        if meter is not None:
            raise ValueError("must be null: seats are the subscription's; to bill a metered level use per_unit")

    def rated(self, usage: Sequence[Usage]) -> Rating:
        """Units: the quantity of `usage` is seats."""
        seats: Decimal = quantity_of(usage)
        noun = "seat" if seats == 1 else "seats"
        return Rating((Step.of(f"{grouped(seats)} {noun} at {grouped(self.unit_amount)}", seats, self.unit_amount),))
