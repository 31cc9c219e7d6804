"""Requests that were answered: so that a repeated one gets the same answer, and so that people see them."""

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


class RequestLogEntry(TenantRecord):
    """A request; or all alike of one minute, where they come too fast to be kept one by one (`count` of them, with the
    mean of their durations). `path` is the route's template, so that nothing of a customer is in it.

    `id` is the request's, as its answer carried it in `X-Request-Id`.
    """

    __tablename__ = "request_log"
    __table_args__ = (sa.Index(None, "organisation_id", "id"), sa.Index(None, "at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    method: Mapped[str]
    path: Mapped[str]
    status: Mapped[int]
    error_code: Mapped[str | None]
    duration_ms: Mapped[int]
    count: Mapped[int]
    actor_type: Mapped[str]
    actor_id: Mapped[str]
    actor_name: Mapped[str]
