"""Subscriptions on the wire."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from justpaid.api.values import Input, Instant, Output, read_instant
from justpaid.contracts import Anchor, Kind, Status, Subscription, SubscriptionPhase, status_of, timeline_of

MAX_SEATS: Final = 1_000_000


def _read_anchor(value: object) -> Anchor:
    if value == "anniversary" or value == "calendar":
        return value
    try:
        return read_instant(value)
    except ValueError as error:
        raise ValueError(f'must be "anniversary", "calendar", or an instant: {error}') from None


_ANCHOR_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [{"enum": ["anniversary", "calendar"]}, {"type": "string", "format": "date-time"}],
}


class SubscriptionIn(Input):
    customer_id: str = Field(description="Id, external id or alias of a customer.", examples=["acme"])
    plan: str = Field(description="The plan's key or id; its latest version is subscribed to.", examples=["pro"])
    start_at: Instant | None = Field(default=None, description="Defaults to now; the past is billed too.")
    end_at: Instant | None = Field(default=None, description="Exclusive; without it, it runs until it is canceled.")
    billing_anchor: Annotated[Anchor, BeforeValidator(_read_anchor), WithJsonSchema(_ANCHOR_SCHEMA)] = Field(
        default="anniversary",
        description="When periods begin: on the start's day, on the calendar's first, or as at a given instant; "
        "all in the customer's time zone.",
    )
    seats: int = Field(default=1, ge=1, le=MAX_SEATS, strict=True)
    overrides: dict[str, Any] | None = Field(default=None, description="Reserved: null or empty.")


class CancellationIn(Input):
    at: Instant | None = Field(default=None, description="When it ends; defaults to the current period's end.")


class PhaseOut(Output):
    """A time with the same terms, `[start_at, end_at)`. One that lies ahead is a scheduled change."""

    id: str
    kind: Kind
    start_at: Instant
    end_at: Instant | None
    plan: str
    plan_version: int
    seats: int
    billing_anchor: Instant

    @classmethod
    def of(cls, phase: SubscriptionPhase, end_at: datetime | None) -> "PhaseOut":
        return cls(
            id=phase.id,
            kind=phase.kind,
            start_at=phase.start_at,
            end_at=end_at,
            plan=phase.plan_version.plan.key,
            plan_version=phase.plan_version.version,
            seats=phase.seats,
            billing_anchor=phase.billing_anchor,
        )


class SubscriptionOut(Output):
    """Plan, seats and anchor are those of the phase in force: before the start the first one, after the end the last.

    The current period is null before the start and after the end.
    """

    id: str
    customer_id: str
    plan: str
    plan_version: int
    status: Status
    start_at: Instant
    end_at: Instant | None
    billing_anchor: Instant
    timezone: str = Field(description="The customer's at the subscription's start, in which its periods are reckoned.")
    currency: str
    seats: int
    current_period_start: Instant | None
    current_period_end: Instant | None
    next_bill_at: Instant | None = Field(description="When the next invoice is due; null after the last.")
    canceled_at: Instant | None
    created_at: Instant
    phases: list[PhaseOut]

    @classmethod
    def of(cls, subscription: Subscription, now: datetime) -> "SubscriptionOut":
        timeline = timeline_of(subscription)
        period = timeline.period_at(now)
        ends = {phase.id: end for phase, _, end in timeline.spans()}
        phases = [PhaseOut.of(phase, ends[phase.id]) for phase in subscription.phases]
        current = next(phase for phase in phases if phase.id == timeline.phase_at(now).id)
        return cls(
            id=subscription.id,
            customer_id=subscription.customer_id,
            plan=current.plan,
            plan_version=current.plan_version,
            status=status_of(subscription, now),
            start_at=subscription.start_at,
            end_at=subscription.end_at,
            billing_anchor=current.billing_anchor,
            timezone=subscription.timezone,
            currency=subscription.currency,
            seats=current.seats,
            current_period_start=period.start if period else None,
            current_period_end=period.end if period else None,
            next_bill_at=subscription.next_bill_at,
            canceled_at=subscription.canceled_at,
            created_at=subscription.created_at,
            phases=phases,
        )
