"""End a subscription."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from justpaid.contracts.records import lock, save, timeline_of
from justpaid.contracts.tables import Subscription
from justpaid.kernel.errors import Conflict, InvalidRequest


def cancel(session: Session, subscription: Subscription, *, at: datetime | None, now: datetime) -> Subscription:
    """End it at `at`, or, without one, at the end of the current period; that period is then billed to its end.

    Raises: Conflict if it has ended or is billed beyond `at`; InvalidRequest for an `at` before the start.
    """
    lock(session, subscription)
    if subscription.end_at is not None and subscription.end_at <= now:
        raise Conflict(f"The subscription ended at {subscription.end_at.isoformat()}.")
    timeline = timeline_of(subscription)
    period = timeline.period_at(now)
    end = at or (period.end if period else subscription.start_at)
    if end <= subscription.start_at:
        raise InvalidRequest.of("at", "must be after the subscription's start")
    if subscription.billed_to is not None and end < subscription.billed_to:
        raise Conflict(f"Usage is billed to {subscription.billed_to.isoformat()}; the end can't be before that.")
    phases = tuple(phase for phase in timeline.phases if phase.start_at < end)
    subscription.canceled_at = now
    save(session, subscription, replace(timeline, phases=phases, end_at=end))
    return subscription
