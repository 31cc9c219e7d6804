"""Finalise: give the number, the issue date and the due date. From then on the invoice is a document."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from justpaid.accounts import find_organisation, settings_of
from justpaid.credits import Charge, draw, give_back
from justpaid.invoicing.document import seller_of
from justpaid.invoicing.tables import BillingRun, Invoice, InvoiceCounter
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.errors import Conflict


def finalize_drafts(
    session: Session,
    organisation_id: str,
    now: datetime,
    *,
    until: datetime,
    limit: int,
    leave_reviewed: bool = False,
) -> int:
    """Finalise up to `limit` drafts of periods that ended by `until`, oldest first; how many.

    `leave_reviewed`: not those that a run with `finalize: false` made for a person to look at.
    """
    query = sa.select(Invoice).where(Invoice.status == "draft", Invoice.period_end <= until)
    if leave_reviewed:
        query = query.join(BillingRun, BillingRun.id == Invoice.billing_run_id).where(BillingRun.finalize)
    drafts = session.scalars(
        query.order_by(Invoice.period_end, Invoice.subscription_id).limit(limit).with_for_update(of=Invoice)
    ).all()
    _finalize(session, organisation_id, drafts, now)
    return len(drafts)


def finalize_invoice(session: Session, invoice: Invoice, now: datetime) -> Invoice:
    """Raises: Conflict if it is no draft."""
    session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    session.refresh(invoice)
    if invoice.status != "draft":
        raise Conflict(f"Invoice {invoice.number or invoice.id} is {invoice.status}; only a draft can be finalised.")
    _finalize(session, invoice.organisation_id, [invoice], now)
    session.flush()
    return invoice


def void_invoice(session: Session, invoice: Invoice, now: datetime) -> Invoice:
    """Raises: Conflict unless it is finalised and unpaid, or paid by credits alone, which it gives back.

    It keeps its number, and its period is not billed again.
    """
    session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    session.refresh(invoice)
    by_credits_alone = invoice.status == "paid" and not invoice.amount_paid
    if invoice.status != "finalized" and not by_credits_alone:
        raise Conflict(
            f"Invoice {invoice.number or invoice.id} is {invoice.status}; only a finalized one can be voided."
        )
    if invoice.amount_paid:
        raise Conflict(f"Invoice {invoice.number} is partly paid; refund it first.")
    invoice.status = "void"
    invoice.voided_at = now
    invoice.amount_due -= invoice.amount_due
    session.flush()
    give_back(session, invoice.organisation_id, invoice.customer_id, invoice.id, now)
    return invoice


def _finalize(session: Session, organisation_id: str, drafts: Sequence[Invoice], now: datetime) -> None:
    if not drafts:
        return
    organisation = find_organisation(session, organisation_id)
    terms, seller = settings_of(organisation.settings).invoice, seller_of(organisation)
    first = _take_numbers(session, organisation_id, len(drafts))
    for number, invoice in enumerate(drafts, first):
        invoice.number = f"{terms.number_prefix}{number:06d}"
        invoice.status = "finalized"
        invoice.seller = seller
        invoice.issued_at = now
        invoice.due_at = now + timedelta(days=terms.net_days)
    charges = [Charge(invoice.id, invoice.customer_id, invoice.currency, invoice.total) for invoice in drafts]
    paid = draw(session, organisation_id, charges, now)
    for invoice in drafts:
        if invoice.id in paid:
            _pay_by_credits(invoice, paid[invoice.id])


def _pay_by_credits(invoice: Invoice, amount: Decimal) -> None:
    """Credits pay the total with tax; an invoice that they pay in full is paid when it is issued."""
    invoice.credits_applied = amount
    invoice.total = EXACT.subtract(invoice.total, amount)
    invoice.amount_due = EXACT.subtract(invoice.amount_due, amount)
    if not invoice.amount_due:
        invoice.status = "paid"


def _take_numbers(session: Session, organisation_id: str, count: int) -> int:
    """The first of `count` consecutive numbers. They are given back if this transaction does not commit."""
    taken = (
        insert(InvoiceCounter)
        .values(organisation_id=organisation_id, next_number=1 + count)
        .on_conflict_do_update(
            index_elements=["organisation_id"], set_={"next_number": InvoiceCounter.next_number + count}
        )
        .returning(InvoiceCounter.next_number)
    )
    next_number = session.scalar(taken)
    assert next_number is not None
    return next_number - count
