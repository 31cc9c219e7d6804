"""Top-ups: prepaid credits that a customer buys, by hand or because what is available fell below a threshold.

A top-up is due until its payment is recorded, and that makes its grant; a rule may have the grant made at once instead.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.credits.balance import usable_balance
from justpaid.credits.grant import NewGrant, grant_credits
from justpaid.credits.rules import check_amount, check_currency, check_days
from justpaid.credits.tables import TopUp, TopUpRule
from justpaid.credits.turn import take_turn
from justpaid.customers import Customer
from justpaid.kernel.errors import Conflict, NotFound
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import newest_first

Purse = tuple[str, str]
"""A customer's id and a currency."""


def top_up_if_low(
    session: Session,
    organisation_id: str,
    purses: Collection[Purse],
    now: datetime,
    pending: Mapping[Purse, Decimal] | None = None,
) -> list[TopUp]:
    """Order a top-up for each purse that has a rule, holds less than its threshold, and awaits none yet.

    `pending`: what the running periods would draw by now, which is no longer available.
    """
    rules = sa.select(TopUpRule).where(TopUpRule.customer_id.in_({customer_id for customer_id, _ in purses}))
    low = [rule for rule in session.scalars(rules) if (rule.customer_id, rule.currency) in set(purses)]
    if not low:
        return []
    take_turn(session, {rule.customer_id for rule in low})
    ordered = []
    for rule in low:
        purse = rule.customer_id, rule.currency
        available = usable_balance(session, *purse, now) - (pending or {}).get(purse, Decimal(0))
        if available < rule.threshold and not _awaited(session, purse):
            ordered.append(_ordered_by(session, rule, now))
    return ordered


def _awaited(session: Session, purse: Purse) -> bool:
    """Whether an automatic top-up waits for its payment before it is granted."""
    customer_id, currency = purse
    query = sa.select(TopUp.id).where(
        TopUp.customer_id == customer_id,
        TopUp.currency == currency,
        TopUp.automatic,
        TopUp.status == "due",
        TopUp.grant_id.is_(None),
    )
    return session.scalar(query) is not None


def _ordered_by(session: Session, rule: TopUpRule, now: datetime) -> TopUp:
    top_up = TopUp(
        id=new_id("topup"),
        organisation_id=rule.organisation_id,
        customer_id=rule.customer_id,
        currency=rule.currency,
        amount=rule.amount,
        automatic=True,
        status="due",
        expires_after_days=rule.expires_after_days,
        created_at=now,
    )
    if rule.grant_at == "once":
        _grant(session, top_up, now)
    session.add(top_up)
    session.flush()
    return top_up


def order_top_up(
    session: Session,
    customer: Customer,
    *,
    amount: Decimal,
    now: datetime,
    currency: str | None = None,
    expires_after_days: int | None = None,
) -> TopUp:
    """Order one by hand; it is granted when its payment is recorded.  Raises: InvalidRequest."""
    currency = customer.currency if currency is None else currency
    check_currency("currency", currency)
    check_amount("amount", amount, currency)
    check_days("expires_after_days", expires_after_days)
    top_up = TopUp(
        id=new_id("topup"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        currency=currency,
        amount=amount,
        automatic=False,
        status="due",
        expires_after_days=expires_after_days,
        created_at=now,
    )
    session.add(top_up)
    session.flush()
    return top_up


def record_payment(session: Session, top_up: TopUp, now: datetime) -> TopUp:
    """Mark it as paid, and grant its credits unless that was done at once.  Raises: Conflict unless it is due."""
    lock_due(session, top_up)
    top_up.status, top_up.paid_at = "paid", now
    if top_up.grant_id is None:
        _grant(session, top_up, now)
    session.flush()
    return top_up


def lock_due(session: Session, top_up: TopUp) -> None:
    """Raises: Conflict unless it is due."""
    take_turn(session, [top_up.customer_id])
    session.refresh(top_up)
    if top_up.status != "due":
        raise Conflict(f"Top-up {top_up.id} is {top_up.status}; only one that is due can be paid or canceled.")


def _grant(session: Session, top_up: TopUp, now: datetime) -> None:
    days = top_up.expires_after_days
    new = NewGrant(
        amount=top_up.amount,
        kind="prepaid",
        currency=top_up.currency,
        name="Top-up",
        expires_at=None if days is None else now + timedelta(days=days),
    )
    top_up.grant_id = grant_credits(session, session.get_one(Customer, top_up.customer_id), new, now).id


def find_top_up(session: Session, top_up_id: str) -> TopUp:
    """Raises: NotFound, also for another organisation's."""
    top_up = session.get(TopUp, top_up_id)
    if top_up is None:
        raise NotFound.of("top-up", top_up_id)
    return top_up


def list_top_ups(
    session: Session, *, limit: int, before_id: str | None = None, customer_id: str | None = None
) -> Sequence[TopUp]:
    """Newest first; those made before `before_id` where it is given."""
    query = sa.select(TopUp)
    if customer_id is not None:
        query = query.where(TopUp.customer_id == customer_id)
    return newest_first(session, query, TopUp.id, limit, before_id)
