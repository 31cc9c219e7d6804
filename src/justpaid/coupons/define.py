"""Make, find and retire coupons."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from justpaid.coupons.tables import Coupon, Duration
from justpaid.kernel.errors import Conflict, FieldError, InvalidRequest
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import UnknownCurrency, round_to_minor
from justpaid.platform.finding import by_reference, newest_first

_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
MAX_NAME: Final = 100
MAX_PERIODS: Final = 1200
MAX_REDEMPTIONS: Final = 1_000_000_000
MAX_RESTRICTIONS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCoupon:
    """`key` is the code that customers are given. `amount` in major units of `currency`."""

    key: str
    name: str
    duration: Duration
    percent: Decimal | None = None
    amount: Decimal | None = None
    currency: str | None = None
    periods: int | None = None
    max_redemptions: int | None = None
    max_redemptions_per_customer: int | None = None
    redeem_by: datetime | None = None
    prices: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()


def create_coupon(session: Session, organisation_id: str, new: NewCoupon) -> Coupon:
    """Raises: InvalidRequest; Conflict if the key is taken."""
    errors = [*_wrong_value(new), *_wrong_limits(new)]
    if not _KEY.fullmatch(new.key):
        errors.append(FieldError("key", "1 to 64 of letters, digits, _ . -, beginning with a letter or digit"))
    if not 0 < len(new.name.strip()) <= MAX_NAME:
        errors.append(FieldError("name", f"must have 1 to {MAX_NAME} characters, not all blank"))
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    coupon = Coupon(
        id=new_id("cpn"),
        organisation_id=organisation_id,
        key=new.key,
        name=new.name,
        percent=new.percent,
        amount=new.amount,
        currency=new.currency,
        duration=new.duration,
        periods=new.periods,
        max_redemptions=new.max_redemptions,
        max_redemptions_per_customer=new.max_redemptions_per_customer,
        redeem_by=new.redeem_by,
        prices=list(new.prices),
        plans=list(new.plans),
    )
    session.add(coupon)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"A coupon with the key {new.key!r} exists. Its terms never change: make another.") from None
    session.refresh(coupon)
    return coupon


def retire_coupon(session: Session, coupon: Coupon) -> Coupon:
    """It can't be attached any more; what is attached stays."""
    coupon.active = False
    session.flush()
    return coupon


def find_coupon(session: Session, reference: str) -> Coupon:
    """The coupon with this key or id.  Raises: NotFound."""
    return by_reference(session, Coupon, "coupon", reference)


def list_coupons(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Coupon]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(Coupon), Coupon.id, limit, before_id)


def _wrong_value(new: NewCoupon) -> list[FieldError]:
    if (new.percent is None) == (new.amount is None):
        return [FieldError("percent", "give either percent, or amount and currency")]
    if new.percent is not None:
        errors = [] if 0 < new.percent <= 100 else [FieldError("percent", "must be more than 0 and at most 100")]
        if new.currency is not None:
            errors.append(FieldError("currency", "goes with amount; leave it out beside percent"))
        return errors
    if new.currency is None:
        return [FieldError("currency", "is required beside amount", "missing")]
    assert new.amount is not None
    try:
        if round_to_minor(new.amount, new.currency) != new.amount or new.amount <= 0:
            return [FieldError("amount", f"must be more than 0, in whole minor units of {new.currency}")]
    except UnknownCurrency as error:
        return [FieldError("currency", str(error))]
    return []


def _wrong_limits(new: NewCoupon) -> list[FieldError]:
    errors = []
    if new.duration == "repeating" and (new.periods is None or not 1 <= new.periods <= MAX_PERIODS):
        errors.append(FieldError("periods", f"a repeating coupon needs a number of periods, 1 to {MAX_PERIODS}"))
    if new.duration != "repeating" and new.periods is not None:
        errors.append(FieldError("periods", f"goes with the duration repeating, not with {new.duration}"))
    for field, limit in (
        ("max_redemptions", new.max_redemptions),
        ("max_redemptions_per_customer", new.max_redemptions_per_customer),
    ):
        if limit is not None and not 1 <= limit <= MAX_REDEMPTIONS:
            errors.append(FieldError(field, f"must be 1 to {MAX_REDEMPTIONS}, or left out for no limit"))
    for field, keys in (("prices", new.prices), ("plans", new.plans)):
        if len(keys) > MAX_RESTRICTIONS or not all(0 < len(key) <= 64 for key in keys):
            errors.append(FieldError(field, f"must be at most {MAX_RESTRICTIONS} keys of 1 to 64 characters"))
    return errors
