"""Which billing thresholds a subscription has: its own, or else those of its plan."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog import PlanVersion, Threshold, billing_thresholds_of, check_thresholds
from justpaid.contracts.records import lock
from justpaid.contracts.tables import Subscription, SubscriptionPhase


def set_thresholds(session: Session, subscription: Subscription, sent: Sequence[object] | None) -> Subscription:
    """Its own from now on, in its currency; none at all bills no period before its end; None is back to the plan's.

    Raises: InvalidRequest.
    """
    thresholds = None if sent is None else check_thresholds(sent)
    lock(session, subscription)
    subscription.billing_thresholds = thresholds and [one.model_dump(mode="json") for one in thresholds]
    session.flush()
    return subscription


def thresholds_of(subscription: Subscription, at: datetime) -> tuple[Threshold, ...]:
    """In its currency, lowest first; the plan's are those of the phase in force at `at`."""
    own = subscription.billing_thresholds
    if own is not None:
        return tuple([Threshold(Decimal(one["amount"]), one["recurring"]) for one in own])
    phase = next((one for one in reversed(subscription.phases) if one.start_at <= at), subscription.phases[0])
    return billing_thresholds_of(phase.plan_version, subscription.currency)


def may_reach_thresholds(at: datetime) -> sa.ColumnElement[bool]:
    """Whether a subscription has thresholds, or had a plan with some up to `at`."""
    of_plan = (
        sa.select(SubscriptionPhase.id)
        .join(PlanVersion, PlanVersion.id == SubscriptionPhase.plan_version_id)
        .where(SubscriptionPhase.subscription_id == Subscription.id, SubscriptionPhase.start_at <= at)
        .where(sa.func.jsonb_array_length(PlanVersion.billing_thresholds) > 0)
    )
    own = Subscription.billing_thresholds
    return sa.case((own.is_not(None), sa.func.jsonb_array_length(own) > 0), else_=sa.exists(of_plan))
