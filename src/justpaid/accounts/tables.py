"""Organisations and their API keys. A company is a pair of organisations, one in test mode and one in live mode, so
that its test data is kept from its live data by the same row-level security that keeps companies apart."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import Record, TenantRecord

Mode = Literal["test", "live"]


class Organisation(Record):
    """`pair_id` is the live organisation's id, in both of a pair. Its row-level security is on `id`.

    `settings`: see `accounts.settings`. `clock_at`: where its test clock stands; None: it follows the real time.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        sa.UniqueConstraint("pair_id", "mode"),
        sa.CheckConstraint("mode IN ('test', 'live')", name="mode"),
        sa.CheckConstraint("mode = 'test' OR clock_at IS NULL", name="live_time_is_real"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    pair_id: Mapped[str]
    mode: Mapped[Mode] = mapped_column(sa.Text)
    name: Mapped[str]
    timezone: Mapped[str]
    currency: Mapped[str]
    settings: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    clock_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class ApiKey(TenantRecord):
    """A key as kept: `digest` is the SHA-256 of the secret, in hex; `hint` its last four characters, to know it by."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    revoked_at: Mapped[datetime | None]
