"""Subscriptions on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from justpaid.api.values import ExactDecimal, Input, Instant, Output, PlainDecimal, read_instant
from justpaid.catalog import MAX_THRESHOLDS, PlanVersion
from justpaid.contracts import (
    Anchor,
    At,
    Kind,
    Proration,
    Status,
    Subscription,
    SubscriptionPhase,
    add_on_versions,
    status_of,
    timeline_of,
)
from justpaid.kernel.schedule import Interval

MAX_SEATS: Final = 1_000_000
MAX_ADD_ONS: Final = 20
MAX_PHASES: Final = 50
MAX_TRIAL_DAYS: Final = 3650


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


Seats = Annotated[int, Field(ge=1, le=MAX_SEATS, strict=True)]
Overrides = Annotated[
    dict[str, dict[str, Any]],
    Field(
        description="Fields of the plan's prices that are otherwise here, by the price's key.",
        examples=[{"calls": {"unit_amount": "0.0015"}}],
    ),
]
ProrationIn = Annotated[
    Proration,
    Field(description="`prorate`: fees follow at once, by elapsed time; `none`: from the next period on."),
]


def _read_at(value: object) -> At:
    if value == "now" or value == "period_end":
        return value
    try:
        return read_instant(value)
    except ValueError as error:
        raise ValueError(f'must be "now", "period_end", or an instant: {error}') from None


_AT_SCHEMA: Final[dict[str, Any]] = {
    "anyOf": [{"enum": ["now", "period_end"]}, {"type": "string", "format": "date-time"}]
}
AtIn = Annotated[At, BeforeValidator(_read_at), WithJsonSchema(_AT_SCHEMA)]


class AddOnIn(Input):
    plan: str = Field(description="The key or id of a plan with the same interval and currency.", examples=["support"])
    quantity: int = Field(default=1, ge=1, le=MAX_SEATS, strict=True)


class DurationIn(Input):
    interval: Interval
    count: int = Field(default=1, ge=1, le=1000, strict=True)


class NewPhaseIn(Input):
    """A part of a ramp; what is left out is as in the phase before it."""

    plan: str | None = None
    seats: Seats | None = None
    overrides: Overrides | None = None
    add_ons: list[AddOnIn] | None = Field(default=None, max_length=MAX_ADD_ONS)
    duration: DurationIn | None = Field(default=None, description="How long it lasts; or else `end_at`.")
    end_at: Instant | None = None


class BillingThresholdIn(Input):
    amount: ExactDecimal = Field(description="Usage charges, before discounts and tax.", examples=["100"])
    recurring: bool = Field(default=False, description="Each time that as much is unbilled again; of the last alone.")


class SubscriptionIn(Input):
    customer_id: str = Field(description="Id, external id or alias of a customer.", examples=["acme"])
    plan: str = Field(description="The plan's key or id; its latest version is subscribed to.", examples=["pro"])
    start_at: Instant | None = Field(default=None, description="Defaults to now; the past is billed too.")
    end_at: Instant | None = Field(default=None, description="Exclusive; without it, it runs until it is canceled.")
    billing_anchor: Annotated[Anchor, BeforeValidator(_read_anchor), WithJsonSchema(_ANCHOR_SCHEMA)] = Field(
        default="anniversary",
        description="When periods begin: on the day that charging starts, on the calendar's first, or as at a given "
        "instant; all in the customer's time zone.",
    )
    seats: Seats = 1
    overrides: Overrides | None = None
    add_ons: list[AddOnIn] = Field(default_factory=list, max_length=MAX_ADD_ONS)
    currency: str | None = Field(default=None, description="One that the plan is offered in.", examples=["USD"])
    trial_days: int | None = Field(
        default=None, ge=0, le=MAX_TRIAL_DAYS, strict=True, description="Defaults to the plan's; 0 for no trial."
    )
    trial_end: Instant | None = Field(default=None, description="Instead of `trial_days`.")
    phases: list[NewPhaseIn] = Field(
        default_factory=list,
        max_length=MAX_PHASES,
        description="A ramp, from where charging starts. Each phase but the last has a duration or an end.",
    )
    billing_thresholds: list[BillingThresholdIn] | None = Field(
        default=None,
        max_length=MAX_THRESHOLDS,
        description="Instead of the plan's, in the subscription's currency; an empty list for none.",
    )


class BillingThresholdsIn(Input):
    billing_thresholds: list[BillingThresholdIn] | None = Field(
        max_length=MAX_THRESHOLDS, description="Lowest first; an empty list for none, null for the plan's again."
    )

    def sent(self) -> list[object] | None:
        return sent_thresholds(self.billing_thresholds)


def sent_thresholds(thresholds: list[BillingThresholdIn] | None) -> list[object] | None:
    return None if thresholds is None else [one.model_dump() for one in thresholds]


class ChangeIn(Input):
    """What is left out stays as it is."""

    plan: str | None = Field(default=None, description="The plan's key or id; its latest version is taken.")
    seats: Seats | None = None
    overrides: Overrides | None = Field(default=None, description="In place of those there are; {} for none.")
    add_ons: list[AddOnIn] | None = Field(
        default=None, max_length=MAX_ADD_ONS, description="In place of those there are."
    )
    at: AtIn = "now"
    proration: ProrationIn = "prorate"


class PauseIn(Input):
    at: AtIn = "now"
    resume_at: Instant | None = Field(default=None, description="Without it, it is paused until it is resumed.")
    proration: ProrationIn = "prorate"


class ResumptionIn(Input):
    at: AtIn = "now"
    proration: ProrationIn = "prorate"


class CancellationIn(Input):
    at: AtIn | None = Field(default=None, description="When it ends; defaults to the current period's end.")
    proration: ProrationIn = "prorate"


class AddOnOut(Output):
    plan: str
    plan_version: int
    quantity: int


class PhaseOut(Output):
    """A time with the same terms, `[start_at, end_at)`. One that lies ahead is a scheduled change."""

    id: str
    kind: Kind
    start_at: Instant
    end_at: Instant | None
    plan: str
    plan_version: int
    seats: int
    overrides: dict[str, Any]
    add_ons: list[AddOnOut]
    billing_anchor: Instant
    fees_from: Instant = Field(description="When fees follow these terms: later than its start without proration.")

    @classmethod
    def of(cls, phase: SubscriptionPhase, end_at: datetime | None, versions: Mapping[str, PlanVersion]) -> "PhaseOut":
        return cls(
            id=phase.id,
            kind=phase.kind,
            start_at=phase.start_at,
            end_at=end_at,
            plan=phase.plan_version.plan.key,
            plan_version=phase.plan_version.version,
            seats=phase.seats,
            overrides=phase.overrides,
            add_ons=[
                AddOnOut(plan=version.plan.key, plan_version=version.version, quantity=add_on["quantity"])
                for add_on in phase.add_ons
                for version in [versions[add_on["plan_version_id"]]]
            ],
            billing_anchor=phase.billing_anchor,
            fees_from=phase.fees_from,
        )


class BillingThresholdOut(Output):
    amount: PlainDecimal
    recurring: bool


class SubscriptionOut(Output):
    """Plan, seats and the like are those of the phase in force: before the start the first one, after the end the last.

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
    overrides: dict[str, Any]
    add_ons: list[AddOnOut]
    current_period_start: Instant | None
    current_period_end: Instant | None
    next_bill_at: Instant | None = Field(description="When the next invoice is due; null after the last.")
    billing_thresholds: list[BillingThresholdOut] | None = Field(description="Its own; null where its plan's count.")
    canceled_at: Instant | None
    created_at: Instant
    phases: list[PhaseOut]

    @classmethod
    def of(cls, subscription: Subscription, now: datetime) -> "SubscriptionOut":
        timeline = timeline_of(subscription)
        period = timeline.period_at(now)
        ends = {phase.id: end for phase, _, end in timeline.spans()}
        versions = add_on_versions(subscription)
        phases = [PhaseOut.of(phase, ends[phase.id], versions) for phase in subscription.phases]
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
            overrides=current.overrides,
            add_ons=current.add_ons,
            current_period_start=period.start if period else None,
            current_period_end=period.end if period else None,
            next_bill_at=subscription.next_bill_at,
            billing_thresholds=_thresholds(subscription),
            canceled_at=subscription.canceled_at,
            created_at=subscription.created_at,
            phases=phases,
        )


def _thresholds(subscription: Subscription) -> list[BillingThresholdOut] | None:
    own = subscription.billing_thresholds
    return (
        None if own is None else [BillingThresholdOut(amount=one["amount"], recurring=one["recurring"]) for one in own]
    )
