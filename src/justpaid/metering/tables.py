"""Meters as PostgreSQL keeps them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord


class Meter(TenantRecord):
    """`name` is for people; the rest, but for the key, is the definition, and `version` counts its changes."""

    __tablename__ = "meters"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    name: Mapped[str]
    event: Mapped[str]
    aggregation: Mapped[str]
    property: Mapped[str | None]
    filters: Mapped[list[Any]]
    dimensions: Mapped[list[Any]]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
