"""Requests that were answered, so that a repeated one gets the same answer and acts once."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord


class IdempotencyKey(TenantRecord):
    """`status`, `media_type` and `body` are null only inside the transaction that is working on the answer."""

    __tablename__ = "idempotency_keys"

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    media_type: Mapped[str | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), index=True)
