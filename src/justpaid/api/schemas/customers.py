"""Customers on the wire."""

from typing import Any, cast

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.customers import Customer
from justpaid.taxes import TAX_ID_TYPES, TaxStatus


class TaxIdIn(Input):
    type: str = Field(examples=["eu_vat"], description="One of " + ", ".join(TAX_ID_TYPES) + ".")
    value: str = Field(examples=["DE136695976"], description="Checked by form and check digits, offline.")


class TaxIdOut(Output):
    type: str
    value: str


class CustomerFields(Input):
    """The fields that a client may set. Their limits are checked by `justpaid.customers`."""

    external_id: str | None = Field(default=None, description="Your own id of the customer, unique.", examples=["acme"])
    name: str | None = Field(default=None, description="Defaults to the external id.", examples=["Acme Inc."])
    email: str | None = Field(default=None, examples=["billing@acme.example"])
    currency: str | None = Field(
        default=None, description="ISO 4217; defaults to the organisation's.", examples=["EUR"]
    )
    timezone: str | None = Field(
        default=None, description="IANA name; defaults to the organisation's.", examples=["Europe/Berlin"]
    )
    address: dict[str, str] | None = Field(
        default=None,
        description="Any of line1, line2, city, state, postal_code and country (two letters).",
        examples=[{"line1": "1 Main St", "city": "Springfield", "country": "US"}],
    )
    metadata: dict[str, str] = Field(default_factory=dict, description="Up to 50 pairs of text.")
    aliases: list[str] = Field(default_factory=list, description="Further keys that events may name the customer by.")
    tax_status: str = Field(
        default="taxable",
        description="taxable, exempt, or reverse_charge, which needs a tax id.",
        examples=["taxable"],
    )
    tax_ids: list[TaxIdIn] = Field(default_factory=list)
    tax_rates: list[str] | None = Field(
        default=None, description="Keys of its own tax rates; null: the default rates of where it is."
    )
    net_days: int | None = Field(default=None, description="Days from issue to due; null: the organisation's.")
    po_number: str | None = Field(default=None, description="Quoted on its invoices.")
    consolidate_invoices: bool | None = Field(
        default=None,
        description="Whether what falls due at the same time shares an invoice; null: as the organisation has set it.",
    )

    def fields(self) -> dict[str, Any]:
        tax_ids = None if self.tax_ids is None else [dict(tax_id) for tax_id in self.tax_ids]
        return {**dict(self), "tax_ids": tax_ids}


class CustomerIn(CustomerFields):
    """`external_id` or `name` is required."""


class CustomerPatch(CustomerFields):
    """Only the fields that are sent change; null clears `external_id`, `email` or `address`.

    A former external id stays as an alias unless `aliases` are sent too, so that events sent under it are still billed.
    """

    def changes(self) -> dict[str, Any]:
        return {name: value for name, value in self.fields().items() if name in self.model_fields_set}


class CustomerOut(Output):
    id: str
    external_id: str | None
    name: str
    email: str | None
    currency: str
    timezone: str
    address: dict[str, str] | None
    metadata: dict[str, str]
    aliases: list[str]
    tax_status: TaxStatus
    tax_ids: list[TaxIdOut]
    tax_rates: list[str] | None
    net_days: int | None
    po_number: str | None
    consolidate_invoices: bool | None
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, customer: Customer, aliases: list[str]) -> "CustomerOut":
        return cls(
            id=customer.id,
            external_id=customer.external_id,
            name=customer.name,
            email=customer.email,
            currency=customer.currency,
            timezone=customer.timezone,
            address=customer.address,
            metadata=customer.metadata_,
            aliases=aliases,
            tax_status=cast(TaxStatus, customer.tax_status),
            tax_ids=[TaxIdOut(**tax_id) for tax_id in customer.tax_ids],
            tax_rates=customer.tax_rates,
            net_days=customer.net_days,
            po_number=customer.po_number,
            consolidate_invoices=customer.consolidate_invoices,
            created_at=customer.created_at,
            updated_at=customer.updated_at,
        )
