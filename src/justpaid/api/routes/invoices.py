"""Reading invoices, as JSON, PDF or CSV; drafting, finalising and closing them; proving them."""

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from justpaid.accounts import find_organisation
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.invoices import InvoiceIn, InvoiceOut, InvoicePatch, InvoiceStatus, VerificationOut
from justpaid.api.schemas.usage import QueryInstant
from justpaid.api.unit_of_work import Unit
from justpaid.catalog import PlanVersion
from justpaid.customers import find_customer
from justpaid.invoicing import (
    Invoice,
    InvoiceDocument,
    add_item,
    change_draft,
    create_one_off,
    document_of,
    finalize_invoice,
    find_invoice,
    mark_uncollectible,
    refresh_invoice,
    render_csv,
    render_pdf,
    verify,
    void_invoice,
)
from justpaid.invoicing import list_invoices as newest

router = new_router("invoices", "/v1/invoices")

PDF = "application/pdf"
CSV = "text/csv"


@router.post("", status_code=201)
def create_invoice(body: InvoiceIn, unit: Unit) -> InvoiceOut:
    """Draft a one-off invoice of items. Finalise it to issue it."""
    customer = find_customer(unit.session, body.customer_id)
    currency = body.currency or customer.currency
    now = unit.now()
    items = [
        add_item(unit.session, customer, item.new(), currency=currency, now=now, at=f"items.{position}.")
        for position, item in enumerate(body.items)
    ]
    invoice = create_one_off(
        unit.session,
        customer,
        items,
        currency=currency,
        now=now,
        include_pending=body.include_pending,
        terms=body.terms(),
    )
    return shown(unit.session, invoice)


@router.get("")
def list_invoices(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
    status: Annotated[InvoiceStatus | None, Query()] = None,
    subscription_id: Annotated[str | None, Query()] = None,
    start: Annotated[
        QueryInstant | None, Query(alias="from", description="Issued at or after; of a draft, made at or after.")
    ] = None,
    end: Annotated[
        QueryInstant | None, Query(alias="to", description="Issued before; of a draft, made before.")
    ] = None,
) -> Page[InvoiceOut]:
    """All invoices, or a part of them, newest first."""
    customer = find_customer(unit.session, customer_id) if customer_id is not None else None
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("inv"),
        customer_id=customer.id if customer else None,
        status=status,
        subscription_id=subscription_id,
        start=start,
        end=end,
    )
    return paging.page(found, lambda invoice: shown(unit.session, invoice))


@router.get("/{invoice}")
def get_invoice(invoice: str, unit: Unit) -> InvoiceOut:
    """One invoice, by its id or number."""
    return shown(unit.session, find_invoice(unit.session, invoice))


@router.post("/{invoice}/finalize")
def finalize(invoice: str, unit: Unit) -> InvoiceOut:
    """Refresh a draft a last time, number and issue it. From then on nothing of it changes but its status."""
    found = find_invoice(unit.session, invoice)
    return shown(unit.session, finalize_invoice(unit.session, unit.installation.metering, found, unit.now()))


@router.post("/{invoice}/refresh")
def refresh(invoice: str, unit: Unit) -> InvoiceOut:
    """Make a draft anew: count its usage up to now, with the tax rates, discounts and customer of now."""
    found = find_invoice(unit.session, invoice)
    return shown(unit.session, refresh_invoice(unit.session, unit.installation.metering, found))


@router.patch("/{invoice}")
def update_draft(invoice: str, body: InvoicePatch, unit: Unit) -> InvoiceOut:
    """Change what a draft says besides its lines."""
    found = find_invoice(unit.session, invoice)
    return shown(unit.session, change_draft(unit.session, found, body.changes()))


@router.post("/{invoice}/mark-uncollectible")
def mark_invoice_uncollectible(invoice: str, unit: Unit) -> InvoiceOut:
    """Give up on the payment of an issued invoice. What is due on it stays due."""
    found = find_invoice(unit.session, invoice)
    return shown(unit.session, mark_uncollectible(unit.session, found, unit.now()))


@router.post("/{invoice}/void")
def void(invoice: str, unit: Unit) -> InvoiceOut:
    """Withdraw an issued invoice. It keeps its number; nothing is due on it any more."""
    found = find_invoice(unit.session, invoice)
    return shown(unit.session, void_invoice(unit.session, found, unit.now()))


def file_response(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/{invoice}/pdf", response_class=Response, responses=file_response(PDF))
def get_invoice_pdf(invoice: str, unit: Unit) -> Response:
    """The invoice as a document to send."""
    document, headers = document_for(unit.session, find_invoice(unit.session, invoice), "pdf")
    return Response(render_pdf(document), headers=headers, media_type=PDF)


@router.get("/{invoice}/csv", response_class=Response, responses=file_response(CSV))
def get_invoice_csv(invoice: str, unit: Unit) -> Response:
    """The invoice's lines and their steps as a table."""
    document, headers = document_for(unit.session, find_invoice(unit.session, invoice), "csv")
    return Response(render_csv(document), headers=headers, media_type=CSV)


@router.get("/{invoice}/verify")
def verify_invoice(invoice: str, unit: Unit) -> VerificationOut:
    """Count the invoice again from raw events, as they were at its cut-off, price it again, and compare."""
    found = find_invoice(unit.session, invoice)
    return VerificationOut.of(verify(unit.session, unit.installation.metering, found), found.currency)


def shown(session: Session, invoice: Invoice) -> InvoiceOut:
    version = session.get_one(PlanVersion, invoice.plan_version_id) if invoice.plan_version_id else None
    return InvoiceOut.of(invoice, version)


def document_for(session: Session, invoice: Invoice, suffix: str) -> tuple[InvoiceDocument, dict[str, str]]:
    """The invoice to be rendered, and the headers that name the file."""
    organisation = find_organisation(session, invoice.organisation_id)
    name = f"{invoice.number or invoice.id}.{suffix}"
    return document_of(invoice, organisation), {"Content-Disposition": f'inline; filename="{name}"'}
