"""Subscribe a customer, cancel, and find subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.catalog import Plan, PlanVersion, terms_of
from justpaid.contracts.periods import current_period, first_boundary, schedule_of
from justpaid.contracts.tables import Subscription
from justpaid.customers import Customer
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.kernel.period import timezone

Anchor = Literal["anniversary", "calendar"] | datetime
EARLIEST_YEAR = 2000
LATEST_YEAR = 2200


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """`billing_anchor`: `anniversary` bills on the start's day, `calendar` on the first of the interval, both local."""

    start_at: datetime
    end_at: datetime | None = None
    billing_anchor: Anchor = "anniversary"
    seats: int = 1


def subscribe(session: Session, customer: Customer, plan: Plan, new: NewSubscription) -> Subscription:
    """Subscribe to the plan's latest version. A start in the past is billed for the periods since.

    Raises: InvalidRequest.
    """
    for field, instant in (("start_at", new.start_at), ("end_at", new.end_at), ("billing_anchor", new.billing_anchor)):
        if isinstance(instant, datetime) and not EARLIEST_YEAR <= instant.year < LATEST_YEAR:
            raise InvalidRequest.of(field, f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR - 1}")
    if new.end_at is not None and new.end_at <= new.start_at:
        raise InvalidRequest.of("end_at", "must be after start_at")
    version = plan.latest
    subscription = Subscription(
        id=new_id("sub"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        plan_version_id=version.id,
        start_at=new.start_at,
        end_at=new.end_at,
        billing_anchor=_anchor(new, version.interval, customer.timezone),
        timezone=customer.timezone,
        seats=new.seats,
    )
    subscription.customer, subscription.plan_version = customer, version
    subscription.next_bill_at = first_boundary(subscription, terms_of(version))
    session.add(subscription)
    session.flush()
    session.refresh(subscription)
    return subscription


def cancel(session: Session, subscription: Subscription, *, at: datetime | None, now: datetime) -> Subscription:
    """End it at `at`, or, without one, at the end of the current period; that period is then billed to its end.

    Raises: Conflict if it has ended or is billed beyond `at`; InvalidRequest for an `at` before the start.
    """
    session.execute(sa.select(Subscription.id).where(Subscription.id == subscription.id).with_for_update())
    session.refresh(subscription)
    if subscription.end_at is not None and subscription.end_at <= now:
        raise Conflict(f"The subscription ended at {subscription.end_at.isoformat()}.")
    period = current_period(subscription, now)
    end = at or (period.end if period else subscription.start_at)
    if end <= subscription.start_at:
        raise InvalidRequest.of("at", "must be after the subscription's start")
    billed_to = _billed_to(subscription)
    if billed_to is not None and end < billed_to:
        raise Conflict(f"Usage is billed to {billed_to.isoformat()}; the end can't be before that.")
    subscription.end_at = end
    subscription.canceled_at = now
    if subscription.next_bill_at is not None:
        subscription.next_bill_at = min(subscription.next_bill_at, end)
    session.flush()
    return subscription


def find_subscription(session: Session, subscription_id: str) -> Subscription:
    """Raises: NotFound, also for another organisation's."""
    subscription = session.get(Subscription, subscription_id)
    if subscription is None:
        raise NotFound.of("subscription", subscription_id)
    return subscription


def list_subscriptions(
    session: Session, *, limit: int, before_id: str | None = None, customer_id: str | None = None
) -> Sequence[Subscription]:
    """Newest first; those made before `before_id` where it is given."""
    plan = selectinload(Subscription.plan_version).joinedload(PlanVersion.plan)
    query = sa.select(Subscription).order_by(Subscription.id.desc()).limit(limit).options(plan)
    if before_id:
        query = query.where(Subscription.id < before_id)
    if customer_id:
        query = query.where(Subscription.customer_id == customer_id)
    return session.scalars(query).all()


def status_of(subscription: Subscription, now: datetime) -> Literal["pending", "active", "ended"]:
    if now < subscription.start_at:
        return "pending"
    return "ended" if subscription.end_at is not None and subscription.end_at <= now else "active"


def _billed_to(subscription: Subscription) -> datetime | None:
    """The end of the last period whose usage has been invoiced."""
    if subscription.next_bill_at is None:
        return subscription.end_at
    billed_to = schedule_of(subscription).boundary_at_or_before(subscription.next_bill_at - datetime.resolution)
    return billed_to if billed_to > subscription.start_at else None


def _anchor(new: NewSubscription, interval: str, zone: str) -> datetime:
    if isinstance(new.billing_anchor, datetime):
        return new.billing_anchor
    if new.billing_anchor == "anniversary":
        return new.start_at
    local = new.start_at.astimezone(timezone(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    match interval:
        case "week":
            return local.fromordinal(local.toordinal() - local.weekday()).replace(tzinfo=local.tzinfo)
        case "month":
            return local.replace(day=1)
        case "quarter":
            return local.replace(month=local.month - (local.month - 1) % 3, day=1)
        case "year":
            return local.replace(month=1, day=1)
    return local
