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
    product = create(unit.session, unit.organisation_id, key=body.key, name=body.name, description=body.description)
    return ProductOut.of(product)


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
    sent = body.model_fields_set
    change_product(
        unit.session,
        found,
        name=body.name if "name" in sent else found.name,
        description=body.description if "description" in sent else found.description,
    )
    return ProductOut.of(found)
