"""Usage that came after its invoice was issued: what it comes to, and putting it right."""

from typing import Annotated, Final

from fastapi import Query

from justpaid.accounts import find_organisation, settings_of
from justpaid.api.paging import Page, Paging, cursor_after
from justpaid.api.route import router as new_router
from justpaid.api.schemas.late_usage import LateUsageIn, LateUsageOut
from justpaid.api.unit_of_work import Unit
from justpaid.customers import find_customer
from justpaid.invoicing import (
    Invoice,
    find_invoice,
    find_late_usage,
    live_corrections,
    refuse_uncorrectable,
)
from justpaid.invoicing import correct_late_usage as put_right
from justpaid.invoicing import list_late_usage as newest

router = new_router("late usage", "/v1")

_FRESH_WITHIN_S: Final = 1.0


@router.get("/late-usage")
def list_late_usage(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[LateUsageOut]:
    """Issued invoices with late usage that is not put right yet, newest first. A page looks at 500 invoices at most, so
    one with less than `limit` entries, or none, may have a next one."""
    unit.installation.metering.drain(_FRESH_WITHIN_S)  # first, while no connection is held
    customer = find_customer(unit.session, customer_id) if customer_id is not None else None
    late, seen = newest(
        unit.session,
        unit.installation.metering,
        limit=paging.limit,
        before_id=paging.before_id("inv"),
        customer_id=customer.id if customer else None,
    )
    live = live_corrections(unit.session, [one.invoice.id for one in late])
    data = [LateUsageOut.of(one, live.get(one.invoice.id, ())) for one in late]
    return Page(data=data, next_cursor=cursor_after(seen) if seen else None)


@router.get("/invoices/{invoice}/late-usage")
def get_late_usage(invoice: str, unit: Unit) -> LateUsageOut:
    """What the invoice would come to with the usage of now, less what it and its corrections billed."""
    found = find_invoice(unit.session, invoice)
    refuse_uncorrectable(found)
    return _shown(unit, found)


@router.post("/invoices/{invoice}/late-usage")
def correct_late_usage(invoice: str, unit: Unit, body: LateUsageIn | None = None) -> LateUsageOut:
    """Put it right, by the organisation's policy or by another one this once. Safe to repeat: what is put right is late
    no more."""
    found = find_invoice(unit.session, invoice)
    policy = body.policy if body else None
    if policy is None:
        settings = settings_of(find_organisation(unit.session, unit.organisation_id).settings)
        policy = settings.invoice.late_usage_policy
    put_right(unit.session, unit.installation.metering, found, policy, unit.now())
    return _shown(unit, found)


def _shown(unit: Unit, invoice: Invoice) -> LateUsageOut:
    (late,) = find_late_usage(unit.session, unit.installation.metering, [invoice])
    return LateUsageOut.of(late, live_corrections(unit.session, [invoice.id]).get(invoice.id, ()))
