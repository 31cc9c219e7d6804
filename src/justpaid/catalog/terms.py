"""The terms of a plan version, in one currency and for one customer: what a subscription is billed by."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from justpaid.catalog.amounts import BillingThreshold, MinimumCommitment
from justpaid.catalog.definition import Definition
from justpaid.catalog.patches import Overrides, as_stored, patched
from justpaid.catalog.tables import PlanVersion
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.schedule import Interval
from justpaid.pricing import Price, is_in_advance, parse_price


@dataclass(frozen=True, slots=True)
class Threshold:
    """`amount` in major units of the terms' currency."""

    amount: Decimal
    recurring: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """Price keys are unique. `minimum_commitment` is for a whole period, in major units of `currency`."""

    currency: str
    interval: Interval
    prices: tuple[Price, ...]
    trial_days: int = 0
    minimum_commitment: Decimal | None = None
    billing_thresholds: tuple[Threshold, ...] = ()

    @property
    def bills_in_advance(self) -> bool:
        return any(is_in_advance(price) for price in self.prices)


def terms_of(
    version: PlanVersion | Definition, currency: str | None = None, overrides: Overrides | None = None
) -> Terms:
    """The version's terms in `currency` (its own where none is given), with one customer's `overrides` on top.

    Raises: InvalidRequest for a currency that the version does not offer, or `overrides.<key>.<field>`.
    """
    currency = currency or version.currency
    interval: Interval = version.interval  # type: ignore[assignment]  # checked when it was made
    prices = tuple(parse_price(price, in_plan=True) for price in version.prices)
    if currency != version.currency:
        if currency not in version.currencies:
            raise InvalidRequest.of("currency", f"the plan is offered in {', '.join(offered_currencies(version))}")
        prices = patched(prices, version.currencies[currency], at=f"currencies.{currency}")
    if overrides:
        prices = patched(prices, overrides, at="overrides")
    commitment = version.minimum_commitment and MinimumCommitment.model_validate(version.minimum_commitment)
    return Terms(
        currency,
        interval,
        prices,
        trial_days=version.trial_days,
        minimum_commitment=commitment.in_currency(currency, version.currency) if commitment else None,
        billing_thresholds=billing_thresholds_of(version, currency),
    )


def billing_thresholds_of(version: PlanVersion | Definition, currency: str) -> tuple[Threshold, ...]:
    """In `currency`, which the version offers, lowest first."""
    thresholds = [BillingThreshold.model_validate(threshold) for threshold in version.billing_thresholds]
    return tuple(Threshold(one.in_currency(currency, version.currency), one.recurring) for one in thresholds)


def check_overrides(
    version: PlanVersion | Definition, overrides: Overrides, currency: str | None = None
) -> dict[str, Any]:
    """One customer's overrides as they are to be stored; `terms_of` takes them.  Raises: as `terms_of`."""
    return as_stored(overrides, terms_of(version, currency, overrides).prices)


def offered_currencies(version: PlanVersion | Definition) -> list[str]:
    """The version's own currency, then the others."""
    return [version.currency, *sorted(version.currencies)]


def currency_for(version: PlanVersion | Definition, *, asked: str | None, customers: str) -> str:
    """What a subscription is billed in: as `asked`, else the customer's own if it is offered, else the version's own.

    Raises: InvalidRequest for an `asked` currency that is not offered.
    """
    offered = offered_currencies(version)
    if asked is None:
        return customers if customers in offered else version.currency
    if asked not in offered:
        raise InvalidRequest.of("currency", f"the plan is offered in {', '.join(offered)}")
    return asked
