"""Credits that nobody looks at: post what has expired, and top up the balances that usage has run low."""

from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from justpaid.accounts import Organisation
from justpaid.credits import CreditGrant, TopUpRule, list_top_up_rules, post_expired, top_up_if_low
from justpaid.customers import Customer
from justpaid.invoicing.finalize import issue_top_ups
from justpaid.invoicing.pending import pending_charges
from justpaid.metering import Metering
from justpaid.platform.database import Database


def keep_credits(database: Database, metering: Metering, now: datetime) -> int:
    """For every organisation, each in transactions of its own; how many top-ups were ordered."""
    with database.system() as session:
        overdue = sa.select(CreditGrant.organisation_id).where(CreditGrant.remaining > 0, CreditGrant.expires_at <= now)
        ruled = sa.select(TopUpRule.organisation_id)
        # An organisation whose test clock stands looks when the clock is moved.
        real = sa.select(Organisation.id).where(Organisation.clock_at.is_(None))
        organisations = session.scalars(
            real.where(sa.or_(Organisation.id.in_(overdue), Organisation.id.in_(ruled)))
        ).all()
    return sum(keep_credits_of(database, metering, organisation_id, now) for organisation_id in organisations)


def keep_credits_of(database: Database, metering: Metering, organisation_id: str, now: datetime) -> int:
    """For one organisation."""
    with database.tenant(organisation_id) as session:
        post_expired(session, organisation_id, now)
        issue_top_ups(session, organisation_id, now)
        purses = [(rule.customer_id, rule.currency) for rule in list_top_up_rules(session)]
    ordered = 0
    for customer_id, currency in purses:
        with database.tenant(organisation_id) as session:
            pending = pending_charges(session, metering, session.get_one(Customer, customer_id), now)
            purse = customer_id, currency
            spoken_for = {purse: pending.get(currency, Decimal(0))}
            if top_up_if_low(session, organisation_id, [purse], now, spoken_for):
                ordered += issue_top_ups(session, organisation_id, now)
    return ordered
