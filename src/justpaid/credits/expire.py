"""Expiry and roll-over: what is left of a grant at its `expires_at` is gone, or goes on in part.

No job has to be on time for it. Every look at a customer's credits first posts what has expired by then, dated at the
instant of expiry, so that all figures come from the ledger; a job does the same for those whom nobody looks at.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.credits import entries
from justpaid.credits.tables import CreditGrant
from justpaid.credits.turn import take_turn
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import round_to_minor
from justpaid.ledger import post


def post_expired(
    session: Session, organisation_id: str, now: datetime, *, customers: Collection[str] | None = None
) -> int:
    """Post what has expired by `now`, of these customers or of all; how many grants that were."""
    overdue = sa.select(CreditGrant).where(CreditGrant.remaining > 0, CreditGrant.expires_at <= now)
    if customers is not None:
        overdue = overdue.where(CreditGrant.customer_id.in_(customers))
    holders = session.scalars(overdue.with_only_columns(CreditGrant.customer_id).distinct()).all()
    if not holders:
        return 0
    take_turn(session, holders)
    overdue = overdue.where(CreditGrant.customer_id.in_(holders)).execution_options(populate_existing=True)
    count = 0
    # What rolled over may have expired by now as well.
    while grants := session.scalars(overdue.order_by(CreditGrant.expires_at, CreditGrant.id)).all():
        count += len(grants)
        _expire(session, organisation_id, grants, now)
    return count


def _expire(session: Session, organisation_id: str, grants: Collection[CreditGrant], now: datetime) -> None:
    posted = []
    for grant in grants:
        assert grant.expires_at is not None
        left, rolled = grant.remaining, _rolled_over(grant, now)
        grant.remaining = Decimal(0)
        if rolled is not None:
            session.add(rolled)
        posted.append(entries.expired(grant, left, grant.expires_at, rolled))
    session.flush()
    post(session, organisation_id, posted)


def _rolled_over(grant: CreditGrant, now: datetime) -> CreditGrant | None:
    """The grant in which a part of what is left goes on; it has no roll-over of its own, so credits roll over once."""
    if grant.rollover_percent is None:
        return None
    assert grant.expires_at is not None
    share = EXACT.divide(EXACT.multiply(grant.remaining, grant.rollover_percent), Decimal(100))
    amount = round_to_minor(share, grant.currency)
    if grant.rollover_maximum is not None:
        amount = min(amount, grant.rollover_maximum)
    if not amount:
        return None
    days = grant.rollover_days
    return CreditGrant(
        id=new_id("grant"),
        organisation_id=grant.organisation_id,
        customer_id=grant.customer_id,
        currency=grant.currency,
        kind=grant.kind,
        name=grant.name,
        amount=amount,
        remaining=amount,
        priority=grant.priority,
        effective_at=grant.expires_at,
        expires_at=None if days is None else grant.expires_at + timedelta(days=days),
        rolled_from=grant.id,
        created_at=now,
    )
