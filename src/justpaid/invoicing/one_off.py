"""Invoices of items alone, and what may be changed of a draft."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from justpaid.accounts import MAX_NET_DAYS
from justpaid.customers import Customer
from justpaid.invoicing.additions import store_lines
from justpaid.invoicing.finalize import lock_draft
from justpaid.invoicing.items import pending_items
from justpaid.invoicing.tables import Invoice, InvoiceItem
from justpaid.invoicing.tally import customer_as_billed, load_conditions
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.ids import new_id

MAX_MEMO: Final = 2000
MAX_PO_NUMBER: Final = 100


def create_one_off(
    session: Session,
    customer: Customer,
    items: Sequence[InvoiceItem],
    *,
    currency: str,
    now: datetime,
    include_pending: bool = False,
    terms: Mapping[str, Any],
) -> Invoice:
    """A draft of `items` and, on request, of those that wait in this currency. `terms`: memo, po_number, net_days.

    Raises: InvalidRequest if there is no item, or for `terms`.
    """
    if include_pending:
        items = [*items, *pending_items(session, [customer.id]).get((customer.id, currency), ())]
    if not items:
        raise InvalidRequest.of("items", "at least one is needed: send items, or include_pending where some wait")
    check_terms(terms)
    tally = load_conditions(session, [customer]).tally(customer, (), currency=currency, items=items)
    invoice = Invoice(
        id=new_id("inv"),
        organisation_id=customer.organisation_id,
        kind="one_off",
        status="draft",
        customer_id=customer.id,
        currency=currency,
        timezone=customer.timezone,
        period_start=now,
        period_end=now,
        customer=customer_as_billed(customer),
        customer_keys=[],
        cutoff=0,
        credits_applied=Decimal(0),
        amount_paid=Decimal(0),
        amount_credited=Decimal(0),
        created_at=now,
        **{"po_number": customer.po_number, **terms},
        **tally.columns(),
    )
    session.add(invoice)
    session.flush()
    store_lines(session, customer.organisation_id, [(invoice.id, tally, {})])
    session.refresh(invoice)
    return invoice


def change_draft(session: Session, invoice: Invoice, changes: Mapping[str, Any]) -> Invoice:
    """Set memo, po_number or net_days; None clears.  Raises: Conflict if it is no draft; InvalidRequest."""
    check_terms(changes)
    lock_draft(session, invoice)
    for name, value in changes.items():
        setattr(invoice, name, value)
    session.flush()
    return invoice


def check_terms(terms: Mapping[str, Any]) -> None:
    """Raises: InvalidRequest."""
    for name, limit in (("memo", MAX_MEMO), ("po_number", MAX_PO_NUMBER)):
        text = terms.get(name)
        if text is not None and not 0 < len(text) <= limit:
            raise InvalidRequest.of(name, f"must have 1 to {limit} characters")
    days = terms.get("net_days")
    if days is not None and not 0 <= days <= MAX_NET_DAYS:
        raise InvalidRequest.of("net_days", f"must be 0 to {MAX_NET_DAYS} days")
