"""Make products, change their wording, and find them."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from justpaid.catalog.keys import check_key
from justpaid.catalog.tables import Product
from justpaid.kernel.errors import Conflict
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import by_reference, newest_first
from justpaid.taxes import check_known


def create_product(
    session: Session,
    organisation_id: str,
    *,
    key: str,
    name: str | None = None,
    description: str | None = None,
    tax_rates: Sequence[str] | None = None,
) -> Product:
    """Raises: InvalidRequest; Conflict if the key is taken."""
    check_key(key)
    product = Product(
        id=new_id("prod"),
        organisation_id=organisation_id,
        key=key,
        name=name or key,
        description=description,
        tax_rates=_checked(session, tax_rates),
    )
    session.add(product)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"A product with the key {key!r} exists. PATCH /v1/products/{key} changes its name.") from None
    session.refresh(product)
    return product


def change_product(session: Session, product: Product, changes: Mapping[str, Any]) -> None:
    """`name`, `description` and `tax_rates` may change; invoices that are issued keep what they say.

    Raises: InvalidRequest.
    """
    for name, value in changes.items():
        setattr(product, name, _checked(session, value) if name == "tax_rates" else value)
    session.flush()


def find_product(session: Session, reference: str) -> Product:
    """The product with this key or id.  Raises: NotFound."""
    return by_reference(session, Product, "product", reference)


def list_products(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Product]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(Product), Product.id, limit, before_id)


def product_taxes(session: Session) -> dict[str, list[str]]:
    """By the product's key, the tax rates of those products that have their own."""
    rows = session.execute(sa.select(Product.key, Product.tax_rates).where(Product.tax_rates.is_not(None)))
    return {key: rates for key, rates in rows if rates is not None}


def _checked(session: Session, tax_rates: Sequence[str] | None) -> list[str] | None:
    """Raises: InvalidRequest for one that is no active tax rate's key."""
    if tax_rates:
        check_known(session, "tax_rates", tax_rates)
    return None if tax_rates is None else list(tax_rates)
