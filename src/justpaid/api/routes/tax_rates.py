"""Tax rates."""

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.tax_rates import TaxRateIn, TaxRateOut, TaxRatePatch
from justpaid.api.unit_of_work import Unit
from justpaid.taxes import create_rate, find_rate, list_rates, update_rate

router = new_router("taxes", "/v1/tax-rates")


@router.post("", status_code=201)
def create_tax_rate(body: TaxRateIn, unit: Unit) -> TaxRateOut:
    """Make a tax rate."""
    return TaxRateOut.of(create_rate(unit.session, unit.organisation_id, body.new()))


@router.get("")
def list_tax_rates(unit: Unit, paging: Paging) -> Page[TaxRateOut]:
    """All tax rates, newest first."""
    rates = list_rates(unit.session, limit=paging.fetch, before_id=paging.before_id("txr"))
    return paging.page(rates, TaxRateOut.of)


@router.get("/{tax_rate}")
def get_tax_rate(tax_rate: str, unit: Unit) -> TaxRateOut:
    """One tax rate, by its key or id."""
    return TaxRateOut.of(find_rate(unit.session, tax_rate))


@router.patch("/{tax_rate}")
def update_tax_rate(tax_rate: str, body: TaxRatePatch, unit: Unit) -> TaxRateOut:
    """Rename a rate, make it a default, or take it out of use. Issued invoices stay as they are."""
    return TaxRateOut.of(update_rate(unit.session, find_rate(unit.session, tax_rate), body.changes()))
