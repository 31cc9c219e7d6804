"""Claiming the keys that mean a customer."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from justpaid.customers.find import owners_of
from justpaid.customers.tables import Customer, CustomerKey, KeyKind
from justpaid.kernel.errors import Conflict, FieldError


def keys_named(customer_id: str, external_id: str | None, aliases: list[str]) -> dict[str, KeyKind]:
    """Every key once; what an alias repeats keeps its first meaning."""
    keys: dict[str, KeyKind] = dict.fromkeys(aliases, "alias")
    if external_id is not None:
        keys[external_id] = "external_id"
    keys[customer_id] = "id"
    return keys


def claim(session: Session, customer: Customer, keys: Mapping[str, KeyKind]) -> None:
    """Make `keys` the customer's only ones.

    Raises: Conflict if one of them means another customer, also one that is being made at this moment.
    """
    owner = sa.and_(CustomerKey.organisation_id == customer.organisation_id, CustomerKey.customer_id == customer.id)
    session.execute(sa.delete(CustomerKey).where(owner))
    # In one order, so that two requests that claim the same keys wait for one another and not in a circle.
    rows = [
        {"organisation_id": customer.organisation_id, "customer_id": customer.id, "key": key, "kind": keys[key]}
        for key in sorted(keys)
    ]
    inserted = session.scalars(insert(CustomerKey).values(rows).on_conflict_do_nothing().returning(CustomerKey.key))
    taken = keys.keys() - set(inserted)
    if taken:
        raise _conflict(session, {key: keys[key] for key in sorted(taken)})


def _conflict(session: Session, taken: Mapping[str, KeyKind]) -> Conflict:
    owners = owners_of(session, taken)
    errors = [
        FieldError(
            "external_id" if kind == "external_id" else "aliases",
            f"{key!r} names the customer {owners.get(key, 'of another request')} already. "
            "Update that customer, or choose another key.",
            "taken",
        )
        for key, kind in taken.items()
    ]
    return Conflict(" ".join(error.message for error in errors), errors=errors)
