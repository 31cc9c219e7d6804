"""Finalise: give the number, the issue date and the due date. From then on the invoice is a document.

What issuing changes is worked out for many invoices at once, from little: `issue` sets it on drafts that are stored,
and a billing run which leaves no drafts inserts its invoices with it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

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


@dataclass(frozen=True, slots=True)
class ToIssue:
    """What issuing asks of a draft. `charges`: whether any of its lines has an amount."""

    id: str
    kind: str
    customer_id: str
    currency: str
    total: Decimal
    carried_over: Decimal
    net_days: int | None
    charges: bool


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
    charging = _with_amounts(session, drafts)
    asked = [
        ToIssue(
            id=one.id,
            kind=one.kind,
            customer_id=one.customer_id,
            currency=one.currency,
            total=one.total,
            carried_over=one.carried_over,
            net_days=one.net_days,
            charges=one.id in charging,
        )
        for one in drafts
    ]
    issued = issued_columns(session, organisation_id, asked, now)
    for invoice in drafts:
        for name, value in issued[invoice.id].items():
            setattr(invoice, name, value)
    session.flush()
    return sum(columns["number"] is not None for columns in issued.values())


def issued_columns(
    session: Session, organisation_id: str, drafts: Sequence[ToIssue], now: datetime
) -> dict[str, dict[str, Any]]:
    """The columns of `Invoice` that issuing sets, by invoice id; the same ones for all, also where one is skipped.

    Takes numbers and draws credits, so what it says has to be stored in the same transaction.
    """
    if not drafts:
        return {}
    organisation = find_organisation(session, organisation_id)
    policy, seller = settings_of(organisation.settings).invoice, seller_of(organisation)
    issued = [one for one in drafts if one.charges or policy.zero_amount_policy != "skip"]
    first = take_numbers(session, InvoiceCounter, organisation_id, len(issued)) if issued else 0
    numbers = {one.id: f"{policy.number_prefix}{number:06d}" for number, one in enumerate(issued, first)}
    for one in issued:
        if one.carried_over:
            owe_customer(session, one, one.carried_over, f"Carried over from {numbers[one.id]}", now)
    paid = _draw(session, organisation_id, issued, now)
    days = _own_net_days(session, issued)
    columns = {one.id: _skipped(one) for one in drafts}
    for one in issued:
        due_at = now + timedelta(days=_net_days(one, days, policy))
        columns[one.id] = {
            **_paid_by_credits(one, paid.get(one.id)),
            "number": numbers[one.id],
            "seller": seller,
            "issued_at": now,
            "due_at": due_at,
        }
    return columns


def issue_top_ups(session: Session, organisation_id: str, now: datetime) -> int:
    """Issue the invoices of the top-ups that have been ordered; how many."""
    return issue(session, organisation_id, draft_top_ups(session, organisation_id, now), now)


def _draw(session: Session, organisation_id: str, issued: Sequence[ToIssue], now: datetime) -> Mapping[str, Decimal]:
    """What credits pay, by invoice id; but credits are not bought with credits."""
    charges = [Charge(one.id, one.customer_id, one.currency, one.total) for one in issued if one.kind != "top_up"]
    paid = draw(session, organisation_id, charges, now)
    if paid:
        # A balance that ran low has ordered a top-up.
        issue_top_ups(session, organisation_id, now)
    return paid


def owe_customer(
    session: Session, invoice: Invoice | ToIssue, amount: Decimal, name: str, now: datetime
) -> CreditGrant:
    """Credits without an end, in the invoice's currency, that the customer's next invoices draw."""
    customer = session.get_one(Customer, invoice.customer_id)
    new = NewGrant(amount=amount, kind="carry_over", currency=invoice.currency, name=name)
    return grant_credits(session, customer, new, now)


def _paid_by_credits(invoice: ToIssue, drawn: Decimal | None) -> dict[str, Any]:
    """Credits pay the total with tax; an invoice that they pay in full is paid when it is issued."""
    total = invoice.total if drawn is None else EXACT.subtract(invoice.total, drawn)
    return {
        "status": "finalized" if drawn is None or total else "paid",
        "credits_applied": Decimal(0) if drawn is None else drawn,
        "total": total,
        "amount_due": total,
    }


def _skipped(invoice: ToIssue) -> dict[str, Any]:
    unnumbered = {"number": None, "seller": None, "issued_at": None, "due_at": None}
    return {**_paid_by_credits(invoice, None), **unnumbered, "status": "skipped"}


def _net_days(invoice: ToIssue, of_customers: Mapping[str, int | None], policy: InvoiceSettings) -> int:
    """The invoice's own term comes before the customer's, and that before the organisation's."""
    for days in (invoice.net_days, of_customers[invoice.customer_id]):
        if days is not None:
            return days
    return policy.net_days


def _own_net_days(session: Session, invoices: Iterable[ToIssue]) -> dict[str, int | None]:
    ids = {invoice.customer_id for invoice in invoices}
    rows = session.execute(sa.select(Customer.id, Customer.net_days).where(Customer.id.in_(ids)))
    return {customer_id: days for customer_id, days in rows}  # noqa: C416  (rows are no pairs to mypy)


def _with_amounts(session: Session, drafts: Collection[Invoice]) -> set[str]:
    """Those with a line that charges or credits anything: 100 − 100 is such an invoice, and so is one at 100 % off."""
    ids = [invoice.id for invoice in drafts]
    charging = sa.select(InvoiceLine.invoice_id).where(InvoiceLine.invoice_id.in_(ids), InvoiceLine.amount != 0)
    return set(session.scalars(charging.distinct()))
