"""Find subscriptions."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, object_session, selectinload

from justpaid.catalog import PlanVersion
from justpaid.contracts.records import timeline_of
from justpaid.contracts.tables import Subscription, SubscriptionPhase
from justpaid.kernel.errors import NotFound
from justpaid.platform.finding import newest_first

Status = Literal["pending", "trialing", "active", "paused", "ended"]


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
    plans = selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version).joinedload(PlanVersion.plan)
    query = sa.select(Subscription).options(plans)
    if customer_id:
        query = query.where(Subscription.customer_id == customer_id)
    return newest_first(session, query, Subscription.id, limit, before_id)


def subscriptions_of(session: Session, customer_ids: Collection[str]) -> dict[str, list[Subscription]]:
    """Newest first, by customer; customers without any are absent."""
    plans = selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version).joinedload(PlanVersion.plan)
    query = sa.select(Subscription).where(Subscription.customer_id.in_(customer_ids)).options(plans)
    found: defaultdict[str, list[Subscription]] = defaultdict(list)
    for subscription in session.scalars(query.order_by(Subscription.id.desc())):
        found[subscription.customer_id].append(subscription)
    return found


def add_on_versions(subscription: Subscription) -> dict[str, PlanVersion]:
    """The plan versions of its phases' add-ons, by id."""
    session = object_session(subscription)
    ids = {add_on["plan_version_id"] for phase in subscription.phases for add_on in phase.add_ons}
    if not ids or session is None:
        return {}
    query = sa.select(PlanVersion).where(PlanVersion.id.in_(ids)).options(joinedload(PlanVersion.plan))
    return {version.id: version for version in session.scalars(query)}


def status_of(subscription: Subscription, now: datetime) -> Status:
    if now < subscription.start_at:
        return "pending"
    if subscription.end_at is not None and subscription.end_at <= now:
        return "ended"
    statuses: dict[str, Status] = {"paid": "active", "trial": "trialing", "paused": "paused"}
    return statuses[timeline_of(subscription).phase_at(now).kind]
