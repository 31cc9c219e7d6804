"""What was entered for a customer."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.ledger.tables import LedgerEntry, LedgerPosting


def list_entries(
    session: Session, customer_id: str, *, limit: int, before_id: str | None = None
) -> Sequence[LedgerEntry]:
    """Newest first; those made before `before_id` where it is given."""
    query = (
        sa.select(LedgerEntry)
        .where(LedgerEntry.customer_id == customer_id)
        .order_by(LedgerEntry.id.desc())
        .limit(limit)
        .options(selectinload(LedgerEntry.postings).options(joinedload(LedgerPosting.account)))
    )
    return session.scalars(query.where(LedgerEntry.id < before_id) if before_id else query).all()
