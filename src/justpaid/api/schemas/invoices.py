"""Invoices and their proof on the wire."""

from typing import Any, Literal

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, LineOut, billed
from justpaid.api.values import Instant, Output, PlainDecimal
from justpaid.catalog import PlanVersion
from justpaid.invoicing import Invoice, Verification, VerifiedLine

InvoiceStatus = Literal["draft", "finalized", "paid", "void", "uncollectible"]

_AMOUNTS = ("subtotal", "discount", "tax", "credits_applied", "total", "amount_paid", "amount_due")


class BilledCustomerOut(Output):
    """As it was when the invoice was made."""

    name: str
    email: str | None
    external_id: str | None
    address: dict[str, str] | None


class InvoiceOut(Output):
    """`period_start` equals `period_end` where only fees in advance are billed, at a subscription's start."""

    id: str
    number: str | None = Field(description="Given when it is finalised; without gaps.", examples=["INV-000001"])
    status: InvoiceStatus
    customer_id: str
    customer: BilledCustomerOut
    subscription_id: str
    plan: str
    plan_version: int
    billing_run_id: str | None
    currency: str
    timezone: str = Field(description="In which the periods are reckoned and dates are printed.")
    period_start: Instant
    period_end: Instant
    lines: list[LineOut]
    subtotal: BilledAmount = Field(description="The sum of the lines' amounts.")
    discount: BilledAmount
    tax: BilledAmount
    credits_applied: BilledAmount
    total: BilledAmount
    amount_paid: BilledAmount
    amount_due: BilledAmount
    issued_at: Instant | None
    due_at: Instant | None
    voided_at: Instant | None
    cutoff: int = Field(description="Usage was counted below this sequence of events; `verify` counts to it again.")
    created_at: Instant

    @classmethod
    def of(cls, invoice: Invoice, version: PlanVersion) -> "InvoiceOut":
        same = cls.model_fields.keys() - {"customer", "plan", "plan_version", "lines", *_AMOUNTS}
        return cls(
            customer=BilledCustomerOut.model_validate(invoice.customer),
            plan=version.plan.key,
            plan_version=version.version,
            lines=[LineOut.of_stored(line, invoice.currency) for line in invoice.lines],
            **{name: billed(getattr(invoice, name), invoice.currency) for name in _AMOUNTS},
            **{name: getattr(invoice, name) for name in same},
        )


class VerifiedLineOut(Output):
    """Null where the stored or the recounted line is missing."""

    position: int
    price_key: str
    quantity: PlainDecimal | None
    recounted_quantity: PlainDecimal | None
    amount: BilledAmount | None
    recounted_amount: BilledAmount | None
    ok: bool

    @classmethod
    def of(cls, line: VerifiedLine, currency: str) -> "VerifiedLineOut":
        amounts: dict[str, Any] = {"amount": line.amount, "recounted_amount": line.recounted_amount}
        return cls(
            position=line.position,
            price_key=line.price_key,
            quantity=line.quantity,
            recounted_quantity=line.recounted_quantity,
            ok=line.ok,
            **{name: amount if amount is None else billed(amount, currency) for name, amount in amounts.items()},
        )


class VerificationOut(Output):
    ok: bool
    totals_ok: bool
    lines: list[VerifiedLineOut]

    @classmethod
    def of(cls, verification: Verification, currency: str) -> "VerificationOut":
        return cls(
            ok=verification.ok,
            totals_ok=verification.totals_ok,
            lines=[VerifiedLineOut.of(line, currency) for line in verification.lines],
        )
