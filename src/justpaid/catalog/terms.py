"""The terms of a plan version: currency, interval and prices, checked as a whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog.tables import PlanVersion
from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.kernel.schedule import Interval
from justpaid.metering import Meter
from justpaid.pricing import FlatPrice, Price, parse_price

MAX_PRICES = 100

Overrides = Mapping[str, Mapping[str, Any]]
"""Fields of prices, by price key, that one subscription has otherwise."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscription to this version is billed by. Price keys are unique."""

    currency: str
    interval: Interval
    prices: tuple[Price, ...]

    @property
    def bills_in_advance(self) -> bool:
        return any(is_in_advance(price) for price in self.prices)


def is_in_advance(price: Price) -> bool:
    return isinstance(price, FlatPrice) and price.billing == "advance"


def terms_of(version: PlanVersion, currency: str | None = None, overrides: Overrides | None = None) -> Terms:
    """The version's terms in `currency` (default: its own), each price with the fields that `overrides` gives it.

    Raises: InvalidRequest, naming `currency` or `overrides.<key>.<field>`.
    """
    if currency not in (None, version.currency):
        raise InvalidRequest.of("currency", f"plan {version.plan.key!r} is not offered in {currency}")
    overrides = overrides or {}
    unknown = overrides.keys() - {price["key"] for price in version.prices}
    if unknown:
        key = min(unknown)
        raise InvalidRequest.of(f"overrides.{key}", f"plan {version.plan.key!r} has no price with this key")
    interval: Interval = version.interval  # type: ignore[assignment]  # checked when it was made
    return Terms(version.currency, interval, tuple(_patched(price, overrides) for price in version.prices))


def _patched(price: Mapping[str, Any], overrides: Overrides) -> Price:
    patch = overrides.get(price["key"])
    if patch is None:
        return parse_price(price, in_plan=True)
    at = f"overrides.{price['key']}"
    fixed = {"key", "meter"} & patch.keys()
    if fixed:
        raise InvalidRequest.of(f"{at}.{min(fixed)}", "can't be overridden; it says which price this is")
    return parse_price({**price, **patch}, in_plan=True, at=at)


def check_terms(session: Session, currency: str, interval: str, prices: Sequence[object]) -> Terms:
    """Raises: InvalidRequest with every field that is wrong, such as `prices.0.tiers.2.up_to`."""
    errors: list[FieldError] = []
    try:
        minor_places(currency)
    except UnknownCurrency as error:
        errors.append(FieldError("currency", str(error)))
    if interval not in get_args(Interval):
        errors.append(FieldError("interval", "must be one of " + ", ".join(get_args(Interval))))
    if not 1 <= len(prices) <= MAX_PRICES:
        errors.append(FieldError("prices", f"must be 1 to {MAX_PRICES} prices"))
    parsed = []
    for position, price in enumerate(prices[:MAX_PRICES]):
        try:
            parsed.append(parse_price(price, in_plan=True, at=f"prices.{position}"))
        except InvalidRequest as error:
            errors.extend(error.errors)
    errors += _check_keys(parsed) + _check_meters(session, parsed)
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors[:3]), errors=errors)
    return Terms(currency, interval, tuple(parsed))  # type: ignore[arg-type]  # checked above


def _check_keys(prices: Sequence[Price]) -> list[FieldError]:
    seen: set[str] = set()
    errors = []
    for position, price in enumerate(prices):
        if price.key in seen:
            errors.append(FieldError(f"prices.{position}.key", f"{price.key!r} is taken by an earlier price", "taken"))
        seen.add(price.key)
    return errors


def _check_meters(session: Session, prices: Sequence[Price]) -> list[FieldError]:
    named = {price.meter for price in prices if price.meter}
    known = set(session.scalars(sa.select(Meter.key).where(Meter.key.in_(named))))
    return [
        FieldError(f"prices.{position}.meter", f"there is no meter {price.meter!r}; make it first", "not_found")
        for position, price in enumerate(prices)
        if price.meter and price.meter not in known
    ]
