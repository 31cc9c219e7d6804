"""A subscription's billing periods, and the boundary after each. The calendar itself is `kernel.schedule`."""

from datetime import datetime

from justpaid.catalog import Terms
from justpaid.contracts.tables import Subscription
from justpaid.kernel.period import Period
from justpaid.kernel.schedule import Interval, Schedule


def schedule_of(subscription: Subscription) -> Schedule:
    interval: Interval = subscription.plan_version.interval  # type: ignore[assignment]  # checked by the catalog
    return Schedule(interval, subscription.billing_anchor, subscription.timezone)


def period_from(subscription: Subscription, start: datetime) -> Period | None:
    """The period that begins at `start`, cut at the subscription's end; None if it has ended by then."""
    if subscription.end_at is not None and start >= subscription.end_at:
        return None
    end = schedule_of(subscription).boundary_after(start)
    return Period(start, end if subscription.end_at is None else min(end, subscription.end_at))


def period_until(subscription: Subscription, boundary: datetime) -> Period | None:
    """The period that ends at `boundary`, one of the subscription's; None at its start."""
    if boundary <= subscription.start_at:
        return None
    start = schedule_of(subscription).boundary_at_or_before(boundary)
    if start == boundary:
        start = schedule_of(subscription).boundary_at_or_before(boundary - datetime.resolution)
    return Period(max(start, subscription.start_at), boundary)


def current_period(subscription: Subscription, now: datetime) -> Period | None:
    """The period that `now` lies in; None before the start and after the end."""
    if now < subscription.start_at:
        return None
    start = max(schedule_of(subscription).boundary_at_or_before(now), subscription.start_at)
    period = period_from(subscription, start)
    return period if period and now in period else None


def first_boundary(subscription: Subscription, terms: Terms) -> datetime | None:
    """When the first invoice is due: at the start if something is billed in advance, else at the first period's end."""
    if terms.bills_in_advance:
        return subscription.start_at
    period = period_from(subscription, subscription.start_at)
    return period.end if period else None


def boundary_following(subscription: Subscription, boundary: datetime) -> datetime | None:
    """The boundary to bill after `boundary`; None when that one was the last."""
    period = period_from(subscription, boundary)
    return period.end if period else None
