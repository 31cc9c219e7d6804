"""Backfills as PostgreSQL keeps them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord


class BackfillRecord(TenantRecord):
    """What a backfill was opened as, which never changes; its steps are in the journal.

    `customer_id` is the reference that it was opened with, `customer_keys` what events could name that customer by
    then.
    """

    __tablename__ = "backfills"
    __table_args__ = (sa.CheckConstraint("start_at < end_at", name="range"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    event: Mapped[str | None]
    customer_id: Mapped[str | None]
    customer_keys: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime]
    replace: Mapped[bool]
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
