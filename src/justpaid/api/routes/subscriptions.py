"""Subscribing customers, changing, pausing and canceling, and what a subscription costs so far."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import Query

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.estimates import EstimateOut
from justpaid.api.schemas.subscriptions import (
    AddOnIn,
    BillingThresholdsIn,
    CancellationIn,
    ChangeIn,
    NewPhaseIn,
    PauseIn,
    ResumptionIn,
    SubscriptionIn,
    SubscriptionOut,
    sent_thresholds,
)
from justpaid.api.unit_of_work import Unit
from justpaid.catalog import find_plan, offered_version
from justpaid.contracts import (
    AddOn,
    Duration,
    NewPhase,
    NewSubscription,
    cancel,
    change,
    find_subscription,
    pause,
    resume,
    set_thresholds,
    subscribe,
    unschedule,
)
from justpaid.contracts import list_subscriptions as newest
from justpaid.customers import find_customer
from justpaid.invoicing import estimate
from justpaid.kernel.errors import EventsExpired, InvalidRequest
from justpaid.metering import Metering

router = new_router("subscriptions", "/v1/subscriptions")

#: As for usage, so that both show the same number.
_FRESH_WITHIN_S: Final = 1.0


@router.post("", status_code=201)
def create_subscription(body: SubscriptionIn, unit: Unit) -> SubscriptionOut:
    """Subscribe a customer to a plan. A start in the past is allowed and bills the periods since."""
    now = unit.now()
    new = NewSubscription(
        start_at=body.start_at or now,
        end_at=body.end_at,
        billing_anchor=body.billing_anchor,
        seats=body.seats,
        overrides=body.overrides,
        add_ons=_add_ons(unit, body.add_ons) or (),
        currency=body.currency,
        trial_days=body.trial_days,
        trial_end=body.trial_end,
        phases=tuple(_new_phase(unit, phase, f"phases.{n}") for n, phase in enumerate(body.phases)),
        billing_thresholds=sent_thresholds(body.billing_thresholds),
    )
    _require_events_from(unit, new.start_at)
    customer = find_customer(unit.session, body.customer_id)
    subscription = subscribe(unit.session, customer, find_plan(unit.session, body.plan), new)
    return SubscriptionOut.of(subscription, now)


def _require_events_from(unit: Unit, start_at: datetime) -> None:
    """A period from before that could be billed, but never proved.  Raises: InvalidRequest."""
    metering: Metering = unit.installation.metering
    try:
        metering.expired.require(unit.organisation_id, start_at)
    except EventsExpired as error:
        raise InvalidRequest.of("start_at", error.detail, code=error.code) from None


@router.get("")
def list_subscriptions(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[SubscriptionOut]:
    """All subscriptions, or one customer's, newest first."""
    customer = find_customer(unit.session, customer_id) if customer_id is not None else None
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("sub"),
        customer_id=customer.id if customer else None,
    )
    now = unit.now()
    return paging.page(found, lambda subscription: SubscriptionOut.of(subscription, now))


@router.get("/{subscription_id}")
def get_subscription(subscription_id: str, unit: Unit) -> SubscriptionOut:
    """One subscription."""
    return SubscriptionOut.of(find_subscription(unit.session, subscription_id), unit.now())


@router.post("/{subscription_id}/change")
def change_subscription(subscription_id: str, body: ChangeIn, unit: Unit) -> SubscriptionOut:
    """Change plan, seats, overrides or add-ons, now, at the current period's end or at another instant."""
    subscription = find_subscription(unit.session, subscription_id)
    change(
        unit.session,
        subscription,
        at=body.at,
        now=unit.now(),
        proration=body.proration,
        version=offered_version(find_plan(unit.session, body.plan)) if body.plan is not None else None,
        seats=body.seats,
        overrides=body.overrides,
        add_ons=_add_ons(unit, body.add_ons),
    )
    return SubscriptionOut.of(subscription, unit.now())


