"""The catalogue as one document: plans as code."""

from justpaid.api.route import router as new_router
from justpaid.api.schemas.catalog import AppliedOut, CatalogIn, CatalogOut, ChangeOut
from justpaid.api.unit_of_work import Unit
from justpaid.catalog import apply_catalog as apply
from justpaid.catalog import catalog_document

router = new_router("plans", "/v1/catalog")


@router.get("")
def get_catalog(unit: Unit) -> CatalogOut:
    """All products, and all plans as published. Applied as it is, it changes nothing."""
    return CatalogOut.model_validate(catalog_document(unit.session))


@router.post("/apply")
def apply_catalog(body: CatalogIn, unit: Unit) -> AppliedOut:
    """Make the catalogue what is declared, and say what differed. A new version is made only where terms changed."""
    changes = apply(
        unit.session,
        unit.organisation_id,
        body.declared_products(),
        [plan.declared() for plan in body.plans],
        dry_run=body.dry_run,
    )
    return AppliedOut(dry_run=body.dry_run, changes=[ChangeOut.of(change) for change in changes])
