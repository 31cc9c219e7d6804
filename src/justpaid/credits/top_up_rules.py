"""The rules of automatic top-up: one for each customer and currency."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.credits.rules import check_amount, check_currency, check_days
from justpaid.credits.tables import GrantAt, TopUpRule
from justpaid.credits.top_up import top_up_if_low
from justpaid.credits.turn import take_turn
from justpaid.customers import Customer
from justpaid.kernel.errors import InvalidRequest, NotFound
from justpaid.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTopUpRule:
    """Amounts in major units of `currency` (default: the customer's)."""

    threshold: Decimal
    amount: Decimal
    currency: str | None = None
    grant_at: GrantAt = "payment"
    expires_after_days: int | None = None


def set_top_up_rule(session: Session, customer: Customer, new: NewTopUpRule, now: datetime) -> TopUpRule:
    """Make or replace the customer's rule in that currency, and follow it at once.  Raises: InvalidRequest."""
    currency = customer.currency if new.currency is None else new.currency
    check_currency("currency", currency)
    check_amount("threshold", new.threshold, currency)
    check_amount("amount", new.amount, currency)
    if new.amount < new.threshold:
        raise InvalidRequest.of("amount", "must be at least the threshold, so that one top-up is enough")
    check_days("expires_after_days", new.expires_after_days)
    take_turn(session, [customer.id])
    rule = _rule_of(session, customer, currency)
    if rule is None:
        rule = TopUpRule(
            id=new_id("rule"),
            organisation_id=customer.organisation_id,
            customer_id=customer.id,
            currency=currency,
        )
        session.add(rule)
    rule.threshold, rule.amount, rule.grant_at = new.threshold, new.amount, new.grant_at
    rule.expires_after_days, rule.updated_at = new.expires_after_days, now
    session.flush()
    top_up_if_low(session, customer.organisation_id, [(customer.id, currency)], now)
    return rule


def _rule_of(session: Session, customer: Customer, currency: str) -> TopUpRule | None:
    return session.scalar(
        sa.select(TopUpRule).where(TopUpRule.customer_id == customer.id, TopUpRule.currency == currency)
    )


def remove_top_up_rule(session: Session, customer: Customer, currency: str) -> None:
    """What was ordered stays.  Raises: NotFound."""
    rule = _rule_of(session, customer, currency)
    if rule is None:
        raise NotFound.of("top-up rule", f"of {customer.id} in {currency}")
    session.delete(rule)
    session.flush()


def list_top_up_rules(session: Session, customer_id: str | None = None) -> Sequence[TopUpRule]:
    query = sa.select(TopUpRule).order_by(TopUpRule.customer_id, TopUpRule.currency)
    return session.scalars(query if customer_id is None else query.where(TopUpRule.customer_id == customer_id)).all()
