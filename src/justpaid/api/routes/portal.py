"""What a visitor of the portal sees: one customer's own, by the code that answers the organisation."""

from typing import Annotated, Final

from fastapi import Query
from starlette.responses import Response

from justpaid.accounts import find_organisation, settings_of
from justpaid.api.paging import Page, Paging
from justpaid.api.portal_route import PortalUnit, Visit, portal_router
from justpaid.api.routes.invoices import CSV, PDF, document_for, file_response, shown
from justpaid.api.routes.usage import Asked, answered, as_csv
from justpaid.api.schemas.credits import BalancesOut, LedgerEntryOut
from justpaid.api.schemas.estimates import EstimateOut
from justpaid.api.schemas.invoices import InvoiceOut
from justpaid.api.schemas.portal import (
    DayOut,
    PastPeriodOut,
    PortalCreditsOut,
    PortalEstimatesOut,
    PortalMeOut,
    PortalMeterOut,
    PortalMetersOut,
    PortalPeriodsOut,
)
from justpaid.api.schemas.subscriptions import SubscriptionOut
from justpaid.api.schemas.summaries import CostOut
from justpaid.api.schemas.usage import UsageOut
from justpaid.contracts import list_subscriptions
from justpaid.credits import balances_of, post_expired
from justpaid.insights import costs_of, running_estimates
from justpaid.invoicing import Invoice, find_invoice, list_invoices, pending_charges, render_csv, render_pdf
from justpaid.kernel.errors import NotFound
from justpaid.ledger import list_entries
from justpaid.metering import Meter, Metering, definition_of, find_meter, list_meters
from justpaid.portal import MAX_DAYS, MAX_PERIODS, days_with_spikes, past_periods

router = portal_router()

#: As for usage and estimates of the organisation, so that all show the same number.
_FRESH_WITHIN_S: Final = 1.0
#: What has no number yet, or never gets one, is the organisation's own business.
_ISSUED: Final = ("finalized", "paid", "void", "uncollectible")


@router.get("/me")
def get_portal(unit: Visit) -> PortalMeOut:
    """Who looks at whose page, and how it shall look."""
    assert unit.visitor is not None
    organisation = find_organisation(unit.session, unit.organisation_id)
    return PortalMeOut.of(unit.visitor, unit.customer(), organisation, unit.now())


@router.get("/meters")
def list_portal_meters(unit: Visit) -> PortalMetersOut:
    """What usage can be asked of."""
    hidden = hidden_meters(unit)
    found = [meter for meter in list_meters(unit.session, limit=1000) if meter.key not in hidden]
    return PortalMetersOut(data=[PortalMeterOut.of(meter) for meter in sorted(found, key=lambda meter: meter.key)])


@router.get("/usage")
def get_portal_usage(asked: Asked, unit: Visit) -> UsageOut:
    """As `GET /v1/usage`, of the customer."""
    require_shown(unit, asked.meter)
    return answered(unit, asked, unit.customer_id)


@router.get("/usage.csv", response_class=Response, responses=file_response(CSV))
def get_portal_usage_csv(asked: Asked, unit: Visit) -> Response:
    """The same as a table."""
    require_shown(unit, asked.meter)
    return as_csv(answered(unit, asked, unit.customer_id), asked)


@router.get("/subscriptions")
def list_portal_subscriptions(unit: Visit, paging: Paging) -> Page[SubscriptionOut]:
    """The customer's subscriptions, newest first."""
    found = list_subscriptions(
        unit.session, limit=paging.fetch, before_id=paging.before_id("sub"), customer_id=unit.customer_id
    )
    now = unit.now()
    return paging.page(found, lambda subscription: SubscriptionOut.of(subscription, now))


@router.get("/estimates")
def get_portal_estimates(unit: Visit) -> PortalEstimatesOut:
    """What the running periods cost so far, line by line, and at their ends if usage goes on as it did."""
    metering = _fresh(unit)
    now = unit.now()
    estimates = running_estimates(unit.session, metering, unit.customer(), now)
    return PortalEstimatesOut(
        as_of=now,
        cost=[CostOut.of(cost) for cost in costs_of([one for _, one in estimates])],
        data=[EstimateOut.of(subscription_id, one) for subscription_id, one in estimates],
    )


