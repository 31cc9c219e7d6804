"""Open backfills, and find them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.ingest.backfill import Backfill
from justpaid.ingest.tables import BackfillRecord
from justpaid.kernel.errors import InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import newest_first


def open_backfill(
    session: Session,
    organisation_id: str,
    *,
    start: datetime,
    end: datetime,
    event: str | None,
    customer_id: str | None,
    customer_keys: Sequence[str] | None,
    replace: bool,
    reason: str | None,
) -> BackfillRecord:
    """Raises: InvalidRequest for an empty range."""
    if start >= end:
        raise InvalidRequest.of("to", "must be after from: the range is [from, to)")
    record = BackfillRecord(
        id=new_id("bf"),
        organisation_id=organisation_id,
        event=event,
        customer_id=customer_id,
        customer_keys=None if customer_keys is None else list(customer_keys),
        start_at=start,
        end_at=end,
        replace=replace,
        reason=reason,
    )
    session.add(record)
    session.flush()
    session.refresh(record)
    return record


def find_backfill(session: Session, backfill_id: str) -> BackfillRecord:
    """Raises: NotFound."""
    record = session.scalar(sa.select(BackfillRecord).where(BackfillRecord.id == backfill_id))
    if record is None:
        raise NotFound.of("backfill", backfill_id)
    return record


def list_backfills(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[BackfillRecord]:
    """Newest first; those opened before `before_id` where it is given."""
    return newest_first(session, sa.select(BackfillRecord), BackfillRecord.id, limit, before_id)


def backfill_of(record: BackfillRecord) -> Backfill:
    return Backfill(
        id=record.id,
        organisation_id=record.organisation_id,
        start=record.start_at,
        end=record.end_at,
        event=record.event,
        customer_keys=None if record.customer_keys is None else tuple(record.customer_keys),
        replace=record.replace,
    )
