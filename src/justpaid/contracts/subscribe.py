"""Subscribe a customer to a plan."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from justpaid.catalog import Plan, offered_version
from justpaid.contracts.phases import Agreed, Phase
from justpaid.contracts.records import save
from justpaid.contracts.tables import Subscription
from justpaid.contracts.timeline import Timeline
from justpaid.customers import Customer
from justpaid.kernel.errors import InvalidRequest
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
    """Subscribe to the plan's published version. A start in the past is billed for the periods since.

    Raises: InvalidRequest; Conflict if the plan is archived or still a draft.
    """
    for field, instant in (("start_at", new.start_at), ("end_at", new.end_at), ("billing_anchor", new.billing_anchor)):
        if isinstance(instant, datetime):
            check_instant(field, instant)
    if new.end_at is not None and new.end_at <= new.start_at:
        raise InvalidRequest.of("end_at", "must be after start_at")
    version = offered_version(plan)
    agreed = Agreed(
        plan_version_id=version.id,
        interval=version.interval,  # type: ignore[arg-type]  # checked by the catalog
        billing_anchor=anchor_of(new.billing_anchor, new.start_at, version.interval, customer.timezone),
        seats=new.seats,
    )
    phase = Phase(new_id("phase"), new.start_at, "paid", agreed, fees_from=new.start_at)
    subscription = Subscription(
        id=new_id("sub"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        start_at=new.start_at,
        currency=version.currency,
        timezone=customer.timezone,
        customer=customer,
        phases=[],
    )
    session.add(subscription)
    save(session, subscription, Timeline((phase,), new.end_at, customer.timezone))
    session.refresh(subscription)
    return subscription


def check_instant(field: str, instant: datetime) -> None:
    """Raises: InvalidRequest."""
    if not EARLIEST_YEAR <= instant.year < LATEST_YEAR:
        raise InvalidRequest.of(field, f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR - 1}")


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