@router.get("/periods")
def list_portal_periods(
    unit: Visit,
    meter: Annotated[str | None, Query(description="Key or id of a meter; without one only costs are told.")] = None,
    count: Annotated[int, Query(ge=1, le=MAX_PERIODS, description="Periods, the running one included.")] = 6,
    days: Annotated[int, Query(ge=1, le=MAX_DAYS, description="Days to look for spikes in, today included.")] = 60,
) -> PortalPeriodsOut:
    """Periods beside each other, newest first, and days with those that stand out."""
    metering = _fresh(unit)
    customer, now = unit.customer(), unit.now()
    definition = None if meter is None else definition_of(require_shown(unit, meter))
    past = past_periods(unit.session, metering, customer, definition, now, count=count)
    told = days_with_spikes(unit.session, metering, customer, definition, now, count=days) if definition else []
    return PortalPeriodsOut(
        meter=definition.key if definition else None,
        timezone=customer.timezone,
        data=[PastPeriodOut.of(one) for one in past],
        days=[DayOut.of(day) for day in told],
    )


@router.get("/invoices")
def list_portal_invoices(unit: Visit, paging: Paging) -> Page[InvoiceOut]:
    """The customer's issued invoices, newest first."""
    found = list_invoices(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("inv"),
        customer_id=unit.customer_id,
        status=_ISSUED,
    )
    return paging.page(found, lambda invoice: shown(unit.session, invoice))


@router.get("/invoices/{invoice}")
def get_portal_invoice(invoice: str, unit: Visit) -> InvoiceOut:
    """One of them, by its id or number."""
    return shown(unit.session, _own_invoice(unit, invoice))


@router.get("/invoices/{invoice}/pdf", response_class=Response, responses=file_response(PDF))
def get_portal_invoice_pdf(invoice: str, unit: Visit) -> Response:
    """As a document."""
    document, headers = document_for(unit.session, _own_invoice(unit, invoice), "pdf")
    return Response(render_pdf(document), headers=headers, media_type=PDF)


@router.get("/invoices/{invoice}/csv", response_class=Response, responses=file_response(CSV))
def get_portal_invoice_csv(invoice: str, unit: Visit) -> Response:
    """Its lines and their steps as a table."""
    document, headers = document_for(unit.session, _own_invoice(unit, invoice), "csv")
    return Response(render_csv(document), headers=headers, media_type=CSV)


@router.get("/credits")
def get_portal_credits(unit: Visit, paging: Paging) -> PortalCreditsOut:
    """What the customer has in credits, how much of it is spoken for, and how it came and went."""
    metering = _fresh(unit)
    now, customer = unit.now(), unit.customer()
    post_expired(unit.session, unit.organisation_id, now, customers=[customer.id])
    balances = balances_of(unit.session, unit.organisation_id, customer.id, now)
    asked = pending_charges(unit.session, metering, customer, now)
    entries = list_entries(unit.session, customer.id, limit=paging.fetch, before_id=paging.before_id("entry"))
    page = paging.page(entries, LedgerEntryOut.of)
    return PortalCreditsOut(
        as_of=now,
        balances=BalancesOut.of(customer.id, customer.currency, balances, asked, now).data,
        data=page.data,
        next_cursor=page.next_cursor,
    )


def _fresh(unit: PortalUnit) -> Metering:
    metering: Metering = unit.installation.metering
    metering.catch_up(_FRESH_WITHIN_S)  # first, while no connection is held
    return metering


def hidden_meters(unit: PortalUnit) -> frozenset[str]:
    settings = settings_of(find_organisation(unit.session, unit.organisation_id).settings)
    return frozenset(settings.portal.hidden_meters)


def require_shown(unit: PortalUnit, reference: str) -> Meter:
    """Raises: NotFound, also for a meter that the organisation hides."""
    meter = find_meter(unit.session, reference)
    if meter.key in hidden_meters(unit):
        raise NotFound.of("meter", reference)
    return meter


def _own_invoice(unit: PortalUnit, reference: str) -> Invoice:
    """Raises: NotFound, also for another customer's and for one that is not issued."""
    invoice = find_invoice(unit.session, reference)
    if invoice.customer_id != unit.customer_id or invoice.status not in _ISSUED:
        raise NotFound.of("invoice", reference)
    return invoice
