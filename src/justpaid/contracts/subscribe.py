"""Subscribe a customer to a plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from justpaid.catalog import Plan, PlanVersion, check_overrides, currency_for, offered_version, terms_of
from justpaid.contracts.edits import Patch, changed, ended
from justpaid.contracts.instants import check_instant
from justpaid.contracts.phases import AddOn, Agreed, Phase
from justpaid.contracts.ramp import NewPhase, ramp
from justpaid.contracts.records import save
from justpaid.contracts.tables import Subscription
from justpaid.contracts.thresholds import set_thresholds
from justpaid.contracts.timeline import Timeline
from justpaid.customers import Customer
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.ids import new_id
from justpaid.kernel.period import timezone
from justpaid.kernel.schedule import Schedule

Anchor = Literal["anniversary", "calendar"] | datetime


@dataclass(frozen=True, slots=True)
class NewSubscription:
    """`billing_anchor`: `anniversary` bills on the day that charging begins, `calendar` on the first of the interval.

    `trial_days` (default: the plan's) are days of the customer's calendar; `trial_end` is an instant, instead of them.
    """

    start_at: datetime
    end_at: datetime | None = None
    billing_anchor: Anchor = "anniversary"
    seats: int = 1
    overrides: dict[str, Any] | None = None
    add_ons: tuple[AddOn, ...] = ()
    currency: str | None = None
    trial_days: int | None = None
    trial_end: datetime | None = None
    phases: tuple[NewPhase, ...] = ()
    billing_thresholds: Sequence[object] | None = None


def subscribe(session: Session, customer: Customer, plan: Plan, new: NewSubscription) -> Subscription:
    """Subscribe to the plan's published version. A start in the past is billed for the periods since.

    Raises: InvalidRequest; Conflict if the plan is archived or still a draft.
    """
    for field in ("start_at", "end_at", "billing_anchor", "trial_end"):
        instant = getattr(new, field)
        if isinstance(instant, datetime):
            check_instant(field, instant)
    if new.end_at is not None and new.end_at <= new.start_at:
        raise InvalidRequest.of("end_at", "must be after start_at")
    version = offered_version(plan)
    subscription = Subscription(
        id=new_id("sub"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        start_at=new.start_at,
        currency=currency_for(version, asked=new.currency, customers=customer.currency),
        timezone=customer.timezone,
        customer=customer,
        phases=[],
    )
    session.add(subscription)
    save(session, subscription, _timeline(new, version, subscription.currency, customer.timezone))
    if new.billing_thresholds is not None:
        set_thresholds(session, subscription, new.billing_thresholds)
    session.refresh(subscription)
    return subscription


def _timeline(new: NewSubscription, version: PlanVersion, currency: str, zone: str) -> Timeline:
    charged_from = _trial_end(new, terms_of(version).trial_days, zone)
    agreed = Agreed(
        plan_version_id=version.id,
        interval=version.interval,  # type: ignore[arg-type]  # checked by the catalog
        billing_anchor=anchor_of(new.billing_anchor, charged_from, version.interval, zone),
        seats=new.seats,
        overrides=check_overrides(version, new.overrides or {}, currency),
        add_ons=new.add_ons,
    )
    paid = Phase(new_id("phase"), charged_from, "paid", agreed, fees_from=charged_from)
    timeline = Timeline((paid,), None, zone)
    for one, start in ramp(new.phases, charged_from, zone):
        plan = one.version and (one.version.id, one.version.interval)
        version = one.version or version
        overrides = None if one.overrides is None else check_overrides(version, one.overrides, currency)
        patch = Patch(plan, one.seats, overrides, one.add_ons)  # type: ignore[arg-type]
        timeline = changed(timeline, start, patch, "prorate", start)
    if charged_from > new.start_at:
        trial = Phase(new_id("phase"), new.start_at, "trial", timeline.phases[0].agreed, fees_from=new.start_at)
        timeline = replace(timeline, phases=(trial, *timeline.phases))
    return timeline if new.end_at is None else ended(timeline, new.end_at, "prorate")


def _trial_end(new: NewSubscription, days: int, zone: str) -> datetime:
    """The same time of day as the start on the customer's clocks, so many days on: never a day early."""
    if new.trial_end is not None:
        if new.trial_days is not None:
            raise InvalidRequest.of("trial_end", "can't be given together with trial_days")
        if new.trial_end < new.start_at:
            raise InvalidRequest.of("trial_end", "must not be before start_at")
        return new.trial_end
    return Schedule("day", new.start_at, zone).boundary(days if new.trial_days is None else new.trial_days)


def anchor_of(anchor: Anchor, start_at: datetime, interval: str, zone: str) -> datetime:
    if isinstance(anchor, datetime):
        return anchor
    if anchor == "anniversary":
        return start_at
    local = start_at.astimezone(timezone(zone)).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
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
