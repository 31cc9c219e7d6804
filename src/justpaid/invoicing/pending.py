"""What a customer's invoices to come would ask for now: the part of its credits that is spoken for."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from justpaid.contracts import Agreement, Subscription, billed_ahead_of, timeline_of
from justpaid.customers import Customer
from justpaid.invoicing.due import load_bills
from justpaid.invoicing.estimate import estimate, estimated_tally
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.tables import Invoice
from justpaid.kernel.decimals import EXACT
from justpaid.metering import Metering


def pending_charges(session: Session, metering: Metering, customer: Customer, now: datetime) -> dict[str, Decimal]:
    """By currency: drafts, periods that ended and are not billed yet, and the running ones as estimated.

    Raises: EngineUnavailable.
    """
    pending: dict[str, Decimal] = defaultdict(Decimal)

    def add(currency: str, amount: Decimal) -> None:
        pending[currency] = EXACT.add(pending[currency], max(amount, Decimal(0)))

    drafts = sa.select(Invoice.currency, Invoice.total)
    for currency, total in session.execute(drafts.where(Invoice.customer_id == customer.id, Invoice.status == "draft")):
        add(currency, total)
    running = (
        sa.select(Subscription)
        .where(Subscription.customer_id == customer.id, Subscription.next_bill_at.is_not(None))
        .options(joinedload(Subscription.customer))
    )
    for subscription in session.scalars(running).all():
        bills = load_bills(session, [(subscription, agreement) for agreement in _elapsed(subscription, now)])
        answers = read_quantities(metering, [asked for bill in bills for asked in bill.asked()])
        for bill in bills:
            add(bill.currency, estimated_tally(session, subscription, bill, bill.lines(answers)).totals.total)
        if timeline_of(subscription).period_at(now) is not None:
            so_far = estimate(session, metering, subscription, now)
            add(so_far.currency, so_far.total)
    return dict(pending)


def _elapsed(subscription: Subscription, now: datetime) -> Iterator[Agreement]:
    """What the boundaries that have passed, and are not billed yet, will bill."""
    timeline = timeline_of(subscription)
    boundary, billed_to, ahead = subscription.next_bill_at, subscription.billed_to, billed_ahead_of(subscription)
    while boundary is not None and boundary <= now:
        agreement = timeline.agreement(boundary, billed_to, ahead)
        yield agreement
        billed_to, ahead = boundary, agreement.ahead
        boundary = timeline.boundary_following(boundary, ahead)
