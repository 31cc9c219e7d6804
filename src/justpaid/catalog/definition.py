"""What a plan version says, as JSON: read from what a client sent and checked as a whole, stored, compared, shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Required, TypedDict, Unpack, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog.amounts import BillingThreshold, MinimumCommitment, read_commitment, read_thresholds
from justpaid.catalog.patches import as_stored, patched
from justpaid.catalog.tables import PlanVersion, Product
from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.kernel.schedule import Interval
from justpaid.metering import Aggregation, Meter
from justpaid.metering import definition_of as definition_of_meter
from justpaid.pricing import MeteredPrice, Price, QuantityPrice, dump_price, invalid_request, parse_price

MAX_PRICES: Final = 100
MAX_CURRENCIES: Final = 50
MAX_TRIAL_DAYS: Final = 3660


class SentTerms(TypedDict, total=False):
    """A version's terms as a client sent them."""

    currency: Required[str]
    interval: Required[str]
    prices: Required[Sequence[object]]
    currencies: Mapping[str, object]
    trial_days: int
    minimum_commitment: object
    billing_thresholds: Sequence[object]


@dataclass(frozen=True, slots=True)
class Definition:
    """The columns of a `PlanVersion` that a client decides, in the one form in which they are stored."""

    currency: str
    interval: str
    prices: list[Any]
    currencies: dict[str, Any] = field(default_factory=dict)
    trial_days: int = 0
    minimum_commitment: dict[str, Any] | None = None
    billing_thresholds: list[Any] = field(default_factory=list)


FIELDS: Final = tuple(Definition.__dataclass_fields__)


def as_sent(version: PlanVersion) -> SentTerms:
    """The version's terms, as a client could have sent them."""
    return {
        "currency": version.currency,
        "interval": version.interval,
        "prices": version.prices,
        "currencies": version.currencies,
        "trial_days": version.trial_days,
        "minimum_commitment": version.minimum_commitment,
        "billing_thresholds": version.billing_thresholds,
    }


def definition_of(version: PlanVersion) -> Definition:
    """The version's terms as they would be stored today: a field that has come since has its default."""
    prices = [parse_price(price, in_plan=True) for price in version.prices]
    commitment = version.minimum_commitment and MinimumCommitment.model_validate(version.minimum_commitment)
    thresholds = [BillingThreshold.model_validate(threshold) for threshold in version.billing_thresholds]
    return _stored(
        version.currency,
        version.interval,
        prices,
        version.currencies,
        version.trial_days,
        commitment or None,
        thresholds,
    )


def check_definition(session: Session, **sent: Unpack[SentTerms]) -> Definition:
    """Raises: InvalidRequest with every field that is wrong, such as `prices.0.tiers.2.up_to`."""
    currency, interval = sent["currency"], sent["interval"]
    currencies, trial_days = sent.get("currencies") or {}, sent.get("trial_days", 0)
    errors = _check_currency(currency, "currency")
    if interval not in get_args(Interval):
        errors.append(FieldError("interval", "must be one of " + ", ".join(get_args(Interval))))
    if not 0 <= trial_days <= MAX_TRIAL_DAYS:
        errors.append(FieldError("trial_days", f"must be 0 to {MAX_TRIAL_DAYS} days"))
    prices = _read_prices(session, sent["prices"], errors)
    errors += _check_currencies(currency, currencies, prices if len(prices) == len(sent["prices"]) else None)
    further = list(currencies)
    commitment = read_commitment(sent.get("minimum_commitment"), further, errors)
    thresholds = read_thresholds(sent.get("billing_thresholds") or [], further, errors)
    if errors:
        raise invalid_request(errors)
    return _stored(currency, interval, prices, currencies, trial_days, commitment, thresholds)


def _stored(
    currency: str,
    interval: str,
    prices: Sequence[Price],
    currencies: Mapping[str, Any],
    trial_days: int,
    commitment: MinimumCommitment | None,
    thresholds: Sequence[BillingThreshold],
) -> Definition:
    return Definition(
        currency=currency,
        interval=interval,
        prices=[dump_price(price) for price in prices],
        currencies={
            code: as_stored(patch, patched(prices, patch, at=f"currencies.{code}"))
            for code, patch in sorted(currencies.items())
        },
        trial_days=trial_days,
        minimum_commitment=commitment.model_dump(mode="json") if commitment else None,
        billing_thresholds=[threshold.model_dump(mode="json") for threshold in thresholds],
    )


