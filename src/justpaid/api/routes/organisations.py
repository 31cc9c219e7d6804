"""Making a further organisation. The one that a request acts for is in `organisation`."""

from justpaid.accounts import find_user, found_organisations
from justpaid.api.person_route import Visiting, person_router
from justpaid.api.schemas.people import MembershipOut, NewOrganisationIn

router = person_router("/v1/organisations")


@router.post("", status_code=201)
def create_organisation(body: NewOrganisationIn, visit: Visiting) -> MembershipOut:
    """Make a pair of organisations, in test and in live mode, that the user owns. `POST /v1/auth/organisation` then
    switches to one of them."""
    person = visit.person
    with visit.database.system() as session:
        pair = found_organisations(session, find_user(session, person.user_id), body.name, visit.now())
        made = next(organisation for organisation in pair if organisation.mode == body.mode)
    return MembershipOut(id=made.id, name=made.name, mode=made.mode, role="owner")
