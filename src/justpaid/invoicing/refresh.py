"""Drafts are live: recount their usage, take the tax, discounts and customer of today, and add up again."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from justpaid.contracts import Agreement, Subscription
from justpaid.coupons import give_back_uses
from justpaid.customers import Customer
from justpaid.invoicing.additions import plan_keys, store_lines
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.due import load_bills
from justpaid.invoicing.finalize import issue, lock_draft
from justpaid.invoicing.items import items_on
from justpaid.invoicing.progress import Progress, Running, deducted, load_progress
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.invoicing.tally import Tally, customer_as_billed, load_conditions
from justpaid.metering import MeterDefinition, Metering


def refresh_invoice(session: Session, metering: Metering, invoice: Invoice) -> Invoice:
    """Raises: Conflict if it is no draft; Overloaded if metering is far behind; EngineUnavailable."""
    refresh_drafts(session, metering, [lock_draft(session, invoice)])
    session.expire(invoice)
    return invoice


def finalize_invoice(session: Session, metering: Metering, invoice: Invoice, now: datetime) -> Invoice:
    """Refresh it a last time, and issue it.  Raises: as `refresh_invoice`."""
    refresh_invoice(session, metering, invoice)
    issue(session, invoice.organisation_id, [invoice], now)
    return invoice


def refresh_drafts(session: Session, metering: Metering, drafts: Sequence[Invoice]) -> None:
    """Make the locked drafts anew, as of the journal's present end; each keeps its items, and takes no others."""
    if not drafts:
        return
    bills = _bills(session, drafts)
    customers = {one.id: one for one in session.scalars(_customers(drafts))}
    plans = plan_keys(session, {invoice.plan_version_id for invoice in drafts if invoice.plan_version_id})
    # Before usage is read: whoever waits for a discount must not hold metering still.
    progress = load_progress(session, map(_running, drafts), lock=True)
    held = {discount for one in progress.values() for discount in one.held}
    conditions = load_conditions(session, customers.values(), remade=drafts, held=held)
    items = items_on(session, [invoice.id for invoice in drafts])
    with metering.snapshot() as cutoff:
        answers = read_quantities(metering, [asked for bill in bills.values() for asked in bill.asked()])
    for invoice in drafts:
        customer, bill = customers[invoice.customer_id], bills.get(invoice.id)
        before = progress.get(_running(invoice), Progress())
        tally = conditions.tally(
            customer,
            bill.lines(answers) if bill else (),
            currency=invoice.currency,
            items=items.get(invoice.id, ()),
            subscription_id=invoice.subscription_id,
            plan=plans.get(invoice.plan_version_id or ""),
            held=before.held,
        )
        invoice.customer = customer_as_billed(customer)
        if bill:
            invoice.customer_keys, invoice.cutoff = list(bill.keys), cutoff
        _replace(session, invoice, deducted(tally, before), bill.meters if bill else {})
    session.flush()


def _replace(session: Session, invoice: Invoice, tally: Tally, meters: Mapping[str, MeterDefinition]) -> None:
    for name, value in tally.columns().items():
        setattr(invoice, name, value)
    session.execute(sa.delete(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id))
    give_back_uses(session, [invoice.id])
    store_lines(session, invoice.organisation_id, [(invoice.id, tally, meters)])
    session.expire(invoice, ["lines"])


def _bills(session: Session, drafts: Sequence[Invoice]) -> dict[str, Bill]:
    """By invoice id, of those that bill a subscription: by what was agreed when the draft was made."""
    agreements = {
        invoice.id: (invoice.subscription_id, Agreement.from_json(invoice.agreement))
        for invoice in drafts
        if invoice.subscription_id and invoice.agreement
    }
    query = sa.select(Subscription).where(Subscription.id.in_({id_ for id_, _ in agreements.values()}))
    subscriptions = {one.id: one for one in session.scalars(query.options(joinedload(Subscription.customer)))}
    bills = load_bills(session, [(subscriptions[id_], agreement) for id_, agreement in agreements.values()])
    return dict(zip(agreements, bills, strict=True))


def _running(invoice: Invoice) -> Running:
    return invoice.subscription_id or "", invoice.period_start


def _customers(drafts: Sequence[Invoice]) -> sa.Select[Customer]:
    return sa.select(Customer).where(Customer.id.in_({invoice.customer_id for invoice in drafts}))
