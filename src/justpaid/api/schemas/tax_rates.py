"""Tax rates on the wire."""

from typing import Any

from pydantic import Field

from justpaid.api.values import ExactDecimal, Input, Instant, Output, PlainDecimal
from justpaid.taxes import NewTaxRate, TaxRate


class TaxRateIn(Input):
    """Its percentage never changes: what invoices were taxed by stays what it was."""

    key: str = Field(examples=["de-19"])
    name: str = Field(description="As invoices print it.", examples=["USt"])
    percent: ExactDecimal = Field(description="20 for 20 %.", examples=["19"])
    inclusive: bool = Field(default=False, description="Contained in prices, instead of added to them.")
    country: str | None = Field(default=None, description="Two letters; a default rate applies to customers there.")
    region: str | None = Field(default=None, description="The `state` of the customer's address.")
    default: bool = Field(default=False, description="For customers without rates of their own.")

    def new(self) -> NewTaxRate:
        return NewTaxRate(**dict(self))


class TaxRatePatch(Input):
    """Only the fields that are sent change. `active`: false takes the rate out of use."""

    name: str | None = None
    default: bool | None = None
    active: bool | None = None

    def changes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class TaxRateOut(Output):
    id: str
    key: str
    name: str
    percent: PlainDecimal
    inclusive: bool
    country: str | None
    region: str | None
    default: bool
    active: bool
    created_at: Instant

    @classmethod
    def of(cls, rate: TaxRate) -> "TaxRateOut":
        same = cls.model_fields.keys() - {"default"}
        return cls(default=rate.is_default, **{name: getattr(rate, name) for name in same})