@router.put("/{subscription_id}/billing-thresholds")
def put_billing_thresholds(subscription_id: str, body: BillingThresholdsIn, unit: Unit) -> SubscriptionOut:
    """Bill what has accrued at thresholds of its own, from now on, whatever its plan says."""
    subscription = find_subscription(unit.session, subscription_id)
    return SubscriptionOut.of(set_thresholds(unit.session, subscription, body.sent()), unit.now())


@router.delete("/{subscription_id}/changes/{phase_id}")
def drop_scheduled_change(subscription_id: str, phase_id: str, unit: Unit) -> SubscriptionOut:
    """Drop a change that lies ahead, by the id of the phase that it starts."""
    subscription = find_subscription(unit.session, subscription_id)
    return SubscriptionOut.of(unschedule(unit.session, subscription, phase_id, now=unit.now()), unit.now())


@router.post("/{subscription_id}/pause")
def pause_subscription(subscription_id: str, unit: Unit, body: PauseIn | None = None) -> SubscriptionOut:
    """Charge nothing, neither fees nor usage, until it is resumed."""
    sent = body or PauseIn()
    subscription = find_subscription(unit.session, subscription_id)
    now = unit.now()
    pause(unit.session, subscription, at=sent.at, until=sent.resume_at, now=now, proration=sent.proration)
    return SubscriptionOut.of(subscription, now)


@router.post("/{subscription_id}/resume")
def resume_subscription(subscription_id: str, unit: Unit, body: ResumptionIn | None = None) -> SubscriptionOut:
    """Charge again. A pause that lies ahead is dropped by resuming at its start."""
    sent = body or ResumptionIn()
    subscription = find_subscription(unit.session, subscription_id)
    now = unit.now()
    resume(unit.session, subscription, at=sent.at, now=now, proration=sent.proration)
    return SubscriptionOut.of(subscription, now)


@router.post("/{subscription_id}/cancel")
def cancel_subscription(subscription_id: str, unit: Unit, body: CancellationIn | None = None) -> SubscriptionOut:
    """End it, at the current period's end or at another instant; what was used until then is billed."""
    sent = body or CancellationIn()
    subscription = find_subscription(unit.session, subscription_id)
    now = unit.now()
    cancel(unit.session, subscription, at=sent.at or "period_end", now=now, proration=sent.proration)
    return SubscriptionOut.of(subscription, now)


@router.get("/{subscription_id}/estimate")
def estimate_subscription(subscription_id: str, unit: Unit) -> EstimateOut:
    """The current period's invoice as it would be now, and projected to the period's end."""
    metering: Metering = unit.installation.metering
    metering.catch_up(_FRESH_WITHIN_S)  # first, while no connection is held
    subscription = find_subscription(unit.session, subscription_id)
    return EstimateOut.of(subscription_id, estimate(unit.session, metering, subscription, unit.now()))


def _add_ons(unit: Unit, sent: Sequence[AddOnIn] | None, at: str = "add_ons") -> tuple[AddOn, ...] | None:
    if sent is None:
        return None
    versions = [
        offered_version(find_plan(unit.session, one.plan), kind="add_on", field=f"{at}.{position}.plan")
        for position, one in enumerate(sent)
    ]
    return tuple(AddOn(version.id, one.quantity) for version, one in zip(versions, sent, strict=True))


def _new_phase(unit: Unit, sent: NewPhaseIn, at: str) -> NewPhase:
    plan = None if sent.plan is None else find_plan(unit.session, sent.plan)
    return NewPhase(
        version=offered_version(plan, field=f"{at}.plan") if plan else None,
        seats=sent.seats,
        overrides=sent.overrides,
        add_ons=_add_ons(unit, sent.add_ons, f"{at}.add_ons"),
        duration=Duration(sent.duration.interval, sent.duration.count) if sent.duration else None,
        end_at=sent.end_at,
    )
