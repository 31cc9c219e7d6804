"""Change a customer."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.customers.find import find_customer, keys_of
from justpaid.customers.keys import claim, keys_named
from justpaid.customers.rules import check
from justpaid.customers.tables import Customer
from justpaid.customers.tax import check_tax, compact


def update_customer(session: Session, reference: str, changes: Mapping[str, Any]) -> Customer:
    """Set the fields in `changes`; None clears one that may be empty; `aliases`, `address` and `metadata` are replaced.

    A former external id stays as an alias, unless `changes` name the aliases too: events that were sent under it would
    otherwise no longer be billed.
    Raises: NotFound; InvalidRequest; Conflict if a key means another customer.
    """
    check(changes)
    customer = find_customer(session, reference)
    # Two updates at once would each replace the other's keys.
    session.execute(sa.select(Customer.id).where(Customer.id == customer.id).with_for_update())
    session.refresh(customer)
    if "external_id" in changes or "aliases" in changes:
        external_id = changes.get("external_id", customer.external_id)
        aliases = changes["aliases"] if "aliases" in changes else keys_of(session, [customer])[customer.id]
        claim(session, customer, keys_named(customer.id, external_id, aliases))
    if changes.keys() & {"tax_status", "tax_ids", "tax_rates"}:
        tax_ids = changes.get("tax_ids", customer.tax_ids)
        check_tax(session, changes.get("tax_status", customer.tax_status), tax_ids, changes.get("tax_rates"))
        changes = {**changes, "tax_ids": compact(tax_ids)}
    for name, value in changes.items():
        if name != "aliases":
            setattr(customer, "metadata_" if name == "metadata" else name, value)
    session.flush()
    return customer
