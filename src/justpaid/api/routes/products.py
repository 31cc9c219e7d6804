"""Making, reading and changing products."""

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.products import ProductIn, ProductOut, ProductPatch
from justpaid.api.unit_of_work import Unit
from justpaid.catalog import change_product, find_product
from justpaid.catalog import create_product as create
from justpaid.catalog import list_products as newest

router = new_router("plans", "/v1/products")


@router.post("", status_code=201)
def create_product(body: ProductIn, unit: Unit) -> ProductOut:
    """Make a product, for prices to name."""
    return ProductOut.of(create(unit.session, unit.organisation_id, **body.model_dump()))


@router.get("")
def list_products(unit: Unit, paging: Paging) -> Page[ProductOut]:
    """All products, newest first."""
    return paging.page(newest(unit.session, limit=paging.fetch, before_id=paging.before_id("prod")), ProductOut.of)


@router.get("/{product}")
def get_product(product: str, unit: Unit) -> ProductOut:
    """One product, by its key or id."""
    return ProductOut.of(find_product(unit.session, product))


@router.patch("/{product}")
def update_product(product: str, body: ProductPatch, unit: Unit) -> ProductOut:
    """Change the fields that are sent."""
    found = find_product(unit.session, product)
    change_product(unit.session, found, body.model_dump(exclude_unset=True))
    return ProductOut.of(found)
