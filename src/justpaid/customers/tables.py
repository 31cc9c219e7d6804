"""Customers, and every name that an event may call them by."""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord

KeyKind = Literal["id", "external_id", "alias"]


class Customer(TenantRecord):
    """Who is billed. `external_id` repeats the customer's row in `customer_keys`, which is what keeps it unique.

    `tax_rates` are keys of its own rates; None means the organisation's defaults. `net_days`, where it is given, comes
    before the organisation's; `po_number` is what its invoices quote unless they have one of their own.
    `consolidate_invoices` None means as the organisation has set it.
    """

    __tablename__ = "customers"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "id"),
        sa.CheckConstraint("tax_status IN ('taxable', 'exempt', 'reverse_charge')", name="tax_status"),
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  (SQLAlchemy's own declaration of it)

    id: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str | None]
    name: Mapped[str]
    email: Mapped[str | None]
    currency: Mapped[str]
    timezone: Mapped[str]
    address: Mapped[dict[str, str] | None] = mapped_column(JSONB(none_as_null=True))
    # `metadata` is taken by SQLAlchemy on a mapped class.
    metadata_: Mapped[dict[str, str]] = mapped_column("metadata", default=dict)
    tax_status: Mapped[str] = mapped_column(server_default="taxable")
    tax_ids: Mapped[list[Any]] = mapped_column(server_default="[]")
    tax_rates: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    net_days: Mapped[int | None]
    po_number: Mapped[str | None]
    consolidate_invoices: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=sa.func.now(), onupdate=sa.func.now())


class CustomerKey(TenantRecord):
    """One name of a customer: its id, its external id or an alias. By the primary key, none means two customers."""

    __tablename__ = "customer_keys"
    __table_args__ = (
        # Over both columns: a foreign key does not obey row-level security, so it must name the organisation itself.
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.Index(None, "organisation_id", "customer_id"),
        sa.CheckConstraint("kind IN ('id', 'external_id', 'alias')", name="kind"),
    )

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    kind: Mapped[KeyKind] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
