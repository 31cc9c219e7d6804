"""Change a running subscription: its terms, a pause, its end, and what was scheduled of these.

Each change takes the subscription's row first, so that it comes wholly before or wholly after a billing run and other
changes. What is billed stays as it is: a change from before that is refused.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from justpaid.catalog import PlanVersion, check_overrides
from justpaid.contracts import edits
from justpaid.contracts.charges import PriceBook
from justpaid.contracts.instants import check_instant
from justpaid.contracts.phases import AddOn, Proration
from justpaid.contracts.records import billed_ahead_of, lock, save, timeline_of
from justpaid.contracts.tables import Subscription
from justpaid.contracts.timeline import Timeline
from justpaid.kernel.errors import Conflict, InvalidRequest

At = datetime | Literal["now", "period_end"]
"""An instant; or the request's; or the end of the period that runs then."""


def change(
    session: Session,
    subscription: Subscription,
    *,
    at: At,
    now: datetime,
    proration: Proration = "prorate",
    version: PlanVersion | None = None,
    seats: int | None = None,
    overrides: dict[str, Any] | None = None,
    add_ons: Sequence[AddOn] | None = None,
) -> Subscription:
    """Other terms from `at` on; what is None stays. A later scheduled change keeps what it says itself.

    Raises: InvalidRequest; Conflict if `at` is billed already, or not in the subscription's time.
    """
    lock(session, subscription)
    timeline = timeline_of(subscription)
    when = _instant(subscription, timeline, at, now)
    if overrides is not None:
        of = version or session.get_one(PlanVersion, timeline.phase_at(when).agreed.plan_version_id)
        overrides = check_overrides(of, overrides, subscription.currency)
    plan = None if version is None else (version.id, version.interval)
    patch = edits.Patch(plan, seats, overrides, None if add_ons is None else tuple(add_ons))  # type: ignore[arg-type]
    fees_from = _fees_from(session, subscription, timeline, when, proration)
    later = edits.changed(timeline, when, patch, proration, fees_from)
    _store(session, subscription, timeline, later)
    return subscription


def pause(
    session: Session,
    subscription: Subscription,
    *,
    at: At,
    until: datetime | None = None,
    now: datetime,
    proration: Proration = "prorate",
) -> Subscription:
    """Charge nothing from `at` on, until `until` or until it is resumed.  Raises: InvalidRequest; Conflict."""
    lock(session, subscription)
    timeline = timeline_of(subscription)
    when = _instant(subscription, timeline, at, now)
    if until is not None:
        check_instant("resume_at", until)
        if until <= when:
            raise InvalidRequest.of("resume_at", "must be after the pause begins")
    for phase, start, end in timeline.spans():
        if phase.kind == "trial" and (end is None or when < end) and (until is None or start < until):
            raise Conflict("The subscription is in its trial then, in which nothing is charged; pause it after that.")
    later = edits.paused(
        timeline, when, until, proration, lambda at: _fees_from(session, subscription, timeline, at, proration)
    )
    _store(session, subscription, timeline, later)
    return subscription


def resume(
    session: Session, subscription: Subscription, *, at: At, now: datetime, proration: Proration = "prorate"
) -> Subscription:
    """Charge again from `at` on.  Raises: Conflict if it is not paused then."""
    lock(session, subscription)
    timeline = timeline_of(subscription)
    when = _instant(subscription, timeline, at, now)
    if timeline.phase_at(when).kind != "paused":
        raise Conflict(f"The subscription is not paused at {when.isoformat()}.")
    fees_from = _fees_from(session, subscription, timeline, when, proration)
    _store(session, subscription, timeline, edits.resumed(timeline, when, proration, fees_from))
    return subscription


