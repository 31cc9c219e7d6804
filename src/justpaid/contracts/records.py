"""Between the stored subscription and its timeline."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts.charges import PriceBook
from justpaid.contracts.phases import Agreed, Phase, Segment, add_ons_as_json, add_ons_from_json
from justpaid.contracts.tables import Subscription, SubscriptionPhase
from justpaid.contracts.timeline import Timeline
from justpaid.kernel.errors import Conflict
from justpaid.kernel.schedule import Interval


def timeline_of(subscription: Subscription) -> Timeline:
    phases = tuple(map(_phase, subscription.phases))
    return Timeline(phases, subscription.end_at, subscription.timezone, subscription.end_proration)


def billed_ahead_of(subscription: Subscription) -> Segment | None:
    return Segment.from_json(subscription.billed_ahead) if subscription.billed_ahead else None


def lock(session: Session, subscription: Subscription) -> Subscription:
    """Keep billing runs and other changes off until this transaction ends, and read it as it is now."""
    session.execute(sa.select(Subscription.id).where(Subscription.id == subscription.id).with_for_update())
    for phase in subscription.phases:
        session.expire(phase)
    session.expire(subscription)
    return subscription


def save(session: Session, subscription: Subscription, timeline: Timeline) -> None:
    """Store the timeline, and when it is to be billed next.

    Raises: InvalidRequest if one of its agreements can't be priced; Conflict as `next_boundary`.
    """
    kept = {row.id: row for row in subscription.phases}
    wanted = {phase.id: phase for phase in timeline.phases}
    for row in subscription.phases:
        if row.id not in wanted:
            session.delete(row)
    session.flush()  # so that a new phase may start where a deleted one did
    for phase in timeline.phases:
        row = kept.get(phase.id) or SubscriptionPhase(
            id=phase.id, organisation_id=subscription.organisation_id, subscription_id=subscription.id
        )
        _write(row, phase)
        session.add(row)
    subscription.end_at = timeline.end_at
    subscription.end_proration = timeline.end_proration
    session.flush()
    session.refresh(subscription, ["phases"])
    for row in subscription.phases:
        session.refresh(row, ["plan_version"])
    book = PriceBook.load(session, [phase.agreed for phase in timeline.phases])
    subscription.next_bill_at = next_boundary(subscription, timeline, book)
    session.flush()


def next_boundary(subscription: Subscription, timeline: Timeline, book: PriceBook) -> datetime | None:
    """The first boundary is the start if something is billed in advance there, else the first period's end.

    Raises: Conflict if the boundary that was billed last would have to be billed for a third time.
    """
    for phase in timeline.phases:
        book.charges(phase.agreed, subscription.currency)
    billed_to = subscription.billed_to
    if billed_to is not None:
        boundary = timeline.boundary_following(billed_to, billed_ahead_of(subscription))
        if boundary == billed_to == subscription.billed_from:
            raise Conflict(f"What begins at {billed_to.isoformat()} is billed already; choose a later instant.")
        return boundary
    ahead = timeline.ahead(timeline.start_at)
    if ahead and book.charges(ahead.agreed, subscription.currency).bills_in_advance:
        return timeline.start_at
    period = timeline.period_from(timeline.start_at)
    return period.end if period else None


def _phase(row: SubscriptionPhase) -> Phase:
    interval: Interval = row.plan_version.interval  # type: ignore[assignment]  # checked by the catalog
    return Phase(
        id=row.id,
        start_at=row.start_at,
        kind=row.kind,
        agreed=Agreed(
            plan_version_id=row.plan_version_id,
            interval=interval,
            billing_anchor=row.billing_anchor,
            seats=row.seats,
            overrides=row.overrides,
            add_ons=add_ons_from_json(row.add_ons),
        ),
        fees_from=row.fees_from,
        proration=row.proration,
    )


def _write(row: SubscriptionPhase, phase: Phase) -> None:
    agreed = phase.agreed
    row.start_at = phase.start_at
    row.kind = phase.kind
    row.plan_version_id = agreed.plan_version_id
    row.billing_anchor = agreed.billing_anchor
    row.seats = agreed.seats
    row.overrides = dict(agreed.overrides)
    row.add_ons = add_ons_as_json(agreed.add_ons)
    row.fees_from = phase.fees_from
    row.proration = phase.proration
