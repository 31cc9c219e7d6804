"""What a share link opens. No key needed: the token in the address is the permission."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from justpaid.accounts import find_organisation
from justpaid.api.installation import Installation
from justpaid.api.routes.invoices import CSV, PDF, document_for, file_response, shown
from justpaid.api.schemas.share_links import SharedInvoiceOut
from justpaid.invoicing import Invoice, find_invoice, open_share_link, render_csv, render_pdf

router = APIRouter(prefix="/v1/shared", tags=["invoices"])


@router.get("/{token}")
def get_shared_invoice(token: str, request: Request) -> SharedInvoiceOut:
    """The invoice, and who sends it."""
    with _opened(request, token) as (session, invoice):
        seller = find_organisation(session, invoice.organisation_id).name
        return SharedInvoiceOut(seller=seller, invoice=shown(session, invoice))


@router.get("/{token}/pdf", response_class=Response, responses=file_response(PDF))
def get_shared_invoice_pdf(token: str, request: Request) -> Response:
    """The invoice as a document."""
    with _opened(request, token) as (session, invoice):
        document, headers = document_for(session, invoice, "pdf")
    return Response(render_pdf(document), headers=headers, media_type=PDF)


@router.get("/{token}/csv", response_class=Response, responses=file_response(CSV))
def get_shared_invoice_csv(token: str, request: Request) -> Response:
    """The invoice's lines as a table."""
    with _opened(request, token) as (session, invoice):
        document, headers = document_for(session, invoice, "csv")
    return Response(render_csv(document), headers=headers, media_type=CSV)


@contextmanager
def _opened(request: Request, token: str) -> Iterator[tuple[Session, Invoice]]:
    """Links live by the real time, also those of an organisation whose test clock stands."""
    installation = cast(Installation, request.app.state.installation)
    shared = open_share_link(installation.database, token, installation.clock.now())
    with installation.database.tenant(shared.organisation_id) as session:
        yield session, find_invoice(session, shared.invoice_id)
