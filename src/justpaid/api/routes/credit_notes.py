"""Credit notes: correcting issued invoices."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from justpaid.accounts import find_organisation
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.routes.invoices import CSV, PDF, file_response
from justpaid.api.schemas.credit_notes import CreditNoteIn, CreditNoteOut
from justpaid.api.schemas.invoices import CreditNoteVerificationOut
from justpaid.api.unit_of_work import Unit
from justpaid.customers import find_customer
from justpaid.invoicing import (
    InvoiceDocument,
    document_of_credit_note,
    find_credit_note,
    find_invoice,
    issue_credit_note,
    render_csv,
    render_pdf,
)
from justpaid.invoicing import list_credit_notes as newest
from justpaid.invoicing import verify_credit_note as verify
from justpaid.invoicing import void_credit_note as void

router = new_router("credit notes", "/v1/credit-notes")


@router.post("", status_code=201)
def create_credit_note(body: CreditNoteIn, unit: Unit) -> CreditNoteOut:
    """Credit an issued invoice: all that is left of it, some of its lines, or an amount. Its tax is reversed in
    proportion."""
    invoice = find_invoice(unit.session, body.invoice)
    return CreditNoteOut.of(issue_credit_note(unit.session, invoice, body.new(), unit.now()))


@router.get("")
def list_credit_notes(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
    invoice: Annotated[str | None, Query(description="Id or number of an invoice.")] = None,
) -> Page[CreditNoteOut]:
    """All credit notes, or a part of them, newest first."""
    customer = find_customer(unit.session, customer_id) if customer_id is not None else None
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("cn"),
        customer_id=customer.id if customer else None,
        invoice_id=find_invoice(unit.session, invoice).id if invoice is not None else None,
    )
    return paging.page(found, CreditNoteOut.of)


@router.get("/{credit_note}")
def get_credit_note(credit_note: str, unit: Unit) -> CreditNoteOut:
    """One credit note, by its id or number."""
    return CreditNoteOut.of(find_credit_note(unit.session, credit_note))


@router.post("/{credit_note}/void")
def void_credit_note(credit_note: str, unit: Unit) -> CreditNoteOut:
    """Withdraw a credit note. What it took off is due again; it keeps its number."""
    return CreditNoteOut.of(void(unit.session, find_credit_note(unit.session, credit_note), unit.now()))


@router.get("/{credit_note}/verify")
def verify_credit_note(credit_note: str, unit: Unit) -> CreditNoteVerificationOut:
    """Count the usage behind a credit note for late usage again, as it was at its cut-off, and price it again."""
    note = find_credit_note(unit.session, credit_note)
    return CreditNoteVerificationOut.of(verify(unit.session, unit.installation.metering, note), note.currency)


@router.get("/{credit_note}/pdf", response_class=Response, responses=file_response(PDF))
def get_credit_note_pdf(credit_note: str, unit: Unit) -> Response:
    """The credit note as a document to send."""
    document, headers = _document(unit, credit_note, "pdf")
    return Response(render_pdf(document), headers=headers, media_type=PDF)


@router.get("/{credit_note}/csv", response_class=Response, responses=file_response(CSV))
def get_credit_note_csv(credit_note: str, unit: Unit) -> Response:
    """The credit note's lines as a table."""
    document, headers = _document(unit, credit_note, "csv")
    return Response(render_csv(document), headers=headers, media_type=CSV)


def _document(unit: Unit, reference: str, suffix: str) -> tuple[InvoiceDocument, dict[str, str]]:
    note = find_credit_note(unit.session, reference)
    organisation = find_organisation(unit.session, unit.organisation_id)
    headers = {"Content-Disposition": f'inline; filename="{note.number}.{suffix}"'}
    return document_of_credit_note(note, organisation), headers
