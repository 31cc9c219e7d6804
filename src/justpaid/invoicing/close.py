"""Withdraw an issued invoice, or give up on its payment."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.coupons import give_back_uses
from justpaid.credits import TopUp, cancel_top_up, find_top_up, give_back
from justpaid.invoicing.credit_note_tables import CreditNote
from justpaid.invoicing.finalize import issue_top_ups
from justpaid.invoicing.late_usage_documents import withdraw_pending
from justpaid.invoicing.tables import Invoice
from justpaid.kernel.errors import Conflict


def void_invoice(session: Session, invoice: Invoice, now: datetime) -> Invoice:
    """Raises: Conflict if it is no issued one, was credited, or was paid, but by credits alone: those it gives back.

    It keeps its number, and its period is not billed again; but what a threshold invoice billed is due again at its
    period's end. Discounts that it used may be used again. A top-up is canceled with its invoice.
    """
    _lock(session, invoice)
    by_credits_alone = invoice.status == "paid" and not invoice.amount_paid
    if invoice.status != "finalized" and not by_credits_alone:
        raise Conflict(
            f"Invoice {invoice.number or invoice.id} is {invoice.status}; only a finalized one can be voided."
        )
    if invoice.amount_paid:
        raise Conflict(f"Invoice {invoice.number} is partly paid; refund it first.")
    note = session.scalar(
        sa.select(CreditNote.number).where(CreditNote.invoice_id == invoice.id, CreditNote.status == "issued").limit(1)
    )
    if note is not None:
        raise Conflict(f"Invoice {invoice.number} is credited by {note}; void that first, or credit the rest.")
    if invoice.kind == "threshold":
        _check_period_open(session, invoice)
    supplementary = session.scalar(
        sa.select(Invoice.number).where(Invoice.corrects_id == invoice.id, Invoice.status != "void").limit(1)
    )
    if supplementary is not None:
        raise Conflict(f"Late usage of invoice {invoice.number} is billed by {supplementary}; void that first.")
    if invoice.carried_over:
        raise Conflict(f"Invoice {invoice.number} left the customer a balance; charge it with an invoice item instead.")
    invoice.status = "void"
    invoice.voided_at = now
    invoice.amount_due -= invoice.amount_due
    give_back_uses(session, [invoice.id])
    withdraw_pending(session, invoice)
    session.flush()
    if invoice.top_up_id is not None:
        cancel_top_up(session, find_top_up(session, invoice.top_up_id), now)
        issue_top_ups(session, invoice.organisation_id, now)
    give_back(session, invoice.organisation_id, invoice.customer_id, invoice.id, now)
    return invoice


def _check_period_open(session: Session, invoice: Invoice) -> None:
    """What a void threshold invoice billed is due again with the invoice of its period.

    Raises: Conflict if that one has been issued, and has taken it off.
    """
    # Whoever is making that invoice holds this one, as it was read (`load_progress`).
    issued = sa.select(Invoice.number).where(
        Invoice.customer_id == invoice.customer_id,
        Invoice.kind == "subscription",
        Invoice.billed_before.contains([invoice.id]),
        Invoice.status.not_in(("draft", "void")),
    )
    if (number := session.scalar(issued)) is not None:
        raise Conflict(
            f"Invoice {number} of the period has taken off what {invoice.number} billed; issue a credit note instead."
        )


def withdraw_top_up(session: Session, top_up: TopUp, now: datetime) -> TopUp:
    """Cancel it, and void its invoice.  Raises: Conflict unless it is due."""
    invoice = session.scalar(sa.select(Invoice).where(Invoice.top_up_id == top_up.id))
    if invoice is None:
        return cancel_top_up(session, top_up, now)
    session.refresh(top_up)
    if top_up.status != "due":
        raise Conflict(f"Top-up {top_up.id} is {top_up.status}; only one that is due can be canceled.")
    void_invoice(session, invoice, now)
    session.refresh(top_up)
    return top_up


def mark_uncollectible(session: Session, invoice: Invoice, now: datetime) -> Invoice:
    """What is due stays due, but is not expected any more.  Raises: Conflict unless it is finalised and owed."""
    _lock(session, invoice)
    if invoice.status != "finalized" or not invoice.amount_due:
        owed = f"{invoice.status}, with {invoice.amount_due} due"
        raise Conflict(
            f"Invoice {invoice.number or invoice.id} is {owed}; only what is finalized and owed can be lost."
        )
    invoice.status = "uncollectible"
    invoice.uncollectible_at = now
    session.flush()
    return invoice


def _lock(session: Session, invoice: Invoice) -> None:
    session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    session.refresh(invoice)
