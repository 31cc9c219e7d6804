"""Credit notes, their lines and their number counter."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.invoicing.tables import Amount, Invoice
from justpaid.platform.database import TenantRecord


class CreditNote(TenantRecord):
    """What an issued invoice is corrected by. It has a number of its own series and never changes but to be voided.

    `total` = `subtotal` + `tax` is spread over where it goes: `amount_off_due` of the invoice, `to_balance` of the
    customer, in the credit grant `grant_id`, `refund_due` to be paid back.
    """

    __tablename__ = "credit_notes"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "number"),
        sa.CheckConstraint("status IN ('issued', 'void')", name="status"),
        sa.CheckConstraint("total = amount_off_due + to_balance + refund_due", name="total_goes_somewhere"),
        sa.Index(None, "invoice_id"),
        sa.Index(None, "organisation_id", "customer_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    status: Mapped[str]
    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"))
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    currency: Mapped[str]
    reason: Mapped[str]
    memo: Mapped[str | None]
    subtotal: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    total: Mapped[Decimal] = mapped_column(Amount)
    amount_off_due: Mapped[Decimal] = mapped_column(Amount)
    to_balance: Mapped[Decimal] = mapped_column(Amount)
    refund_due: Mapped[Decimal] = mapped_column(Amount)
    grant_id: Mapped[str | None] = mapped_column(sa.ForeignKey("credit_grants.id"))
    issued_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    invoice: Mapped[Invoice] = relationship(lazy="joined", innerjoin=True)
    lines: Mapped[list["CreditNoteLine"]] = relationship(order_by="CreditNoteLine.position")


class CreditNoteLine(TenantRecord):
    """What is credited of one line of the invoice: `amount` in the line's own terms, after its discount; `tax` was
    added to it, `taxes` are the parts of each rate."""

    __tablename__ = "credit_note_lines"
    __table_args__ = (sa.UniqueConstraint("credit_note_id", "position"), sa.Index(None, "invoice_line_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    credit_note_id: Mapped[str] = mapped_column(sa.ForeignKey("credit_notes.id"))
    invoice_line_id: Mapped[str] = mapped_column(sa.ForeignKey("invoice_lines.id"))
    position: Mapped[int]
    description: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Amount)
    tax: Mapped[Decimal] = mapped_column(Amount)
    taxes: Mapped[list[Any]]


class CreditNoteCounter(TenantRecord):
    """The next credit note number; see `InvoiceCounter`."""

    __tablename__ = "credit_note_counters"

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), primary_key=True)
    next_number: Mapped[int] = mapped_column(sa.BigInteger)
