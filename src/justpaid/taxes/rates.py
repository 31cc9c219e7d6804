"""Make, find and retire tax rates."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from justpaid.kernel.errors import Conflict, FieldError, InvalidRequest
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import by_reference, newest_first
from justpaid.taxes.tables import TaxRate

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
MAX_NAME: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTaxRate:
    """`percent`: 20 for 20 %. `region` is compared with the `state` of the customer's address."""

    key: str
    name: str
    percent: Decimal
    inclusive: bool = False
    country: str | None = None
    region: str | None = None
    default: bool = False


def create_rate(session: Session, organisation_id: str, new: NewTaxRate) -> TaxRate:
    """Raises: InvalidRequest; Conflict if the key is taken."""
    errors = _wrong(new)
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    rate = TaxRate(
        id=new_id("txr"),
        organisation_id=organisation_id,
        key=new.key,
        name=new.name,
        percent=new.percent,
        inclusive=new.inclusive,
        country=new.country,
        region=new.region,
        is_default=new.default,
    )
    session.add(rate)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(f"A tax rate with the key {new.key!r} exists. A new percentage is a new rate.") from None
    session.refresh(rate)
    return rate


def update_rate(session: Session, rate: TaxRate, changes: Mapping[str, Any]) -> TaxRate:
    """`name`, `default` and `active` may change.  Raises: InvalidRequest."""
    for name, value in changes.items():
        if value is None:
            raise InvalidRequest.of(name, "can't be null")
        if name == "name" and not 0 < len(value.strip()) <= MAX_NAME:
            raise InvalidRequest.of(name, f"must have 1 to {MAX_NAME} characters, not all blank")
        setattr(rate, "is_default" if name == "default" else name, value)
    session.flush()
    return rate


def find_rate(session: Session, reference: str) -> TaxRate:
    """The rate with this key or id.  Raises: NotFound."""
    return by_reference(session, TaxRate, "tax rate", reference)


def list_rates(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[TaxRate]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(TaxRate), TaxRate.id, limit, before_id)


def rates_by_key(session: Session) -> dict[str, TaxRate]:
    """All of the organisation's, oldest first, which is the order in which invoices show them."""
    return {rate.key: rate for rate in session.scalars(sa.select(TaxRate).order_by(TaxRate.id))}


def check_known(session: Session, field: str, keys: Collection[str]) -> None:
    """Raises: InvalidRequest for a key that is no active tax rate's."""
    known = set(session.scalars(sa.select(TaxRate.key).where(TaxRate.key.in_(keys), TaxRate.active)))
    errors = [
        FieldError(f"{field}.{position}", f"there is no active tax rate {key!r}; make it first", "not_found")
        for position, key in enumerate(keys)
        if key not in known
    ]
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)


def _wrong(new: NewTaxRate) -> list[FieldError]:
    errors = []
    if not _KEY.fullmatch(new.key):
        errors.append(FieldError("key", "1 to 64 of a-z, 0-9, _ . -, beginning with a letter or digit"))
    if not 0 < len(new.name.strip()) <= MAX_NAME:
        errors.append(FieldError("name", f"must have 1 to {MAX_NAME} characters, not all blank"))
    if not 0 <= new.percent <= 100:
        errors.append(FieldError("percent", "must be from 0 to 100: 20 means 20 %"))
    if new.country is not None and not _COUNTRY.fullmatch(new.country):
        errors.append(FieldError("country", "must be two capital letters, such as DE or US (ISO 3166-1)"))
    if new.region is not None and new.country is None:
        errors.append(FieldError("region", "needs the country that it lies in"))
    if new.region is not None and not 0 < len(new.region.strip()) <= MAX_NAME:
        errors.append(FieldError("region", f"must have 1 to {MAX_NAME} characters, not all blank"))
    return errors
