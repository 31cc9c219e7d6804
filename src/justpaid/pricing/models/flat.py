"""`flat`: the amount, once a period, whatever was used."""

from collections.abc import Sequence
from typing import Literal

from pydantic import field_validator

from justpaid.pricing.fields import Amount
from justpaid.pricing.models.base import BasePrice
from justpaid.pricing.rating import Rating, Step
from justpaid.pricing.usage import Usage


class FlatPrice(BasePrice):
    """`billing`: due at the period's start (`advance`) or at its end (`arrears`)."""

    model: Literal["flat"]
    meter: None = None
    amount: Amount
    billing: Literal["advance", "arrears"] = "arrears"

    @field_validator("meter", mode="before")
    @classmethod
    def _no_meter(cls, meter: object) -> None:
        if meter is not None:
            raise ValueError("must be null: a flat price does not depend on usage; use per_unit to bill a meter")

    def rated(self, usage: Sequence[Usage]) -> Rating:
        """One period's amount, whatever was used."""
        return Rating((Step.once("Flat fee", self.amount),))
