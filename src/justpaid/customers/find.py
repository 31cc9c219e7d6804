"""From a reference to its customer, and from customers to the keys that events name them by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.customers.tables import Customer, CustomerKey, KeyKind
from justpaid.kernel.errors import NotFound


def find_customer(session: Session, reference: str) -> Customer:
    """`reference`: an id, external id or alias. Needs a session bound to one organisation.

    Raises: NotFound, also for another organisation's customer.
    """
    customer = session.scalar(
        sa.select(Customer)
        .join(CustomerKey, CustomerKey.customer_id == Customer.id)
        .where(CustomerKey.key == reference)
    )
    if customer is None:
        raise NotFound.of("customer", reference)
    return customer


def list_customers(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Customer]:
    """Newest first; those made before `before_id` where it is given."""
    query = sa.select(Customer).order_by(Customer.id.desc()).limit(limit)
    return session.scalars(query.where(Customer.id < before_id) if before_id else query).all()


def keys_of(session: Session, customers: Iterable[Customer], kind: KeyKind | None = None) -> dict[str, list[str]]:
    """The keys of each customer, by its id, in alphabetical order; of one `kind` only where it is given."""
    query = sa.select(CustomerKey.customer_id, CustomerKey.key).order_by(CustomerKey.key)
    ids = [customer.id for customer in customers]
    query = query.where(CustomerKey.customer_id.in_(ids))
    keys: dict[str, list[str]] = defaultdict(list, {one: [] for one in ids})
    for customer_id, key in session.execute(query.where(CustomerKey.kind == kind) if kind else query):
        keys[customer_id].append(key)
    return dict(keys)


def owners_of(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """The customer's id for each of these event keys that means one; the others are absent."""
    query = sa.select(CustomerKey.key, CustomerKey.customer_id).where(CustomerKey.key.in_(list(keys)))
    return {key: customer_id for key, customer_id in session.execute(query)}  # noqa: C416  (rows are no pairs to mypy)


def names_of_keys(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """The customer's name for each of these event keys that means one; the others are absent."""
    query = sa.select(CustomerKey.key, Customer.name).join(Customer, Customer.id == CustomerKey.customer_id)
    return {key: name for key, name in session.execute(query.where(CustomerKey.key.in_(list(keys))))}  # noqa: C416
