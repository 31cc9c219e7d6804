"""Subscriptions and their phases: which customer has agreed to what, from when, in whose calendar."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.catalog import PlanVersion
from justpaid.contracts.phases import Kind, Proration
from justpaid.customers import Customer
from justpaid.platform.database import TenantRecord


class Subscription(TenantRecord):
    """It runs `[start_at, end_at)`; its phases tile that. What is agreed stands in them, what never changes here.

    `timezone` is the customer's as of the subscription's start: were it to follow the customer, a move would bill some
    hours twice or not at all. `[billed_from, billed_to)` is the period that was billed last, `billed_ahead` what was
    billed at its end in advance (`contracts.Segment`); `next_bill_at` is the boundary that the next invoice is
    for; None after the last. `billing_thresholds`: its own instead of its plan's, as `catalog.amounts` writes them.
    """

    __tablename__ = "subscriptions"
    __table_args__ = (
        # What a billing run asks for: an organisation's due boundaries, oldest first.
        sa.Index("ix_subscriptions_due", "organisation_id", "next_bill_at", "id"),
        sa.Index(None, "customer_id"),
        sa.CheckConstraint("end_at > start_at", name="ends_after_start"),
        sa.CheckConstraint("end_proration IN ('prorate', 'none')", name="end_proration"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime | None]
    end_proration: Mapped[Proration] = mapped_column(sa.Text, server_default="prorate")
    currency: Mapped[str]
    timezone: Mapped[str]
    billed_from: Mapped[datetime | None]
    billed_to: Mapped[datetime | None]
    billed_ahead: Mapped[dict[str, Any] | None]
    next_bill_at: Mapped[datetime | None]
    billing_thresholds: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    canceled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    customer: Mapped[Customer] = relationship()
    phases: Mapped[list["SubscriptionPhase"]] = relationship(order_by="SubscriptionPhase.start_at")


class SubscriptionPhase(TenantRecord):
    """A phase lasts to the start of the next one, or to the subscription's end: so there is no gap and no overlap.

    See `contracts.Phase` for `fees_from`. `overrides` by price key; `add_ons` as `contracts.AddOn`.
    """

    __tablename__ = "subscription_phases"
    __table_args__ = (
        sa.UniqueConstraint("subscription_id", "start_at"),
        sa.CheckConstraint("kind IN ('paid', 'trial', 'paused')", name="kind"),
        sa.CheckConstraint("proration IN ('prorate', 'none')", name="proration"),
        sa.CheckConstraint("fees_from >= start_at", name="fees_from"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    subscription_id: Mapped[str] = mapped_column(sa.ForeignKey("subscriptions.id"))
    start_at: Mapped[datetime]
    kind: Mapped[Kind] = mapped_column(sa.Text)
    plan_version_id: Mapped[str] = mapped_column(sa.ForeignKey("plan_versions.id"))
    billing_anchor: Mapped[datetime]
    seats: Mapped[int]
    overrides: Mapped[dict[str, Any]]
    add_ons: Mapped[list[Any]]
    fees_from: Mapped[datetime]
    proration: Mapped[Proration] = mapped_column(sa.Text)
    plan_version: Mapped[PlanVersion] = relationship()
