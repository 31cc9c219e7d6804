"""Pay invoices from credits when they are finalised, and give back what a void invoice drew."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.credits import entries
from justpaid.credits.burn_down import burn_down, has_expired, is_usable, rank
from justpaid.credits.expire import post_expired
from justpaid.credits.tables import CreditGrant
from justpaid.credits.top_up import top_up_if_low
from justpaid.credits.turn import take_turn
from justpaid.ledger import LedgerAccount, LedgerEntry, LedgerPosting, NewEntry, post


@dataclass(frozen=True, slots=True)
class Charge:
    """What an invoice asks for: its total with tax, in major units of `currency`, rounded."""

    invoice_id: str
    customer_id: str
    currency: str
    amount: Decimal


def draw(session: Session, organisation_id: str, charges: Sequence[Charge], now: datetime) -> dict[str, Decimal]:
    """Pay the charges, in their order, as far as credits usable at `now` go; what was paid, by invoice id.

    Part of the transaction that finalises. Raises: IntegrityError if an invoice has drawn before.
    """
    asked = {charge.customer_id for charge in charges if charge.amount > 0}
    held = sa.select(CreditGrant).where(CreditGrant.customer_id.in_(asked), CreditGrant.remaining > 0)
    holders = session.scalars(held.with_only_columns(CreditGrant.customer_id).distinct()).all() if asked else ()
    if not holders:
        return {}
    take_turn(session, holders)
    post_expired(session, organisation_id, now, customers=holders)
    purses: dict[tuple[str, str], list[CreditGrant]] = defaultdict(list)
    for grant in session.scalars(held.execution_options(populate_existing=True)):
        if is_usable(grant, now):
            purses[grant.customer_id, grant.currency].append(grant)
    posted = [entry for purse, grants in purses.items() for entry in _paid_from(purse, grants, charges, now)]
    session.flush()
    post(session, organisation_id, [entry for _, entry in posted])
    top_up_if_low(session, organisation_id, purses.keys(), now)
    return {entry.reference: paid for paid, entry in posted}


def _paid_from(
    purse: tuple[str, str], grants: list[CreditGrant], charges: Sequence[Charge], now: datetime
) -> list[tuple[Decimal, NewEntry]]:
    """Take from the grants what the customer's charges in that currency draw; each with what it pays."""
    own = [charge for charge in charges if (charge.customer_id, charge.currency) == purse]
    grants.sort(key=rank)
    by_id = {grant.id: grant for grant in grants}
    drawn = burn_down([charge.amount for charge in own], [(grant.id, grant.remaining) for grant in grants])
    posted = []
    for charge, draws in zip(own, drawn, strict=True):
        for one in draws:
            by_id[one.grant_id].remaining -= one.amount
        if draws:
            parts = [(by_id[one.grant_id], one.amount) for one in draws]
            paid = sum((one.amount for one in draws), Decimal(0))
            posted.append((paid, entries.drawn(charge.invoice_id, parts, now)))
    return posted


def give_back(session: Session, organisation_id: str, customer_id: str, invoice_id: str, now: datetime) -> None:
    """Return what the invoice drew to the grants it came from. What has expired or was voided since is not revived.

    Part of the transaction that voids the invoice.
    """
    drawn = _drawn_by(session, invoice_id)
    if not drawn:
        return
    take_turn(session, [customer_id])
    post_expired(session, organisation_id, now, customers=[customer_id])
    query = sa.select(CreditGrant).where(CreditGrant.id.in_([grant_id for grant_id, _ in drawn]))
    grants = {grant.id: grant for grant in session.scalars(query.execution_options(populate_existing=True))}
    for grant_id, amount in drawn:
        grant = grants[grant_id]
        if grant.voided_at is None and not has_expired(grant, now):
            grant.remaining += amount
    session.flush()
    parts = [(grants[grant_id], amount) for grant_id, amount in drawn]
    post(session, organisation_id, [entries.given_back(invoice_id, parts, now)])


def _drawn_by(session: Session, invoice_id: str) -> list[tuple[str, Decimal]]:
    """(grant id, amount) of each part, in the order they were drawn."""
    rows = session.execute(
        sa.select(LedgerPosting.subject, LedgerPosting.amount)
        .join(LedgerEntry, LedgerEntry.id == LedgerPosting.entry_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.account_id)
        .where(LedgerEntry.reason == "credit_draw", LedgerEntry.reference == invoice_id)
        .where(LedgerAccount.kind.in_(entries.HELD.values()))
        .order_by(LedgerPosting.position)
    )
    return [(grant_id, amount) for grant_id, amount in rows if grant_id is not None]
