"""Invoices, their lines and items, billing runs and the number counter. Credit notes have tables of their own."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.platform.database import TenantRecord

#: Which invoices bill a period of a subscription; another one may correct it later, for the same period.
BILLS_A_PERIOD = sa.text("kind <> 'supplementary'")

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
    """The bill of one boundary of one subscription, of a top-up, or a one-off; nothing but its status, payment and what
    was credited changes once it is finalised.

    `cutoff` is the journal sequence below which events were counted; `customer_keys` the event keys that counted as the
    customer's; `agreement` (see `contracts.Agreement`) what was charged, by which terms, over which time. With them
    and the copies of `discounts` and tax rates, `verify` finds the same figures for ever. `plan_version_id` is the
    latest of those in the agreement. `tax` is added to the lines, `tax_included` is contained in them. `carried_over`
    lifts a negative sum to a total of 0. `amount_credited` is what credit notes took off `amount_due`. `skipped`: a
    zero invoice that is not issued. A threshold invoice bills what has accrued of a running period up to `period_end`;
    `threshold_number` counts those of a period, and `billed_before` are the ids of those whose amounts an invoice takes
    off. A supplementary invoice bills the late usage of the invoice `corrects_id`. A consolidated invoice has `parts`,
    and of them the subscription with the longest period as its own.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        # The promise that no period is billed twice, whatever runs side by side.
        sa.Index(
            "uq_invoices_subscription_id_period_start_period_end",
            "subscription_id",
            "period_start",
            "period_end",
            unique=True,
            postgresql_where=BILLS_A_PERIOD,
        ),
        sa.UniqueConstraint("organisation_id", "number"),
        sa.CheckConstraint(
            "status IN ('draft', 'finalized', 'paid', 'void', 'uncollectible', 'skipped')", name="status"
        ),
        sa.CheckConstraint("kind IN ('subscription', 'one_off', 'supplementary', 'threshold', 'top_up')", name="kind"),
        sa.CheckConstraint("(status IN ('draft', 'skipped')) = (number IS NULL)", name="numbered_when_final"),
        sa.CheckConstraint("(kind IN ('one_off', 'top_up')) = (subscription_id IS NULL)", name="subscription_of_kind"),
        # A top-up is charged once, whoever looks for it.
        sa.UniqueConstraint("top_up_id"),
        # A threshold of a period is reached once, whoever looks.
        sa.Index(
            "uq_invoices_threshold",
            "subscription_id",
            "period_start",
            "threshold_number",
            unique=True,
            postgresql_where=sa.text("kind = 'threshold'"),
        ),
        sa.CheckConstraint("(kind = 'threshold') = (threshold_number IS NOT NULL)", name="threshold_of_kind"),
        sa.CheckConstraint("(kind = 'top_up') = (top_up_id IS NOT NULL)", name="top_up_of_kind"),
        sa.CheckConstraint("(kind = 'supplementary') = (corrects_id IS NOT NULL)", name="supplementary_corrects"),
        sa.CheckConstraint("total >= 0", name="total_not_negative"),
        sa.CheckConstraint("amount_due >= 0", name="amount_due_not_negative"),
        sa.Index(None, "organisation_id", "customer_id"),
        sa.Index(None, "organisation_id", "issued_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str | None]
    kind: Mapped[str] = mapped_column(server_default="subscription")
    status: Mapped[str]
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    subscription_id: Mapped[str | None] = mapped_column(sa.ForeignKey("subscriptions.id"))
    top_up_id: Mapped[str | None] = mapped_column(sa.ForeignKey("top_ups.id"))
    threshold_number: Mapped[int | None]
    plan_version_id: Mapped[str | None] = mapped_column(sa.ForeignKey("plan_versions.id"))
    billing_run_id: Mapped[str | None] = mapped_column(sa.ForeignKey("billing_runs.id"))
    corrects_id: Mapped[str | None] = mapped_column(sa.ForeignKey("invoices.id"), index=True)
    currency: Mapped[str]
    timezone: Mapped[str]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    seller: Mapped[dict[str, Any] | None]
    customer: Mapped[dict[str, Any]]
    customer_keys: Mapped[list[Any]]
    agreement: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    cutoff: Mapped[int] = mapped_column(sa.BigInteger)
    subtotal: Mapped[Decimal] = mapped_column(Amount)
    discount: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    tax_included: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    carried_over: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    credits_applied: Mapped[Decimal] = mapped_column(Amount)
    total: Mapped[Decimal] = mapped_column(Amount)
    amount_paid: Mapped[Decimal] = mapped_column(Amount)
    amount_credited: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    amount_due: Mapped[Decimal] = mapped_column(Amount)
    discounts: Mapped[list[Any]] = mapped_column(server_default="[]")
    taxes: Mapped[list[Any]] = mapped_column(server_default="[]")
    billed_before: Mapped[list[Any]] = mapped_column(server_default="[]")
    memo: Mapped[str | None]
    po_number: Mapped[str | None]
    net_days: Mapped[int | None]
    issued_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    uncollectible_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position")
    parts: Mapped[list["InvoicePart"]] = relationship(order_by="InvoicePart.position", lazy="selectin")


class InvoicePart(TenantRecord):
    """What a consolidated invoice bills of one of its subscriptions; any other invoice has no parts.

    `plan_version_id`, period and `agreement` are what the columns of an invoice of that subscription alone would say;
    the first part repeats the invoice's own. `plan_name` is what the plan was called.
    """

    __tablename__ = "invoice_parts"
    __table_args__ = (
        # Of parts the promise that no period is billed twice; billing holds the subscription's lock besides.
        sa.UniqueConstraint("subscription_id", "period_start", "period_end"),
    )

    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[str] = mapped_column(sa.ForeignKey("subscriptions.id"))
    plan_version_id: Mapped[str] = mapped_column(sa.ForeignKey("plan_versions.id"))
    plan_name: Mapped[str]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    agreement: Mapped[dict[str, Any]] = mapped_column(JSONB)


class InvoiceLine(TenantRecord):
    """One price over one period, or an invoice item, which has no price. `amount` is `amount_exact` rounded once;
    `steps` show how it came about. `discount`, `tax` and `taxes` are the line's parts of the invoice's.

    `groups` breaks the quantity down by the meter's dimensions, for additive meters. `meter_definition` is what the
    meter was when the line was made: its definition may change, the line may not. On a consolidated invoice
    `subscription_id` and `plan_name` say whose part of it the line is of; any other has one subscription.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (sa.UniqueConstraint("invoice_id", "position"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"))
    position: Mapped[int]
    description: Mapped[str]
    price_key: Mapped[str | None]
    item_id: Mapped[str | None] = mapped_column(sa.ForeignKey("invoice_items.id"))
    subscription_id: Mapped[str | None] = mapped_column(sa.ForeignKey("subscriptions.id"))
    plan_name: Mapped[str | None]
    meter: Mapped[str | None]
    meter_definition: Mapped[dict[str, Any] | None]
    quantity: Mapped[Decimal] = mapped_column(Amount)
    unit_amount: Mapped[Decimal | None] = mapped_column(Amount)
    amount: Mapped[Decimal] = mapped_column(Amount)
    amount_exact: Mapped[Decimal] = mapped_column(Amount)
    discountable: Mapped[bool] = mapped_column(server_default=sa.true())
    discount: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    tax: Mapped[Decimal] = mapped_column(Amount, server_default="0")
    taxes: Mapped[list[Any]] = mapped_column(server_default="[]")
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    steps: Mapped[list[Any]]
    groups: Mapped[list[Any]]


class InvoiceItem(TenantRecord):
    """A single charge, or below zero a credit, for a customer: pending until an invoice takes it.

    `tax_rates` are keys of its own rates; None means the customer's. An item of late usage has a period and, in
    `taxes`, copies of the rates of the invoice that it corrects, which come before all others.
    """

    __tablename__ = "invoice_items"
    __table_args__ = (sa.Index(None, "customer_id"), sa.Index(None, "invoice_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    invoice_id: Mapped[str | None] = mapped_column(sa.ForeignKey("invoices.id"))
    currency: Mapped[str]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Amount)
    unit_amount: Mapped[Decimal] = mapped_column(Amount)
    tax_rates: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    taxes: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    discountable: Mapped[bool]
    period_start: Mapped[datetime | None]
    period_end: Mapped[datetime | None]
    created_at: Mapped[datetime]


class InvoiceCounter(TenantRecord):
    """The next invoice number; its row is locked while numbers are given, so that none is skipped or given twice."""

    __tablename__ = "invoice_counters"

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    next_number: Mapped[int] = mapped_column(sa.BigInteger)
