"""Drafts are live: recount their usage, take the tax, discounts and customer of today, and add up again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from justpaid.contracts import Agreement, Subscription
from justpaid.coupons import give_back_uses
from justpaid.customers import Customer
from justpaid.invoicing.additions import plan_keys, store_lines
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.consolidated import Part, SharedBill
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
    plans = _plans(session, drafts)
    # Before usage is read: whoever waits for a discount must not hold metering still.
    progress = load_progress(session, [one for invoice in drafts for one in _running(invoice)], lock=True)
    held = {discount for one in progress.values() for discount in one.held}
    conditions = load_conditions(session, customers.values(), remade=drafts, held=held)
    items = items_on(session, [invoice.id for invoice in drafts])
    with metering.snapshot() as cutoff:
        answers = read_quantities(metering, [asked for bill in bills.values() for asked in bill.asked()])
    for invoice in drafts:
        customer, bill = customers[invoice.customer_id], bills.get(invoice.id)
        before = _before(invoice, progress)
        tally = conditions.tally(
            customer,
            bill.lines(answers) if bill else (),
            currency=invoice.currency,
            items=items.get(invoice.id, ()),
            plans=plans[invoice.id],
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


def _bills(session: Session, drafts: Sequence[Invoice]) -> dict[str, Bill | SharedBill]:
    """By invoice id, of those that bill a subscription: by what was agreed when the draft was made."""
    agreements = {
        (invoice.id, subscription_id, plan_name): Agreement.from_json(agreement)
        for invoice in drafts
        for subscription_id, plan_name, agreement in _agreements(invoice)
    }
    query = sa.select(Subscription).where(Subscription.id.in_({id_ for _, id_, _ in agreements}))
    subscriptions = {one.id: one for one in session.scalars(query.options(joinedload(Subscription.customer)))}
    bills = load_bills(session, [(subscriptions[id_], one) for (_, id_, _), one in agreements.items()])
    parts: dict[str, list[Part]] = {}
    for (invoice_id, subscription_id, plan_name), bill in zip(agreements, bills, strict=True):
        parts.setdefault(invoice_id, []).append(Part(subscription_id, plan_name, bill))
    return {id_: SharedBill(tuple(of)) if len(of) > 1 else of[0].bill for id_, of in parts.items()}


def _agreements(invoice: Invoice) -> list[tuple[str, str, dict[str, Any]]]:
    if invoice.parts:
        return [(part.subscription_id, part.plan_name, part.agreement) for part in invoice.parts]
    alone = invoice.subscription_id and invoice.agreement
    return [(invoice.subscription_id or "", "", invoice.agreement or {})] if alone else []


def _plans(session: Session, drafts: Sequence[Invoice]) -> dict[str, dict[str, str]]:
    """By invoice id, the keys of the plans of its subscriptions."""
    versions = {invoice.id: _versions(invoice) for invoice in drafts}
    keys = plan_keys(session, {version_id for one in versions.values() for version_id in one.values()})
    return {id_: {of: keys.get(version_id, "") for of, version_id in one.items()} for id_, one in versions.items()}


def _versions(invoice: Invoice) -> dict[str, str]:
    if invoice.parts:
        return {part.subscription_id: part.plan_version_id for part in invoice.parts}
    return {invoice.subscription_id: invoice.plan_version_id or ""} if invoice.subscription_id else {}


def _running(invoice: Invoice) -> list[Running]:
    if invoice.parts:
        return [(part.subscription_id, part.period_start) for part in invoice.parts]
    return [(invoice.subscription_id or "", invoice.period_start)]


def _before(invoice: Invoice, progress: Mapping[Running, Progress]) -> Progress:
    found = [progress.get(running, Progress()) for running in _running(invoice)]
    if not invoice.parts:
        return found[0]
    return Progress.shared(found, {part.subscription_id: part.plan_name for part in invoice.parts})


def _customers(drafts: Sequence[Invoice]) -> sa.Select[Customer]:
    return sa.select(Customer).where(Customer.id.in_({invoice.customer_id for invoice in drafts}))
