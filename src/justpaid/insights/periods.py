"""The periods that a customer thinks in, and what was invoiced for one: the same for portal and alerts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import Subscription, timeline_of
from justpaid.customers import Customer
from justpaid.insights.calendar import month_of
from justpaid.invoicing import Invoice, InvoiceLine
from justpaid.kernel.period import Period

_ISSUED: Final = ("finalized", "paid", "uncollectible")


@dataclass(frozen=True, slots=True)
class Span:
    """A billing period of a subscription, or a calendar month where none runs."""

    period: Period
    subscription: Subscription | None


def spans_of(subscriptions: Iterable[Subscription], customer: Customer, now: datetime, count: int) -> list[Span]:
    """The running period and up to `count` - 1 before it, newest first: of the first of `subscriptions` that runs, else
    months in the customer's zone."""
    for subscription in subscriptions:
        spans = spans_of_subscription(subscription, now, count)
        if spans:
            return spans
    month = month_of(now, customer.timezone)
    months = [Span(month, None)]
    while len(months) < count:
        month = month_of(month.start - timedelta(microseconds=1), customer.timezone)
        months.append(Span(month, None))
    return months


def spans_of_subscription(subscription: Subscription, now: datetime, count: int) -> list[Span]:
    """None where no period runs at `now`."""
    timeline = timeline_of(subscription)
    spans: list[Span] = []
    period = timeline.period_at(now)
    while period is not None and len(spans) < count:
        spans.append(Span(period, subscription))
        period = timeline.period_until(period.start)
    return spans


def invoiced_for(session: Session, customer: Customer, span: Span) -> Decimal:
    """In the currency of the subscription, else of the customer; before credits, as an estimate is: how it was paid is
    not what it cost. With what threshold invoices billed of the period before its end."""
    currency = span.subscription.currency if span.subscription else customer.currency
    query = sa.select(sa.func.coalesce(sa.func.sum(Invoice.total + Invoice.credits_applied), 0)).where(
        Invoice.customer_id == customer.id, Invoice.currency == currency, Invoice.status.in_(_ISSUED)
    )
    if span.subscription is None:
        query = query.where(Invoice.issued_at >= span.period.start, Invoice.issued_at < span.period.end)
        return session.scalar(query) or Decimal(0)
    ended = Invoice.period_end > span.period.start, Invoice.period_end <= span.period.end
    alone = query.where(Invoice.subscription_id == span.subscription.id, *ended, ~Invoice.parts.any())
    # Of an invoice that it shares, its own lines.
    shared = (
        sa.select(sa.func.sum(InvoiceLine.amount - InvoiceLine.discount + InvoiceLine.tax))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoiceLine.subscription_id == span.subscription.id, *ended)
        .where(Invoice.kind == "subscription", Invoice.status.in_(_ISSUED))
    )
    return (session.scalar(alone) or Decimal(0)) + (session.scalar(shared) or Decimal(0))
