"""Move subscriptions of a plan to another version of it. Seats, add-ons and overrides stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from justpaid.catalog import PlanVersion, offered_version
from justpaid.contracts.change import change
from justpaid.contracts.find import find_subscription
from justpaid.contracts.phases import Proration
from justpaid.contracts.records import timeline_of
from justpaid.contracts.tables import Subscription, SubscriptionPhase
from justpaid.kernel.errors import JustPaidError

When = Literal["now", "period_end"]

#: Of one call, so that no transaction holds a whole book of subscriptions.
MAX_MIGRATED: Final = 1000


@dataclass(frozen=True, slots=True)
class Migrated:
    """`at`: from when it has the version; None where it was `refused`, for this reason, and stays as it is."""

    subscription_id: str
    customer_id: str
    from_version: int
    at: datetime | None
    refused: str | None = None


def migrate(
    session: Session,
    version: PlanVersion,
    subscriptions: Sequence[str],
    *,
    at: When,
    now: datetime,
    proration: Proration = "prorate",
    dry_run: bool = False,
) -> list[Migrated]:
    """Change each to `version`; one that can't be changed keeps the others from nothing.

    `dry_run`: everything is tried, and undone.
    Raises: NotFound; Conflict if the version is a draft, or its plan archived.
    """
    offered_version(version.plan, kind=version.plan.kind, version=version.version)
    with session.begin_nested() as attempt:
        told = [
            _migrated(session, version, find_subscription(session, each), at, now, proration) for each in subscriptions
        ]
        if dry_run:
            attempt.rollback()
    return told


def on_other_versions(
    session: Session, version: PlanVersion, now: datetime, *, limit: int = MAX_MIGRATED, after_id: str | None = None
) -> list[str]:
    """Subscriptions that have another version of the plan in force now and are not to get this one later, oldest first.

    One that has not started counts by what it starts with.
    """
    others = sa.select(PlanVersion.id).where(PlanVersion.plan_id == version.plan_id, PlanVersion.id != version.id)
    in_force, next_one, scheduled = (aliased(SubscriptionPhase) for _ in range(3))
    instant = sa.func.greatest(now, Subscription.start_at)
    query = (
        sa.select(Subscription.id)
        .join(in_force, in_force.subscription_id == Subscription.id)
        .where(
            sa.or_(Subscription.end_at.is_(None), Subscription.end_at > now),
            in_force.plan_version_id.in_(others),
            in_force.start_at <= instant,
            ~sa.exists().where(
                next_one.subscription_id == Subscription.id,
                next_one.start_at > in_force.start_at,
                next_one.start_at <= instant,
            ),
            ~sa.exists().where(
                scheduled.subscription_id == Subscription.id,
                scheduled.plan_version_id == version.id,
                scheduled.start_at > instant,
            ),
        )
        .order_by(Subscription.id)
        .limit(limit)
    )
    if after_id is not None:
        query = query.where(Subscription.id > after_id)
    return list(session.scalars(query))


def _migrated(
    session: Session, version: PlanVersion, subscription: Subscription, at: When, now: datetime, proration: Proration
) -> Migrated:
    timeline = timeline_of(subscription)
    when = max(now, subscription.start_at)
    before = session.get_one(PlanVersion, timeline.phase_at(when).agreed.plan_version_id)
    told = (subscription.id, subscription.customer_id, before.version)
    if before.plan_id != version.plan_id:
        return Migrated(*told, None, f"It has the plan {before.plan.key!r} and not {version.plan.key!r}.")
    period = timeline.period_at(when)
    if at == "period_end" and period:
        when = period.end
    # What was agreed with the customer stays: a version without the price that it is about is refused, not taken.
    overrides = dict(timeline.phase_at(when).agreed.overrides)
    try:
        with session.begin_nested():
            change(session, subscription, at=at, now=now, proration=proration, version=version, overrides=overrides)
    except JustPaidError as error:
        return Migrated(*told, None, error.detail)
    return Migrated(*told, when)
