"""Subscriptions: which customer has which plan version, from when, in whose calendar."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.catalog import PlanVersion
from justpaid.customers import Customer
from justpaid.platform.database import TenantRecord


class Subscription(TenantRecord):
    """It runs `[start_at, end_at)`. Its periods are whole intervals from `billing_anchor`, in `timezone`.

    `timezone` is the customer's as of the subscription's start: were it to follow the customer, a move would bill some
    hours twice or not at all. `next_bill_at` is the boundary that the next invoice is for; None after the last.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        # What a billing run asks for: an organisation's due boundaries, oldest first.
        sa.Index("ix_subscriptions_due", "organisation_id", "next_bill_at", "id"),
        sa.Index(None, "customer_id"),
        sa.CheckConstraint("end_at > start_at", name="ends_after_start"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    plan_version_id: Mapped[str] = mapped_column(sa.ForeignKey("plan_versions.id"))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime | None]
    billing_anchor: Mapped[datetime]
    timezone: Mapped[str]
    seats: Mapped[int]
    next_bill_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    customer: Mapped[Customer] = relationship()
    plan_version: Mapped[PlanVersion] = relationship()
