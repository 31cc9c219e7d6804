"""Make a customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from justpaid.accounts import find_organisation
from justpaid.customers.keys import claim, keys_named
from justpaid.customers.rules import check
from justpaid.customers.tables import Customer
from justpaid.customers.tax import check_tax, compact
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """`currency` and `timezone` default to the organisation's, `name` to the external id."""

    external_id: str | None = None
    name: str | None = None
    email: str | None = None
    currency: str | None = None
    timezone: str | None = None
    address: Mapping[str, str] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    tax_status: str = "taxable"
    tax_ids: list[dict[str, str]] = field(default_factory=list)
    tax_rates: list[str] | None = None
    net_days: int | None = None
    po_number: str | None = None
    consolidate_invoices: bool | None = None


def create_customer(session: Session, organisation_id: str, new: NewCustomer) -> Customer:
    """Raises: InvalidRequest; Conflict if a key means another customer; NotFound for the organisation."""
    organisation = find_organisation(session, organisation_id)
    name = new.external_id if new.name is None else new.name
    if name is None:
        raise InvalidRequest.of("name", "is required where there is no external_id", code="missing")
    fields = {
        "external_id": new.external_id,
        "name": name,
        "email": new.email,
        "currency": organisation.currency if new.currency is None else new.currency,
        "timezone": organisation.timezone if new.timezone is None else new.timezone,
        "address": None if new.address is None else dict(new.address),
        "metadata": dict(new.metadata),
        "tax_status": new.tax_status,
        "tax_ids": new.tax_ids,
        "tax_rates": new.tax_rates,
        "net_days": new.net_days,
        "po_number": new.po_number,
        "consolidate_invoices": new.consolidate_invoices,
    }
    check({**fields, "aliases": new.aliases})
    check_tax(session, new.tax_status, new.tax_ids, new.tax_rates)
    fields["tax_ids"] = compact(new.tax_ids)
    fields["metadata_"] = fields.pop("metadata")
    customer = Customer(id=new_id("cus"), organisation_id=organisation_id, **fields)
    session.add(customer)
    session.flush()
    claim(session, customer, keys_named(customer.id, new.external_id, new.aliases))
    return customer
