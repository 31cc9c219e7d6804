"""Finalise: give the number, the issue date and the due date. From then on the invoice is a document."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts import InvoiceSettings, find_organisation, settings_of
from justpaid.credits import Charge, CreditGrant, NewGrant, draw, grant_credits
from justpaid.customers import Customer
from justpaid.invoicing.document import seller_of
from justpaid.invoicing.numbers import take_numbers
from justpaid.invoicing.tables import BillingRun, Invoice, InvoiceCounter, InvoiceLine
from justpaid.invoicing.top_up_invoices import draft_top_ups
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.errors import Conflict


def waiting_drafts(
    session: Session, *, until: datetime, limit: int, grace: timedelta | None = None
) -> Sequence[Invoice]:
    """Drafts of periods that ended by `until`, oldest first, locked.

    `grace`: only those that a run made for itself, that long after both their period's end and their making. Without it
    also those that a person asked for; but of one-off invoices only a person knows when they are complete.
    """
    query = sa.select(Invoice).where(
        Invoice.status == "draft",
        Invoice.subscription_id.is_not(None),
        Invoice.period_end <= until - (grace or timedelta(0)),
    )
    if grace is not None:
        query = query.join(BillingRun, BillingRun.id == Invoice.billing_run_id)
        query = query.where(BillingRun.finalize, Invoice.created_at <= until - grace)
    return session.scalars(
        query.order_by(Invoice.period_end, Invoice.subscription_id).limit(limit).with_for_update(of=Invoice)
    ).all()


def lock_draft(session: Session, invoice: Invoice) -> Invoice:
    """Raises: Conflict if it is no draft."""
    session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    session.refresh(invoice)
    if invoice.status != "draft":
        raise Conflict(f"Invoice {invoice.number or invoice.id} is {invoice.status}; only a draft can be changed.")
    return invoice


def issue(session: Session, organisation_id: str, drafts: Sequence[Invoice], now: datetime) -> int:
    """Number the locked drafts in their order; how many. By the organisation's policy a zero invoice is skipped."""
    if not drafts:
        return 0
    organisation = find_organisation(session, organisation_id)
    policy, seller = settings_of(organisation.settings).invoice, seller_of(organisation)
    skipped = _without_amounts(session, drafts) if policy.zero_amount_policy == "skip" else set()
    issued = [invoice for invoice in drafts if invoice.id not in skipped]
    own_days = _own_net_days(session, issued)
    first = take_numbers(session, InvoiceCounter, organisation_id, len(issued)) if issued else 0
    for number, invoice in enumerate(issued, first):
        invoice.number = f"{policy.number_prefix}{number:06d}"
        invoice.status = "finalized"
        invoice.seller = seller
        invoice.issued_at = now
        invoice.due_at = now + timedelta(days=_net_days(invoice, own_days, policy))
    for invoice in drafts:
        if invoice.id in skipped:
            invoice.status = "skipped"
    _settle_by_credits(session, organisation_id, issued, now)
    session.flush()
    return len(issued)


def issue_top_ups(session: Session, organisation_id: str, now: datetime) -> int:
    """Issue the invoices of the top-ups that have been ordered; how many."""
    return issue(session, organisation_id, draft_top_ups(session, organisation_id, now), now)


def _settle_by_credits(session: Session, organisation_id: str, issued: Sequence[Invoice], now: datetime) -> None:
    """Owe what is carried over, and pay from credits; but credits are not bought with credits."""
    for invoice in issued:
        if invoice.carried_over:
            owe_customer(session, invoice, invoice.carried_over, f"Carried over from {invoice.number}", now)
    charges = [
        Charge(invoice.id, invoice.customer_id, invoice.currency, invoice.total)
        for invoice in issued
        if invoice.kind != "top_up"
    ]
    paid = draw(session, organisation_id, charges, now)
    for invoice in issued:
        if invoice.id in paid:
            _pay_by_credits(invoice, paid[invoice.id])
    if paid:
        # A balance that ran low has ordered a top-up.
        issue_top_ups(session, organisation_id, now)


def owe_customer(session: Session, invoice: Invoice, amount: Decimal, name: str, now: datetime) -> CreditGrant:
    """Credits without an end, in the invoice's currency, that the customer's next invoices draw."""
    customer = session.get_one(Customer, invoice.customer_id)
    new = NewGrant(amount=amount, kind="carry_over", currency=invoice.currency, name=name)
    return grant_credits(session, customer, new, now)


def _pay_by_credits(invoice: Invoice, amount: Decimal) -> None:
    """Credits pay the total with tax; an invoice that they pay in full is paid when it is issued."""
    invoice.credits_applied = amount
    invoice.total = EXACT.subtract(invoice.total, amount)
    invoice.amount_due = EXACT.subtract(invoice.amount_due, amount)
    if not invoice.amount_due:
        invoice.status = "paid"


def _net_days(invoice: Invoice, of_customers: dict[str, int | None], policy: InvoiceSettings) -> int:
    """The invoice's own term comes before the customer's, and that before the organisation's."""
    for days in (invoice.net_days, of_customers[invoice.customer_id]):
        if days is not None:
            return days
    return policy.net_days


def _own_net_days(session: Session, invoices: Collection[Invoice]) -> dict[str, int | None]:
    ids = {invoice.customer_id for invoice in invoices}
    rows = session.execute(sa.select(Customer.id, Customer.net_days).where(Customer.id.in_(ids)))
    return {customer_id: days for customer_id, days in rows}  # noqa: C416  (rows are no pairs to mypy)


def _without_amounts(session: Session, drafts: Sequence[Invoice]) -> set[str]:
    """Those without a line that charges or credits anything: 100 − 100 is no such invoice, nor one at 100 % off."""
    ids = [invoice.id for invoice in drafts]
    charging = sa.select(InvoiceLine.invoice_id).where(InvoiceLine.invoice_id.in_(ids), InvoiceLine.amount != 0)
    return set(ids) - set(session.scalars(charging.distinct()))
