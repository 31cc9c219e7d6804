"""What is due: subscriptions with the bills of their boundaries, loaded for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import Agreement, Subscription, billed_ahead_of, timeline_of
from justpaid.customers import keys_of
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.spans import Skeletons
from justpaid.metering import Meter, definition_of


@dataclass(frozen=True, slots=True)
class Due:
    """A subscription with the bill of its next boundary."""

    subscription: Subscription
    bill: Bill


def load_due(session: Session, subscriptions: Sequence[Subscription], skeletons: Skeletons) -> list[Due]:
    """Each with its next boundary to bill. `skeletons`: what is known already of what they may agree to."""
    agreements = {}
    for one in subscriptions:
        assert one.next_bill_at is not None
        agreements[one.id] = timeline_of(one).agreement(one.next_bill_at, one.billed_to, billed_ahead_of(one))
    bills = load_bills(session, [(one, agreements[one.id]) for one in subscriptions], skeletons)
    return [Due(one, bill) for one, bill in zip(subscriptions, bills, strict=True)]


def load_estimated(session: Session, subscription: Subscription, at: datetime) -> Bill:
    """The bill of a later boundary, as if those before it had been billed."""
    timeline, billed_to, ahead = timeline_of(subscription), subscription.billed_to, billed_ahead_of(subscription)
    period = timeline.period_until(at)
    if period and billed_to != period.start:
        billed_to, ahead = period.start, timeline.ahead(period.start)
    (bill,) = load_bills(session, [(subscription, timeline.agreement(at, billed_to, ahead))])
    return bill


def load_bills(
    session: Session, agreements: Sequence[tuple[Subscription, Agreement]], skeletons: Skeletons | None = None
) -> list[Bill]:
    if not agreements:
        return []
    keys = keys_of(session, [subscription.customer for subscription, _ in agreements])
    meters = {meter.key: definition_of(meter) for meter in session.scalars(sa.select(Meter))}
    skeletons = skeletons or Skeletons()
    skeletons.book.learn(session, [agreed for _, agreement in agreements for agreed in agreement.agreed])
    return [
        Bill.of(
            agreement,
            skeletons,
            meters,
            customer_id=subscription.customer_id,
            keys=keys[subscription.customer_id],
            currency=subscription.currency,
        )
        for subscription, agreement in agreements
    ]
