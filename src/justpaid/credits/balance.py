"""What a customer has in credits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.credits.expire import post_expired
from justpaid.credits.tables import CreditGrant


@dataclass(frozen=True, slots=True)
class Balance:
    """In one currency: `prepaid`, with carry-overs, and `promotional` can be drawn now; `scheduled` later."""

    currency: str
    prepaid: Decimal = Decimal(0)
    promotional: Decimal = Decimal(0)
    scheduled: Decimal = Decimal(0)

    @property
    def usable(self) -> Decimal:
        return self.prepaid + self.promotional


def balances_of(session: Session, organisation_id: str, customer_id: str, now: datetime) -> Sequence[Balance]:
    """One for each currency that the customer was ever granted credits in, in alphabetical order."""
    post_expired(session, organisation_id, now, customers=[customer_id])
    effective = CreditGrant.effective_at <= now

    def total(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[Decimal]:
        return sa.func.coalesce(sa.func.sum(CreditGrant.remaining).filter(condition), 0)

    rows = session.execute(
        sa.select(
            CreditGrant.currency,
            total(sa.and_(effective, CreditGrant.kind != "promotional")),
            total(sa.and_(effective, CreditGrant.kind == "promotional")),
            total(~effective),
        )
        .where(CreditGrant.customer_id == customer_id)
        .group_by(CreditGrant.currency)
        .order_by(CreditGrant.currency)
    )
    return [Balance(*row) for row in rows]


def usable_balance(session: Session, customer_id: str, currency: str, now: datetime) -> Decimal:
    """What can be drawn at `now`, in one currency, with nothing posted for it."""
    total = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(CreditGrant.remaining), 0)).where(
            CreditGrant.customer_id == customer_id,
            CreditGrant.currency == currency,
            CreditGrant.effective_at <= now,
            sa.or_(CreditGrant.expires_at.is_(None), CreditGrant.expires_at > now),
        )
    )
    assert total is not None
    return total