def _read_prices(session: Session, sent: Sequence[object], errors: list[FieldError]) -> list[Price]:
    """What is wrong goes to `errors`."""
    if not 1 <= len(sent) <= MAX_PRICES:
        errors.append(FieldError("prices", f"must be 1 to {MAX_PRICES} prices"))
    read: dict[int, Price] = {}
    for position, price in enumerate(sent[:MAX_PRICES]):
        try:
            read[position] = parse_price(price, in_plan=True, at=f"prices.{position}")
        except InvalidRequest as error:
            errors.extend(error.errors)
    errors += _check_keys(read)
    errors += _check_named(session, read, "meter", Meter.key)
    errors += _check_named(session, read, "product", Product.key)
    errors += _check_meters(session, read)
    return list(read.values())


def _check_keys(prices: Mapping[int, Price]) -> list[FieldError]:
    seen: set[str] = set()
    errors = []
    for position, price in prices.items():
        if price.key in seen:
            errors.append(FieldError(f"prices.{position}.key", f"{price.key!r} is taken by an earlier price", "taken"))
        seen.add(price.key)
    return errors


def _check_named(
    session: Session, prices: Mapping[int, Price], kind: str, column: sa.orm.InstrumentedAttribute[str]
) -> list[FieldError]:
    """Each meter or product that a price names has to be there."""
    named = {position: getattr(price, kind) for position, price in prices.items() if getattr(price, kind, None)}
    known = set(session.scalars(sa.select(column).where(column.in_(set(named.values()))))) if named else set()
    return [
        FieldError(f"prices.{position}.{kind}", f"there is no {kind} {key!r}; make it first", "not_found")
        for position, key in named.items()
        if key not in known
    ]


def _check_meters(session: Session, prices: Mapping[int, Price]) -> list[FieldError]:
    """A price that looks at parts of its usage needs a meter that adds up, with the dimensions that it looks at."""
    looking = {
        position: price
        for position, price in prices.items()
        if isinstance(price, MeteredPrice) and price.meter and not isinstance(price, QuantityPrice)
    }
    meters = {
        meter.key: definition_of_meter(meter)
        for meter in session.scalars(sa.select(Meter).where(Meter.key.in_({price.meter for price in looking.values()})))
    }
    errors = []
    for position, price in looking.items():
        meter = meters.get(price.meter or "")
        if meter is None:
            continue
        at = f"prices.{position}.meter"
        if meter.aggregation not in (Aggregation.SUM, Aggregation.COUNT):
            errors.append(FieldError(at, f"{meter.key!r} is a {meter.aggregation}; this model needs a sum or a count"))
        known = {name.removeprefix("properties.") for name in meter.dimensions}
        for name in price.priced_by:
            if name not in known:
                has = ", ".join(sorted(known)) or "none"
                errors.append(FieldError(at, f"{meter.key!r} has no dimension {name!r} (it has: {has}); add it first"))
    return errors


def _check_currency(code: str, at: str) -> list[FieldError]:
    try:
        minor_places(code)
    except UnknownCurrency as error:
        return [FieldError(at, str(error))]
    return []


def _check_currencies(own: str, currencies: Mapping[str, object], prices: Sequence[Price] | None) -> list[FieldError]:
    """Every price says its figures in every further currency: none is taken over as if 20 USD were 20 EUR.

    `prices`: None where they can't be read themselves.
    """
    if len(currencies) > MAX_CURRENCIES:
        return [FieldError("currencies", f"must be at most {MAX_CURRENCIES} currencies")]
    errors = []
    for code, patch in currencies.items():
        at = f"currencies.{code}"
        errors += _check_currency(code, at)
        if code == own:
            errors.append(FieldError(at, "is the plan's own currency, which its prices are in"))
        if prices is None:
            continue
        try:
            patched(prices, patch, at=at)
        except InvalidRequest as error:
            errors.extend(error.errors)
        if isinstance(patch, Mapping):
            reason = f"is required: give what differs in {code}, or {{}} where nothing does"
            missing = [price.key for price in prices if price.key not in patch]
            errors += [FieldError(f"{at}.{key}", reason, "required") for key in missing]
    return errors