def cancel(
    session: Session,
    subscription: Subscription,
    *,
    at: At = "period_end",
    now: datetime,
    proration: Proration = "prorate",
) -> Subscription:
    """End it at `at`; what was used until then is billed. Changes that were scheduled for later are dropped.

    Without proration the period that was begun is owed whole.
    Raises: Conflict if it has ended or is billed beyond `at`; InvalidRequest for an `at` before the start.
    """
    lock(session, subscription)
    if subscription.end_at is not None and subscription.end_at <= now:
        raise Conflict(f"The subscription ended at {subscription.end_at.isoformat()}.")
    timeline = timeline_of(subscription)
    period = timeline.period_at(now)
    match at:
        case "now":
            end = now
        case "period_end":
            end = period.end if period else subscription.start_at
        case _:
            check_instant("at", at)
            end = at
    if end <= subscription.start_at:
        raise InvalidRequest.of("at", "must be after the subscription's start")
    _check_unbilled(subscription, end)
    subscription.canceled_at = now
    save(session, subscription, edits.ended(timeline, end, proration))
    return subscription


def unschedule(session: Session, subscription: Subscription, phase_id: str, *, now: datetime) -> Subscription:
    """Drop the change that starts this phase: what is before it goes on.

    Raises: Conflict if there is no such change ahead.
    """
    lock(session, subscription)
    timeline = timeline_of(subscription)
    phase = next((phase for phase in timeline.phases if phase.id == phase_id), None)
    if phase is None or phase.start_at <= max(now, subscription.start_at):
        raise Conflict(f"There is no scheduled change {phase_id!r}: it has taken effect, or was dropped before.")
    if timeline.phases[timeline.phases.index(phase) - 1].kind == "trial":
        raise Conflict("This phase ends the trial; it can be changed, but not dropped.")
    _check_unbilled(subscription, phase.start_at)
    save(session, subscription, edits.unscheduled(timeline, phase))
    return subscription


def _store(session: Session, subscription: Subscription, before: Timeline, after: Timeline) -> None:
    def said(timeline: Timeline) -> list[object]:
        return [(phase.start_at, phase.kind, phase.agreed) for phase in timeline.phases]

    if said(before) == said(after):
        raise Conflict("The subscription has these terms then already: there is nothing to change.")
    save(session, subscription, after)


def _instant(subscription: Subscription, timeline: Timeline, at: At, now: datetime) -> datetime:
    """Raises: Conflict unless it lies in the subscription's time, and not before what is billed."""
    match at:
        case "now":
            when = max(now, timeline.start_at)
        case "period_end":
            period = timeline.period_at(max(now, timeline.start_at))
            if period is None:
                raise Conflict("The subscription has ended.")
            when = period.end
        case _:
            check_instant("at", at)
            when = at
    if when < timeline.start_at:
        raise InvalidRequest.of("at", f"must not be before the subscription's start, {timeline.start_at.isoformat()}")
    if timeline.end_at is not None and when >= timeline.end_at:
        raise Conflict(f"The subscription ends at {timeline.end_at.isoformat()}; it can't be changed from then on.")
    _check_unbilled(subscription, when)
    return when


def _check_unbilled(subscription: Subscription, at: datetime) -> None:
    if subscription.billed_to is not None and at < subscription.billed_to:
        raise Conflict(f"It is billed to {subscription.billed_to.isoformat()}; choose that instant or a later one.")


def _fees_from(
    session: Session, subscription: Subscription, timeline: Timeline, at: datetime, proration: Proration
) -> datetime:
    """When fees follow a change at `at`: at once, or from the next boundary on that is not billed in advance."""
    period = timeline.period_at(at)
    if proration == "prorate" or period is None:
        return at
    if period.start == at and not (at == subscription.billed_to and _billed_in_advance(session, subscription)):
        return at
    return period.end


def _billed_in_advance(session: Session, subscription: Subscription) -> bool:
    ahead = billed_ahead_of(subscription)
    if ahead is None:
        return False
    return PriceBook.load(session, [ahead.agreed]).charges(ahead.agreed, subscription.currency).bills_in_advance
