"""Credit grants, the rules of automatic top-up, and top-ups."""

from datetime import datetime
from decimal import Decimal
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from justpaid.platform.database import TenantRecord

CreditKind = Literal["prepaid", "promotional", "carry_over"]
GrantAt = Literal["payment", "once"]
TopUpStatus = Literal["due", "paid", "canceled"]


class CreditGrant(TenantRecord):
    """Credits given to a customer in one currency. They can be drawn in `[effective_at, expires_at)`.

    `carry_over`: owed to the customer, because an invoice fell below zero or was credited after it was paid.
    `remaining` is what the ledger holds for the grant, kept beside it so that a draw can lock it. `rollover_*`: how
    much of what is left at `expires_at` goes on in a new grant, which names this one in `rolled_from`.
    """

    __tablename__ = "credit_grants"
    __table_args__ = (
        # A foreign key does not obey row-level security, so it names the organisation itself.
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.CheckConstraint("kind IN ('prepaid', 'promotional', 'carry_over')", name="kind"),
        # Whatever runs side by side, nothing is spent twice.
        sa.CheckConstraint("remaining >= 0 AND remaining <= amount", name="remaining"),
        sa.CheckConstraint("expires_at > effective_at", name="expires_after_effective"),
        sa.Index(None, "organisation_id", "customer_id"),
        sa.Index("ix_credit_grants_open", "organisation_id", "customer_id", postgresql_where=sa.text("remaining > 0")),
        sa.Index(
            "ix_credit_grants_expiring", "organisation_id", "expires_at", postgresql_where=sa.text("remaining > 0")
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    currency: Mapped[str]
    kind: Mapped[CreditKind] = mapped_column(sa.Text)
    name: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    remaining: Mapped[Decimal] = mapped_column(sa.Numeric)
    priority: Mapped[int]
    effective_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    rollover_percent: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    rollover_maximum: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    rollover_days: Mapped[int | None]
    rolled_from: Mapped[str | None] = mapped_column(sa.ForeignKey("credit_grants.id"))
    voided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class TopUpRule(TenantRecord):
    """Top up by `amount` when what is available falls below `threshold`. `grant_at`: with its payment, or at once."""

    __tablename__ = "top_up_rules"
    __table_args__ = (
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.UniqueConstraint("organisation_id", "customer_id", "currency"),
        sa.CheckConstraint("grant_at IN ('payment', 'once')", name="grant_at"),
        # Else one top-up would not end what called for it.
        sa.CheckConstraint("threshold > 0 AND amount >= threshold", name="amount"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    currency: Mapped[str]
    threshold: Mapped[Decimal] = mapped_column(sa.Numeric)
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    grant_at: Mapped[GrantAt] = mapped_column(sa.Text)
    expires_after_days: Mapped[int | None]
    updated_at: Mapped[datetime]


class TopUp(TenantRecord):
    """A purchase of prepaid credits. `grant_id` is None until it is granted: with its payment, or at once."""

    __tablename__ = "top_ups"
    __table_args__ = (
        sa.ForeignKeyConstraint(["organisation_id", "customer_id"], ["customers.organisation_id", "customers.id"]),
        sa.CheckConstraint("status IN ('due', 'paid', 'canceled')", name="status"),
        # However many look at once, a low balance is answered by one top-up at a time.
        sa.Index(
            "uq_top_ups_awaited",
            "organisation_id",
            "customer_id",
            "currency",
            unique=True,
            postgresql_where=sa.text("automatic AND status = 'due' AND grant_id IS NULL"),
        ),
        sa.Index(None, "organisation_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str]
    currency: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(sa.Numeric)
    automatic: Mapped[bool]
    status: Mapped[TopUpStatus] = mapped_column(sa.Text)
    expires_after_days: Mapped[int | None]
    grant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("credit_grants.id"))
    paid_at: Mapped[datetime | None]
    canceled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
