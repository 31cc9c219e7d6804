"""Invoices, their lines, billing runs and the number counters."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.platform.database import TenantRecord

# Without bounds: the largest rate times the largest quantity has 40 integer digits, and one such line must not keep
# the rest of a billing run from being stored.
Amount = sa.Numeric


class BillingRun(TenantRecord):
    """One pass over all that is due as of `as_of`. `status`: running or completed; a run that died stays running."""

    __tablename__ = "billing_runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    as_of: Mapped[datetime]
    finalize: Mapped[bool]
    status: Mapped[str]
    invoices_created: Mapped[int] = mapped_column(default=0)
    invoices_finalized: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    finished_at: Mapped[datetime | None]


class Invoice(TenantRecord):
    """The bill of one boundary of one subscription; nothing but its status and payment changes once it is finalised.

    `cutoff` is the journal sequence below which events were counted; `customer_keys` the event keys that counted as the
    customer's; `agreement` (see `contracts.Agreement`) what was charged, by which terms, over which time. With them
    `verify` finds the same figures for ever. `plan_version_id` is the latest of those in the agreement.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        # The promise that no period is billed twice, whatever runs side by side.
        sa.UniqueConstraint("subscription_id", "period_start", "period_end"),
        sa.UniqueConstraint("organisation_id", "number"),
        sa.CheckConstraint("status IN ('draft', 'finalized', 'paid', 'void', 'uncollectible')", name="status"),
        sa.CheckConstraint("(status = 'draft') = (number IS NULL)", name="numbered_when_final"),
        sa.Index(None, "organisation_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str | None]
    status: Mapped[str]
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    subscription_id: Mapped[str] = mapped_column(sa.ForeignKey("subscriptions.id"))
    plan_version_id: Mapped[str] = mapped_column(sa.ForeignKey("plan_versions.id"))
    billing_run_id: Mapped[str | None] = mapped_column(sa.ForeignKey("billing_runs.id"))
    currency: Mapped[str]
    timezone: Mapped[str]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    seller: Mapped[dict[str, Any] | None]
    customer: Mapped[dict[str, Any]]
    customer_keys: Mapped[list[Any]]
    agreement: Mapped[dict[str, Any]]
    cutoff: Mapped[int] = mapped_column(sa.BigInteger)
    subtotal: Mapped[Decimal] = mapped_column(Amount)
    discount: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    credits_applied: Mapped[Decimal] = mapped_column(Amount)
    total: Mapped[Decimal] = mapped_column(Amount)
    amount_paid: Mapped[Decimal] = mapped_column(Amount)
    amount_due: Mapped[Decimal] = mapped_column(Amount)
    issued_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position")


class InvoiceLine(TenantRecord):
    """One price over one period. `amount` is `amount_exact` rounded once; `steps` show how it came about.

    `groups` breaks the quantity down by the meter's dimensions, for additive meters. `meter_definition` is what the
    meter was when the line was made: its definition may change, the line may not.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (sa.UniqueConstraint("invoice_id", "position"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"))
    position: Mapped[int]
    description: Mapped[str]
    price_key: Mapped[str]
    meter: Mapped[str | None]
    meter_definition: Mapped[dict[str, Any] | None]
    quantity: Mapped[Decimal] = mapped_column(Amount)
    unit_amount: Mapped[Decimal | None] = mapped_column(Amount)
    amount: Mapped[Decimal] = mapped_column(Amount)
    amount_exact: Mapped[Decimal] = mapped_column(Amount)
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    steps: Mapped[list[Any]]
    groups: Mapped[list[Any]]


class InvoiceCounter(TenantRecord):
    """The next invoice number; its row is locked while numbers are given, so that none is skipped or given twice."""

    __tablename__ = "invoice_counters"

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    next_number: Mapped[int] = mapped_column(sa.BigInteger)
