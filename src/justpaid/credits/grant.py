"""Grant credits, and find grants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.credits import entries
from justpaid.credits.burn_down import has_expired
from justpaid.credits.expire import post_expired
from justpaid.credits.rules import check_amount, check_currency, check_days
from justpaid.credits.tables import CreditGrant, CreditKind
from justpaid.customers import Customer
from justpaid.kernel.errors import InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.ledger import post
from justpaid.platform.finding import newest_first

MAX_PRIORITY: Final = 100
DEFAULT_PRIORITY: Final = 50
MAX_NAME: Final = 255

GrantStatus = Literal["scheduled", "active", "depleted", "expired", "void"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollover:
    """`percent` of what is left at expiry, at most `maximum`, goes on for `expires_after_days`, or without an end."""

    percent: Decimal
    maximum: Decimal | None = None
    expires_after_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """`amount` in major units of `currency` (default: the customer's). `priority`: the lowest is drawn first."""

    amount: Decimal
    kind: CreditKind
    currency: str | None = None
    name: str = ""
    priority: int = DEFAULT_PRIORITY
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    rollover: Rollover | None = None


def grant_credits(session: Session, customer: Customer, new: NewGrant, now: datetime) -> CreditGrant:
    """Raises: InvalidRequest."""
    currency = customer.currency if new.currency is None else new.currency
    effective_at = new.effective_at or now
    _check(new, currency, effective_at, now)
    rollover = new.rollover
    grant = CreditGrant(
        id=new_id("grant"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        currency=currency,
        kind=new.kind,
        name=new.name,
        amount=new.amount,
        remaining=new.amount,
        priority=new.priority,
        effective_at=effective_at,
        expires_at=new.expires_at,
        rollover_percent=rollover and rollover.percent,
        rollover_maximum=rollover and rollover.maximum,
        rollover_days=rollover and rollover.expires_after_days,
        created_at=now,
    )
    session.add(grant)
    session.flush()
    post(session, customer.organisation_id, [entries.granted(grant, now)])
    return grant


def _check(new: NewGrant, currency: str, effective_at: datetime, now: datetime) -> None:
    check_currency("currency", currency)
    check_amount("amount", new.amount, currency)
    if not 0 <= new.priority <= MAX_PRIORITY:
        raise InvalidRequest.of("priority", f"must be from 0, drawn first, to {MAX_PRIORITY}")
    if len(new.name) > MAX_NAME:
        raise InvalidRequest.of("name", f"must have at most {MAX_NAME} characters")
    if new.expires_at is not None and new.expires_at <= max(effective_at, now):
        raise InvalidRequest.of("expires_at", "must be after effective_at and not have passed already")
    if new.rollover is None:
        return
    if new.expires_at is None:
        raise InvalidRequest.of("rollover", "needs expires_at: what never expires never rolls over")
    if not 0 < new.rollover.percent <= 100:
        raise InvalidRequest.of("rollover.percent", "must be more than 0 and at most 100")
    if new.rollover.maximum is not None:
        check_amount("rollover.maximum", new.rollover.maximum, currency)
    check_days("rollover.expires_after_days", new.rollover.expires_after_days)


def status_of(grant: CreditGrant, now: datetime) -> GrantStatus:
    if grant.voided_at is not None:
        return "void"
    if has_expired(grant, now):
        return "expired"
    if not grant.remaining:
        return "depleted"
    return "scheduled" if now < grant.effective_at else "active"


def find_grant(session: Session, grant_id: str) -> CreditGrant:
    """Raises: NotFound, also for another organisation's."""
    grant = session.get(CreditGrant, grant_id)
    if grant is None:
        raise NotFound.of("credit grant", grant_id)
    return grant


def list_grants(
    session: Session,
    organisation_id: str,
    now: datetime,
    *,
    limit: int,
    before_id: str | None = None,
    customer_id: str | None = None,
) -> Sequence[CreditGrant]:
    """Newest first; those made before `before_id` where it is given."""
    post_expired(session, organisation_id, now, customers=None if customer_id is None else [customer_id])
    query = sa.select(CreditGrant)
    if customer_id is not None:
        query = query.where(CreditGrant.customer_id == customer_id)
    return newest_first(session, query, CreditGrant.id, limit, before_id)
