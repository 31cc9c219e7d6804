"""The invoice of a top-up: one line, its price, and never more than one.

It bears no tax and takes no discount: credits pay usage with its tax, and that is where both belong. So does a voucher
for several purposes bear its tax where it is redeemed and not where it is sold (Directive 2006/112/EC, article 30b).
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from justpaid.credits import TopUp, record_payment
from justpaid.customers import Customer
from justpaid.invoicing.additions import store_lines
from justpaid.invoicing.items import NewItem, add_item
from justpaid.invoicing.tables import Invoice
from justpaid.invoicing.tally import customer_as_billed, load_conditions
from justpaid.kernel.errors import Conflict
from justpaid.kernel.ids import new_id

DESCRIPTION: Final = "Prepaid credits"


def draft_top_ups(session: Session, organisation_id: str, now: datetime) -> list[Invoice]:
    """Drafts, to be issued in this transaction, for the top-ups that are due and have no invoice, the oldest first."""
    invoiced = sa.select(Invoice.id).where(Invoice.top_up_id == TopUp.id)
    waiting = sa.select(TopUp).where(TopUp.status == "due", ~sa.exists(invoiced)).order_by(TopUp.id)
    drafts = (_draft(session, organisation_id, top_up, now) for top_up in session.scalars(waiting).all())
    return [draft for draft in drafts if draft is not None]


def _draft(session: Session, organisation_id: str, top_up: TopUp, now: datetime) -> Invoice | None:
    """None where another transaction has made it meanwhile: it is waited for."""
    customer = session.get_one(Customer, top_up.customer_id)
    row: dict[str, Any] = {
        "id": new_id("inv"),
        "organisation_id": organisation_id,
        "kind": "top_up",
        "status": "draft",
        "customer_id": customer.id,
        "top_up_id": top_up.id,
        "currency": top_up.currency,
        "timezone": customer.timezone,
        "period_start": now,
        "period_end": now,
        "customer": customer_as_billed(customer),
        "customer_keys": [],
        "cutoff": 0,
        "po_number": customer.po_number,
        "created_at": now,
        **dict.fromkeys(("subtotal", "discount", "tax", "credits_applied", "total", "amount_paid", "amount_due"), 0),
    }
    made = insert(Invoice).values(row).on_conflict_do_nothing(index_elements=["top_up_id"]).returning(Invoice.id)
    invoice_id = session.scalar(made)
    if invoice_id is None:
        return None
    new = NewItem(description=DESCRIPTION, unit_amount=top_up.amount, tax_rates=(), discountable=False)
    item = add_item(session, customer, new, currency=top_up.currency, now=now, invoice_id=invoice_id)
    tally = load_conditions(session, [customer], lock=False).tally(customer, (), currency=top_up.currency, items=[item])
    invoice = session.get_one(Invoice, invoice_id)
    for name, value in tally.columns().items():
        setattr(invoice, name, value)
    store_lines(session, organisation_id, [(invoice_id, tally, {})])
    return invoice


def pay_top_up(session: Session, top_up: TopUp, now: datetime) -> TopUp:
    """Record its payment, and that of its invoice.  Raises: Conflict unless it is due."""
    invoice = session.scalar(sa.select(Invoice).where(Invoice.top_up_id == top_up.id).with_for_update())
    record_payment(session, top_up, now)
    if invoice is not None:
        if invoice.status not in ("finalized", "uncollectible"):
            raise Conflict(f"Invoice {invoice.number or invoice.id} of the top-up is {invoice.status}.")
        invoice.amount_paid, invoice.amount_due, invoice.status = invoice.total, Decimal(0), "paid"
        session.flush()
    return top_up


def invoices_of_top_ups(session: Session, top_ups: Collection[TopUp]) -> dict[str, str]:
    """Invoice ids by top-up id."""
    query = sa.select(Invoice.top_up_id, Invoice.id).where(Invoice.top_up_id.in_([one.id for one in top_ups]))
    return {top_up_id: invoice_id for top_up_id, invoice_id in session.execute(query) if top_up_id is not None}
