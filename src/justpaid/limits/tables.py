"""Alerts and their firings."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord

Measure = Literal["usage", "cost"]
Base = Literal["included_quantity", "last_period"]
Maker = Literal["organisation", "customer"]


class Alert(TenantRecord):
    """Whom to tell once a customer's usage of one meter, or cost, has reached a threshold in the running period.

    The threshold is `limit`, in units of the meter or of `currency`; or `percent` of it; or, where `base` says of what,
    percent of that. `subscription_id` None: the customer as a whole. `checked`: was looked at since it was made.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        # Over both columns: a foreign key does not obey row-level security, so it must name the organisation itself.
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.UniqueConstraint("organisation_id", "id"),
        sa.CheckConstraint("measure IN ('usage', 'cost')", name="measure"),
        sa.CheckConstraint("base IN ('included_quantity', 'last_period')", name="base"),
        sa.CheckConstraint("made_by IN ('organisation', 'customer')", name="made_by"),
        sa.CheckConstraint("(measure = 'usage') = (meter IS NOT NULL)", name="meter_of_usage"),
        sa.CheckConstraint("(measure = 'cost') = (currency IS NOT NULL)", name="currency_of_cost"),
        sa.CheckConstraint('("limit" IS NULL) = (base IS NOT NULL)', name="limit_or_base"),
        sa.CheckConstraint("base IS NULL OR percent IS NOT NULL", name="percent_of_base"),
        sa.Index(None, "organisation_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    subscription_id: Mapped[str | None] = mapped_column(sa.ForeignKey("subscriptions.id"))
    name: Mapped[str]
    measure: Mapped[Measure] = mapped_column(sa.Text)
    meter: Mapped[str | None]
    currency: Mapped[str | None]
    limit: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    percent: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    base: Mapped[Base | None] = mapped_column(sa.Text)
    recipients: Mapped[list[Any]]
    made_by: Mapped[Maker] = mapped_column(sa.Text)
    checked: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class Firing(TenantRecord):
    """An alert had reached its threshold at `fired_at`, the first time that was seen in the period."""

    __tablename__ = "alert_firings"
    __table_args__ = (
        sa.ForeignKeyConstraint(["organisation_id", "alert_id"], ["alerts.organisation_id", "alerts.id"]),
        sa.UniqueConstraint("alert_id", "period_start"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    alert_id: Mapped[str]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    value: Mapped[Decimal] = mapped_column(sa.Numeric)
    threshold: Mapped[Decimal] = mapped_column(sa.Numeric)
    fired_at: Mapped[datetime]
