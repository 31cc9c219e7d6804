"""Find invoices and billing runs."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.invoicing.tables import BillingRun, Invoice, InvoicePart
from justpaid.kernel.errors import NotFound
from justpaid.platform.finding import newest_first


def find_invoice(session: Session, reference: str) -> Invoice:
    """The invoice with this id or number.  Raises: NotFound, also for another organisation's."""
    invoice = session.scalar(sa.select(Invoice).where(sa.or_(Invoice.id == reference, Invoice.number == reference)))
    if invoice is None:
        raise NotFound.of("invoice", reference)
    return invoice


def list_invoices(
    session: Session,
    *,
    limit: int,
    before_id: str | None = None,
    customer_id: str | None = None,
    status: str | Sequence[str] | None = None,
    subscription_id: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Sequence[Invoice]:
    """Newest first; made before `before_id` where it is given, and issued (a draft: made) in `[start, end)`.

    `status`: one, or any of several.
    """
    query = sa.select(Invoice).options(selectinload(Invoice.lines))
    for column, value in (
        (Invoice.customer_id, customer_id),
        (Invoice.status, status),
    ):
        if value is not None:
            query = query.where(column == value if isinstance(value, str) else column.in_(value))
    if subscription_id is not None:
        shared = sa.select(InvoicePart.invoice_id).where(InvoicePart.subscription_id == subscription_id)
        own = Invoice.subscription_id == subscription_id
        query = query.where(sa.or_(own, Invoice.id.in_(shared), Invoice.corrects_id.in_(shared)))
    dated = sa.func.coalesce(Invoice.issued_at, Invoice.created_at)
    if start is not None:
        query = query.where(dated >= start)
    if end is not None:
        query = query.where(dated < end)
    return newest_first(session, query, Invoice.id, limit, before_id)


def list_runs(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[BillingRun]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(BillingRun), BillingRun.id, limit, before_id)


def find_run(session: Session, run_id: str) -> BillingRun:
    """Raises: NotFound."""
    run = session.get(BillingRun, run_id)
    if run is None:
        raise NotFound.of("billing run", run_id)
    return run
