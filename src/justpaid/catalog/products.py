"""Make products, change their wording, and find them."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from justpaid.catalog.keys import check_key
from justpaid.catalog.tables import Product
from justpaid.kernel.errors import Conflict, NotFound
from justpaid.kernel.ids import new_id


def create_product(
    session: Session, organisation_id: str, *, key: str, name: str | None = None, description: str | None = None
) -> Product:
    """Raises: InvalidRequest; Conflict if the key is taken."""
    check_key(key)
    product = Product(
        id=new_id("prod"), organisation_id=organisation_id, key=key, name=name or key, description=description
    )
    session.add(product)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"A product with the key {key!r} exists. PATCH /v1/products/{key} changes its name.") from None
    session.refresh(product)
    return product


def change_product(session: Session, product: Product, *, name: str, description: str | None) -> None:
    product.name, product.description = name, description
    session.flush()


def find_product(session: Session, reference: str) -> Product:
    """The product with this key or id.  Raises: NotFound."""
    product = session.scalar(sa.select(Product).where(sa.or_(Product.key == reference, Product.id == reference)))
    if product is None:
        raise NotFound.of("product", reference)
    return product


def list_products(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Product]:
    """Newest first; those made before `before_id` where it is given."""
    query = sa.select(Product).order_by(Product.id.desc()).limit(limit)
    return session.scalars(query.where(Product.id < before_id) if before_id else query).all()
