"""Making, listing and revoking portal links."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.portal import NewPortalLinkOut, PortalLinkIn, PortalLinkOut
from justpaid.api.unit_of_work import Unit
from justpaid.customers import find_customer
from justpaid.kernel.errors import InvalidRequest
from justpaid.portal import create_portal_link as create
from justpaid.portal import list_portal_links as newest
from justpaid.portal import revoke_portal_link as revoke

router = new_router("portal", "/v1/portal-links")


@router.post("", status_code=201)
def create_portal_link(body: PortalLinkIn, request: Request, unit: Unit) -> NewPortalLinkOut:
    """A link by which whoever has it sees this customer's usage, costs and invoices. The token is shown once."""
    now = unit.installation.clock.now()  # links live by the real time
    if body.expires_at is not None and body.expires_in_s is not None:
        raise InvalidRequest.of("expires_in_s", "says the same as expires_at; send one of the two")
    expires_at = body.expires_at if body.expires_in_s is None else now + timedelta(seconds=body.expires_in_s)
    customer = find_customer(unit.session, body.customer_id)
    new = create(unit.session, customer, expires_at=expires_at, theme=body.theme, now=now)
    made = NewPortalLinkOut.made(new, unit.installation.settings.public_url or str(request.base_url))
    unit.replay_with = made.model_copy(update={"token": None, "url": None})
    return made


@router.get("")
def list_portal_links(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[PortalLinkOut]:
    """All portal links, or one customer's, newest first; without their tokens."""
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("ptl"),
        customer_id=find_customer(unit.session, customer_id).id if customer_id is not None else None,
    )
    return paging.page(found, PortalLinkOut.of)


@router.post("/{portal_link}/revoke")
def revoke_portal_link(portal_link: str, unit: Unit) -> PortalLinkOut:
    """From now on the link opens nothing."""
    return PortalLinkOut.of(revoke(unit.session, portal_link, unit.installation.clock.now()))
