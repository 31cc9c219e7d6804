"""Invoices and their proof on the wire."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from justpaid.api.schemas.customers import TaxIdOut
from justpaid.api.schemas.invoice_items import ItemFields
from justpaid.api.schemas.lines import BilledAmount, LineOut, LineTaxOut, billed
from justpaid.api.values import Input, Instant, Output, PlainDecimal
from justpaid.catalog import PlanVersion
from justpaid.invoicing import CreditNoteVerification, Invoice, InvoicePart, Verification, VerifiedLine
from justpaid.taxes import TaxStatus

InvoiceStatus = Literal["draft", "finalized", "paid", "void", "uncollectible", "skipped"]
InvoiceKind = Literal["subscription", "one_off", "supplementary", "threshold", "top_up"]

_AMOUNTS = (
    "subtotal",
    "discount",
    "tax",
    "tax_included",
    "carried_over",
    "credits_applied",
    "total",
    "amount_paid",
    "amount_credited",
    "amount_due",
)


class BilledCustomerOut(Output):
    """As it was when the invoice was made."""

    name: str
    email: str | None
    external_id: str | None
    address: dict[str, str] | None
    tax_status: TaxStatus = "taxable"
    tax_ids: list[TaxIdOut] = Field(default_factory=list)


class DiscountOut(Output):
    """A coupon as it was, and what it took off."""

    id: str
    coupon: str
    name: str
    percent: PlainDecimal | None
    amount_off: PlainDecimal | None
    prices: list[str] = Field(description="Price keys that it is restricted to.")
    plans: list[str] = Field(description="Plan keys that it is restricted to.")
    subscription_id: str | None = Field(
        default=None, description="On a consolidated invoice: the subscription whose lines alone it takes from."
    )
    amount: BilledAmount


class InvoicePartOut(Output):
    """What a consolidated invoice bills of one of its subscriptions."""

    subscription_id: str
    plan_version_id: str
    plan_name: str
    period_start: Instant
    period_end: Instant

    @classmethod
    def of(cls, part: InvoicePart) -> "InvoicePartOut":
        return cls(**{name: getattr(part, name) for name in cls.model_fields})


class TaxOut(LineTaxOut):
    """`taxable` is net of discounts, and of the tax contained in it."""

    taxable: BilledAmount


class InvoiceOut(Output):
    """`period_start` equals `period_end` where only fees in advance are billed, at a subscription's start."""

    id: str
    kind: InvoiceKind
    number: str | None = Field(description="Given when it is finalised; without gaps.", examples=["INV-000001"])
    status: InvoiceStatus
    customer_id: str
    customer: BilledCustomerOut
    subscription_id: str | None = Field(description="Null on a one-off invoice, as are its plan and version.")
    parts: list[InvoicePartOut] = Field(
        description="The subscriptions of a consolidated invoice, whose own subscription, plan and period are those of "
        "the first; empty where it has one."
    )
    top_up_id: str | None = Field(description="The top-up that it charges, where its kind is `top_up`.")
    threshold_number: int | None = Field(
        description="Of a `threshold` invoice, which up to `period_end` bills what has accrued: how many of its period."
    )
    billed_before: list[str] = Field(description="Ids of threshold invoices whose amounts are taken off here.")
    plan: str | None
    plan_version: int | None
    billing_run_id: str | None
    corrects_id: str | None = Field(description="The invoice whose late usage a supplementary one bills.")
    currency: str
    timezone: str = Field(description="In which the periods are reckoned and dates are printed.")
    period_start: Instant
    period_end: Instant
    lines: list[LineOut]
    subtotal: BilledAmount = Field(description="The sum of the lines' amounts.")
    discount: BilledAmount
    discounts: list[DiscountOut] = Field(description="In the order in which they were taken off.")
    tax: BilledAmount = Field(description="Added to the lines.")
    tax_included: BilledAmount = Field(description="Contained in the lines' prices; not added.")
    taxes: list[TaxOut]
    carried_over: BilledAmount = Field(description="What credits exceed charges by; it becomes the customer's balance.")
    credits_applied: BilledAmount
    total: BilledAmount = Field(description="subtotal − discount + tax + carried_over − credits_applied.")
    amount_paid: BilledAmount
    amount_credited: BilledAmount = Field(description="What credit notes took off the amount due.")
    amount_due: BilledAmount = Field(description="total − amount_paid − amount_credited; 0 once it is void.")
    memo: str | None
    po_number: str | None
    net_days: int | None = Field(description="Its own payment term; null for the customer's or the organisation's.")
    issued_at: Instant | None
    due_at: Instant | None
    voided_at: Instant | None
    uncollectible_at: Instant | None
    cutoff: int = Field(description="Usage was counted below this sequence of events; `verify` counts to it again.")
    created_at: Instant

    @classmethod
    def of(cls, invoice: Invoice, version: PlanVersion | None) -> "InvoiceOut":
        own = {"customer", "plan", "plan_version", "lines", "parts", "discounts", "taxes", *_AMOUNTS}
        same = cls.model_fields.keys() - own
        return cls(
            customer=BilledCustomerOut.model_validate(invoice.customer),
            plan=version.plan.key if version else None,
            plan_version=version.version if version else None,
            discounts=[DiscountOut(**_billed(one, invoice.currency)) for one in invoice.discounts],
            taxes=[TaxOut(**_billed(one, invoice.currency)) for one in invoice.taxes],
            parts=[InvoicePartOut.of(part) for part in invoice.parts],
            lines=[LineOut.of_stored(line, invoice.currency) for line in invoice.lines],
            **{name: billed(getattr(invoice, name), invoice.currency) for name in _AMOUNTS},
            **{name: getattr(invoice, name) for name in same},
        )


def _billed(stored: dict[str, Any], currency: str) -> dict[str, Any]:
    amounts: dict[str, Any] = {
        name: billed(Decimal(stored[name]), currency) for name in ("amount", "taxable") if name in stored
    }
    return {**stored, **amounts}


class InvoiceTerms(Input):
    """What a draft says besides its lines."""

    memo: str | None = Field(default=None, description="Printed below the totals.", examples=["Thank you."])
    po_number: str | None = Field(default=None, description="The customer's order; defaults to the customer's own.")
    net_days: int | None = Field(default=None, description="Days from issue to due; defaults to the customer's.")


class InvoicePatch(InvoiceTerms):
    """Only the fields that are sent change; null clears."""

    def changes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class InvoiceIn(InvoiceTerms):
    """A one-off invoice, as a draft."""

    customer_id: str = Field(description="Id, external id or alias.")
    currency: str | None = Field(default=None, description="Defaults to the customer's.")
    items: list[ItemFields] = Field(default_factory=list, max_length=100)
    include_pending: bool = Field(default=False, description="Also take the customer's items that wait.")

    def terms(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in InvoiceTerms.model_fields.keys() & self.model_fields_set}


class VerifiedLineOut(Output):
    """Null where the stored or the recounted line is missing."""

    position: int
    price_key: str | None
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


class CreditNoteVerificationOut(Output):
    """Of a credit note for late usage: the usage of then counted again, to its cut-off."""

    ok: bool
    cutoff: int
    subtotal: BilledAmount
    recounted_subtotal: BilledAmount

    @classmethod
    def of(cls, verification: CreditNoteVerification, currency: str) -> "CreditNoteVerificationOut":
        return cls(
            ok=verification.ok,
            cutoff=verification.cutoff,
            subtotal=billed(verification.subtotal, currency),
            recounted_subtotal=billed(verification.recounted_subtotal, currency),
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
