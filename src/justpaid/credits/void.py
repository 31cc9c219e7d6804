"""Void a grant, and cancel a top-up with the grant that it made."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from justpaid.credits import entries
from justpaid.credits.expire import post_expired
from justpaid.credits.grant import status_of
from justpaid.credits.tables import CreditGrant, TopUp
from justpaid.credits.top_up import lock_due, top_up_if_low
from justpaid.credits.turn import take_turn
from justpaid.kernel.errors import Conflict
from justpaid.ledger import post


def void_grant(session: Session, grant: CreditGrant, now: datetime, *, undrawn: bool = False) -> CreditGrant:
    """Withdraw what is left of it; what was drawn stays drawn.

    Raises: Conflict if nothing is left or, where it has to be `undrawn`, if something was drawn.
    """
    take_turn(session, [grant.customer_id])
    post_expired(session, grant.organisation_id, now, customers=[grant.customer_id])
    session.refresh(grant)
    if not grant.remaining:
        raise Conflict(f"Credit grant {grant.id} is {status_of(grant, now)}; nothing is left of it to void.")
    if undrawn and grant.remaining < grant.amount:
        raise Conflict(
            f"{grant.amount - grant.remaining} of credit grant {grant.id} has been used; it can't be undone."
        )
    left, grant.remaining, grant.voided_at = grant.remaining, Decimal(0), now
    session.flush()
    post(session, grant.organisation_id, [entries.voided(grant, left, now)])
    top_up_if_low(session, grant.organisation_id, [(grant.customer_id, grant.currency)], now)
    return grant


def cancel_top_up(session: Session, top_up: TopUp, now: datetime) -> TopUp:
    """Withdraw it; of a grant that was made at once, what is left is voided.  Raises: Conflict unless it is due."""
    lock_due(session, top_up)
    top_up.status, top_up.canceled_at = "canceled", now
    session.flush()
    if top_up.grant_id is not None:
        post_expired(session, top_up.organisation_id, now, customers=[top_up.customer_id])
        grant = session.get_one(CreditGrant, top_up.grant_id, populate_existing=True)
        if grant.remaining:
            void_grant(session, grant, now)
    return top_up
