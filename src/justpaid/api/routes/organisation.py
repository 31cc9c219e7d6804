"""The organisation that the key acts for."""

from justpaid.accounts import find_organisation, update_organisation
from justpaid.api.route import router as new_router
from justpaid.api.schemas.accounts import OrganisationOut, OrganisationPatch
from justpaid.api.unit_of_work import Unit

router = new_router("accounts", "/v1/organisation")


@router.get("")
def get_organisation(unit: Unit) -> OrganisationOut:
    """For whom this key acts, and in which mode."""
    return OrganisationOut.of(find_organisation(unit.session, unit.organisation_id))


@router.patch("")
def change_organisation(body: OrganisationPatch, unit: Unit) -> OrganisationOut:
    """Change what is sent. Issued invoices stay as they are."""
    organisation = find_organisation(unit.session, unit.organisation_id)
    return OrganisationOut.of(update_organisation(unit.session, organisation, body.changes()))
