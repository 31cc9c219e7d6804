"""Granting credits, reading grants, and voiding what is left of one."""

from typing import Annotated

from fastapi import Query

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.credits import CreditGrantIn, CreditGrantOut
from justpaid.api.unit_of_work import Unit
from justpaid.credits import NewGrant, Rollover, find_grant, grant_credits, list_grants, post_expired, void_grant
from justpaid.customers import find_customer
from justpaid.invoicing import issue_top_ups

router = new_router("credits", "/v1/credit-grants")


@router.post("", status_code=201)
def create_credit_grant(body: CreditGrantIn, unit: Unit) -> CreditGrantOut:
    """Grant credits to a customer. Invoices draw them when they are finalised."""
    now = unit.now()
    fields = dict(body)
    customer = find_customer(unit.session, fields.pop("customer_id"))
    rollover = fields.pop("rollover")
    new = NewGrant(**fields, rollover=Rollover(**dict(rollover)) if rollover else None)
    return CreditGrantOut.of(grant_credits(unit.session, customer, new, now), now)


@router.get("")
def list_credit_grants(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[CreditGrantOut]:
    """All grants, or one customer's, newest first."""
    now = unit.now()
    found = list_grants(
        unit.session,
        unit.organisation_id,
        now,
        limit=paging.fetch,
        before_id=paging.before_id("grant"),
        customer_id=find_customer(unit.session, customer_id).id if customer_id is not None else None,
    )
    return paging.page(found, lambda grant: CreditGrantOut.of(grant, now))


@router.get("/{grant_id}")
def get_credit_grant(grant_id: str, unit: Unit) -> CreditGrantOut:
    """One grant."""
    now = unit.now()
    grant = find_grant(unit.session, grant_id)
    post_expired(unit.session, unit.organisation_id, now, customers=[grant.customer_id])
    return CreditGrantOut.of(grant, now)


@router.post("/{grant_id}/void")
def void_credit_grant(grant_id: str, unit: Unit) -> CreditGrantOut:
    """Withdraw what is left of a grant; what invoices have drawn stays drawn."""
    now = unit.now()
    void = void_grant(unit.session, find_grant(unit.session, grant_id), now)
    issue_top_ups(unit.session, unit.organisation_id, now)
    return CreditGrantOut.of(void, now)
