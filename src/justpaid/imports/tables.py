"""Imports as PostgreSQL keeps them. The files are in the data directory, by the import's id."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord

ImportStatus = Literal["uploaded", "running", "completed", "failed"]


class ImportRecord(TenantRecord):
    """`digest` is the SHA-256 of the file, in hex. `rows` is how many the file has, `rows_done` how many the run is
    beyond; the counts are of these. `rejected_bytes` is the length of the file of rejected rows by then."""

    __tablename__ = "imports"
    __table_args__ = (
        sa.CheckConstraint("status IN ('uploaded', 'running', 'completed', 'failed')", name="status"),
        sa.CheckConstraint("(status = 'uploaded') = (mapping IS NULL)", name="mapped_when_started"),
        sa.Index("ix_imports_running", "created_at", postgresql_where=sa.text("status = 'running'")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    filename: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(sa.BigInteger)
    digest: Mapped[str]
    encoding: Mapped[str]
    delimiter: Mapped[str]
    columns: Mapped[list[Any]]
    rows: Mapped[int] = mapped_column(sa.BigInteger)
    suggested_mapping: Mapped[dict[str, Any]]
    mapping: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    status: Mapped[ImportStatus] = mapped_column(sa.Text)
    rows_done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    accepted: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    duplicates: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    conflicts: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    rejected: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    rejected_bytes: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
