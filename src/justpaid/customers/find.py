"""From a reference to its customer, and from customers to the keys that events name them by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.customers.tables import Customer, CustomerKey, KeyKind
from justpaid.kernel.errors import NotFound

_LITERALLY: Final = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


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


Sort = Literal["created_at", "-created_at", "name", "-name"]


def list_customers(
    session: Session, *, limit: int, before_id: str | None = None, search: str | None = None, sort: Sort = "-created_at"
) -> Sequence[Customer]:
    """In the order of `sort`, newest first by default; those after the customer `before_id` where it is given.

    `search`: what name, external id or e-mail contain, without regard to case.
    """
    descending = sort.startswith("-")
    # Ids are in the order of their making.
    columns: list[sa.ColumnElement[str]] = [sa.type_coerce(Customer.id, sa.Text)]
    if sort.endswith("name"):
        columns.insert(0, sa.func.lower(Customer.name))
    query = sa.select(Customer).order_by(*(column.desc() if descending else column for column in columns)).limit(limit)
    if before_id is not None:
        last = sa.select(*columns).where(Customer.id == before_id).scalar_subquery()
        row = sa.tuple_(*columns)
        query = query.where(row < last if descending else row > last)
    if search:
        pattern = f"%{search.translate(_LITERALLY)}%"
        found = (Customer.name, Customer.external_id, Customer.email)
        query = query.where(sa.or_(*(column.ilike(pattern, escape="\\") for column in found)))
    return session.scalars(query).all()


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
