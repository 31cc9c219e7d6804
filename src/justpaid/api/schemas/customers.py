"""Customers on the wire."""

from typing import Any

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.customers import Customer


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


class CustomerIn(CustomerFields):
    """`external_id` or `name` is required."""


class CustomerPatch(CustomerFields):
    """Only the fields that are sent change; null clears `external_id`, `email` or `address`.

    A former external id stays as an alias unless `aliases` are sent too, so that events sent under it are still billed.
    """

    def changes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


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
            created_at=customer.created_at,
            updated_at=customer.updated_at,
        )
