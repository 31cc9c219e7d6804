"""What was entered for a customer."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.ledger.tables import LedgerEntry, LedgerPosting
from justpaid.platform.finding import newest_first


def list_entries(
    session: Session, customer_id: str, *, limit: int, before_id: str | None = None
) -> Sequence[LedgerEntry]:
    """Newest first; those made before `before_id` where it is given."""
    query = (
        sa.select(LedgerEntry)
        .where(LedgerEntry.customer_id == customer_id)
        .options(selectinload(LedgerEntry.postings).options(joinedload(LedgerPosting.account)))
    )
    return newest_first(session, query, LedgerEntry.id, limit, before_id)
