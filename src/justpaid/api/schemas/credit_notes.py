"""Credit notes on the wire."""

from typing import Literal

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, LineTaxOut, billed, line_taxes
from justpaid.api.values import ExactDecimal, Input, Instant, Output
from justpaid.invoicing import CreditNote, CreditReason, LineCredit, NewCreditNote, Remainder

_AMOUNTS = ("subtotal", "tax", "total", "amount_off_due", "to_balance", "refund_due")


class CreditedLineIn(Input):
    line: int = Field(description="The position of a line of the invoice, from 1.", examples=[1])
    amount: ExactDecimal = Field(description="Before added tax, after the line's discount; its tax is added.")


class CreditNoteIn(Input):
    """By `lines`, or by `amount` with tax; with neither, all that is left of the invoice."""

    invoice: str = Field(description="Id or number.")
    lines: list[CreditedLineIn] | None = Field(default=None, min_length=1, max_length=1000)
    amount: ExactDecimal | None = None
    reason: CreditReason = "other"
    memo: str | None = None
    remainder: Remainder = Field(default="balance", description="Where goes what is more than is due on the invoice.")

    def new(self) -> NewCreditNote:
        lines = None if self.lines is None else tuple(LineCredit(one.line, one.amount) for one in self.lines)
        return NewCreditNote(
            lines=lines, amount=self.amount, reason=self.reason, memo=self.memo, remainder=self.remainder
        )


class CreditNoteLineOut(Output):
    description: str
    amount: BilledAmount
    tax: BilledAmount
    taxes: list[LineTaxOut]


class CreditNoteOut(Output):
    """`total` is what came off the invoice's amount due, and what went to the balance or is to be paid back."""

    id: str
    number: str = Field(examples=["CN-000001"])
    status: Literal["issued", "void"]
    invoice_id: str
    invoice_number: str | None
    customer_id: str
    currency: str
    reason: CreditReason
    memo: str | None
    lines: list[CreditNoteLineOut]
    subtotal: BilledAmount
    tax: BilledAmount
    total: BilledAmount
    amount_off_due: BilledAmount
    to_balance: BilledAmount
    refund_due: BilledAmount
    issued_at: Instant
    voided_at: Instant | None

    @classmethod
    def of(cls, note: CreditNote) -> "CreditNoteOut":
        same = cls.model_fields.keys() - {"lines", "invoice_number", *_AMOUNTS}
        return cls(
            invoice_number=note.invoice.number,
            lines=[
                CreditNoteLineOut(
                    description=line.description,
                    amount=billed(line.amount, note.currency),
                    tax=billed(line.tax, note.currency),
                    taxes=line_taxes(line.taxes, note.currency),
                )
                for line in note.lines
            ],
            **{name: billed(getattr(note, name), note.currency) for name in _AMOUNTS},
            **{name: getattr(note, name) for name in same},
        )
