"""Several subscriptions of a customer on one invoice: what shares it, and their bills as one.

What falls due for a customer at the same instant, in the same currency and time zone, shares an invoice where the
customer, or else the organisation, wants it so. Its bills stay what they are alone; discounts, tax and credits are
settled over the lines of all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import Subscription
from justpaid.customers import Customer
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.due import Due
from justpaid.invoicing.quantities import Answers, Asked
from justpaid.metering import MeterDefinition


@dataclass(frozen=True, slots=True)
class Part:
    """One subscription's bill on a shared invoice, with the name of its plan."""

    subscription_id: str
    plan_name: str
    bill: Bill


@dataclass(frozen=True, slots=True)
class SharedBill:
    """The bills of several subscriptions of one customer, to be asked for and composed as if they were one."""

    parts: tuple[Part, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return self.parts[0].bill.keys

    @property
    def meters(self) -> Mapping[str, MeterDefinition]:
        return {key: meter for part in self.parts for key, meter in part.bill.meters.items()}

    def asked(self) -> list[Asked]:
        """One after the other: `read_quantities` puts together what parts ask of the same usage."""
        return [asked for part in self.parts for asked in part.bill.asked()]

    def lines(self, answers: Answers) -> list[Line]:
        """Part by part."""
        return [
            replace(line, subscription_id=part.subscription_id, plan_name=part.plan_name)
            for part in self.parts
            for line in part.bill.lines(answers)
        ]


def consolidates(customer: Customer, by_default: bool) -> bool:
    """`by_default`: what the organisation has set."""
    own = customer.consolidate_invoices
    return by_default if own is None else own


def with_companions(
    session: Session, subscriptions: Sequence[Subscription], due: sa.Select[Subscription], by_default: bool
) -> Sequence[Subscription]:
    """With all that share an invoice with them, and without what falls due for the same customer only later: that
    waits until its own companions have come as far. `due`: what to find, and lock, them by."""
    customers = {one.customer_id for one in subscriptions if consolidates(one.customer, by_default)}
    if not customers:
        return subscriptions
    found = [one.id for one in subscriptions]
    others = session.scalars(due.where(Subscription.customer_id.in_(customers), Subscription.id.not_in(found))).all()
    everyone = sorted([*subscriptions, *others], key=lambda one: (_due_at(one), one.id))
    first: dict[str, datetime] = {}
    for one in everyone:
        first.setdefault(one.customer_id, _due_at(one))
    return [one for one in everyone if one.customer_id not in customers or _due_at(one) == first[one.customer_id]]


def together(due: Iterable[Due], by_default: bool) -> list[tuple[Due, ...]]:
    """What shares an invoice, and what has one of its own, in order; of what shares one the longest period first, so
    that the invoice's own period holds those of all."""
    groups: dict[tuple[object, ...], list[Due]] = {}
    for one in due:
        subscription, bill = one.subscription, one.bill
        key: tuple[object, ...] = (subscription.id,)
        if consolidates(subscription.customer, by_default):
            key = subscription.customer_id, bill.agreement.at, bill.currency, subscription.timezone
        groups.setdefault(key, []).append(one)
    return [tuple(sorted(group, key=lambda one: one.bill.agreement.period.start)) for group in groups.values()]


def _due_at(subscription: Subscription) -> datetime:
    assert subscription.next_bill_at is not None
    return subscription.next_bill_at
