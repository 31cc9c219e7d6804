"""What was put right after an invoice was issued, because usage came late; and how far it was looked for."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.invoicing.tables import Amount, Invoice
from justpaid.platform.database import TenantRecord


class LateUsageCorrection(TenantRecord):
    """One correction of an issued invoice: its difference to what the usage as of `cutoff`, under `customer_keys`,
    comes to, less what the corrections `after` (ids) had put right before.

    It is on one document: pending or invoiced items (see its lines), a supplementary invoice, or a credit note. While
    that is void, the correction counts for nothing. `discounts` are those of the invoice, with the difference in what
    they take.
    """

    __tablename__ = "late_usage_corrections"
    __table_args__ = (
        # The promise that nothing is put right twice: of two that start from the same state, one can be stored.
        sa.UniqueConstraint("invoice_id", "number"),
        sa.CheckConstraint(
            "policy IN ('next_invoice', 'supplementary_invoice', 'credit_note')", name="policy"
        ),
        sa.CheckConstraint(
            "(policy = 'supplementary_invoice') = (supplementary_id IS NOT NULL)", name="supplementary"
        ),
        sa.CheckConstraint("(policy = 'credit_note') = (credit_note_id IS NOT NULL)", name="credit_note"),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(primary_key=True)
    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"))
    number: Mapped[int]
    policy: Mapped[str]
    cutoff: Mapped[int] = mapped_column(sa.BigInteger)
    customer_keys: Mapped[list[Any]]
    after: Mapped[list[Any]]
    discounts: Mapped[list[Any]]
    supplementary_id: Mapped[str | None] = mapped_column(sa.ForeignKey("invoices.id"), unique=True)
    credit_note_id: Mapped[str | None] = mapped_column(sa.ForeignKey("credit_notes.id"), unique=True)
    created_at: Mapped[datetime]
    lines: Mapped[list["LateUsageLine"]] = relationship(
        order_by="LateUsageLine.position", cascade="all, delete-orphan", passive_deletes=False
    )
    invoice: Mapped[Invoice] = relationship(foreign_keys=[invoice_id])


class LateUsageLine(TenantRecord):
    """The difference of one line: `quantity` and `amount` above zero where usage was added. `discount` is what the
    discounts of the invoice take of the difference. `invoice_line_id` is None for a true-up that the invoice lacked.
    `subscription_id` is that of the line.
    """

    __tablename__ = "late_usage_lines"
    __table_args__ = (sa.UniqueConstraint("correction_id", "position"), sa.Index(None, "invoice_line_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    correction_id: Mapped[str] = mapped_column(sa.ForeignKey("late_usage_corrections.id"))
    invoice_line_id: Mapped[str | None] = mapped_column(sa.ForeignKey("invoice_lines.id"))
    item_id: Mapped[str | None] = mapped_column(sa.ForeignKey("invoice_items.id"), unique=True)
    subscription_id: Mapped[str | None] = mapped_column(sa.ForeignKey("subscriptions.id"))
    position: Mapped[int]
    description: Mapped[str]
    price_key: Mapped[str]
    meter: Mapped[str | None]
    period_start: Mapped[datetime]
    period_end: Mapped[datetime]
    quantity: Mapped[Decimal] = mapped_column(Amount)
    amount: Mapped[Decimal] = mapped_column(Amount)
    discount: Mapped[Decimal] = mapped_column(Amount)


class LateUsageMark(TenantRecord):
    """Billing runs have put right what came below `sequence`; keys that customers were given after `looked_at` are new
    to them. `documented_at`: when invoices or credit notes of late usage were last made by themselves.
    """

    __tablename__ = "late_usage_marks"

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    looked_at: Mapped[datetime]
    documented_at: Mapped[datetime | None]
