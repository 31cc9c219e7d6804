"""Whom a backtest is about: customers with a subscription in its period."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from justpaid.catalog import Plan, PlanVersion
from justpaid.contracts import Subscription, SubscriptionPhase
from justpaid.kernel.period import Period


def chosen_customers(of_plan: str | None, customers: Sequence[str] | None, period: Period) -> sa.Select[Any]:
    """Their ids, once for each such subscription."""
    query = sa.select(Subscription.customer_id).where(
        Subscription.start_at < period.end,
        sa.or_(Subscription.end_at.is_(None), Subscription.end_at > period.start),
    )
    if customers is not None:
        query = query.where(Subscription.customer_id.in_(customers))
    if of_plan is not None:
        # That the plan is the one in force is for the timeline to say.
        has_it = (
            sa.select(SubscriptionPhase.id)
            .join(PlanVersion, PlanVersion.id == SubscriptionPhase.plan_version_id)
            .join(Plan, Plan.id == PlanVersion.plan_id)
            .where(SubscriptionPhase.subscription_id == Subscription.id, Plan.key == of_plan)
        )
        query = query.where(has_it.exists())
    return query
