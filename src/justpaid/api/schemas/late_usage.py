"""Late usage on the wire."""

from collections.abc import Sequence
from decimal import Decimal

from pydantic import Field

from justpaid.accounts import LateUsagePolicy
from justpaid.api.schemas.lines import BilledAmount, billed
from justpaid.api.values import Input, Instant, Output, PlainDecimal
from justpaid.invoicing import LateLine, LateUsage, LateUsageCorrection


class LateUsageIn(Input):
    """How it is to be put right, this once."""

    policy: LateUsagePolicy | None = Field(default=None, description="Null: what the organisation's settings say.")


class LateLineOut(Output):
    """The difference of one line: below zero where usage went."""

    description: str
    price_key: str | None
    meter: str | None
    period_start: Instant
    period_end: Instant
    quantity: PlainDecimal
    billed_amount: BilledAmount = Field(description="On the invoice and by earlier corrections.")
    amount_now: BilledAmount = Field(description="What the line comes to with the usage of now.")
    amount: BilledAmount = Field(description="amount_now − billed_amount.")
    discount: BilledAmount = Field(description="What the invoice's discounts take of it.")

    @classmethod
    def of(cls, late: LateLine, currency: str) -> "LateLineOut":
        line = late.line
        return cls(
            description=line.description,
            price_key=line.price_key,
            meter=line.meter,
            period_start=line.period.start,
            period_end=line.period.end,
            quantity=late.quantity,
            billed_amount=billed(late.billed, currency),
            amount_now=billed(late.now, currency),
            amount=billed(late.amount, currency),
            discount=billed(late.discount, currency),
        )


class CorrectionOut(Output):
    """What was put right already, and on which document."""

    id: str
    policy: LateUsagePolicy
    cutoff: int = Field(description="Usage was counted below this sequence of events.")
    net: BilledAmount = Field(description="Before tax that is added, after discounts.")
    items: list[str] = Field(description="Ids of the invoice items that it is on.")
    supplementary_invoice_id: str | None
    credit_note_id: str | None
    created_at: Instant

    @classmethod
    def of(cls, correction: LateUsageCorrection, currency: str) -> "CorrectionOut":
        net = sum((line.amount - line.discount for line in correction.lines), Decimal(0))
        return cls(
            id=correction.id,
            policy=correction.policy,
            cutoff=correction.cutoff,
            net=billed(net, currency),
            items=[line.item_id for line in correction.lines if line.item_id],
            supplementary_invoice_id=correction.supplementary_id,
            credit_note_id=correction.credit_note_id,
            created_at=correction.created_at,
        )


class LateUsageOut(Output):
    """What an issued invoice lacks, with the usage of now: `lines` is empty where nothing is late."""

    invoice_id: str
    invoice_number: str | None
    customer_id: str
    subscription_id: str | None
    currency: str
    period_start: Instant
    period_end: Instant
    cutoff: int = Field(description="The usage of now: all events below this sequence.")
    lines: list[LateLineOut]
    subtotal: BilledAmount
    discount: BilledAmount
    tax: BilledAmount = Field(description="By the tax rates of the invoice, added to the lines.")
    total: BilledAmount = Field(description="subtotal − discount + tax; below zero where too much was billed.")
    corrections: list[CorrectionOut] = Field(description="What stands of earlier ones, the first one first.")

    @classmethod
    def of(cls, late: LateUsage, corrections: Sequence[LateUsageCorrection]) -> "LateUsageOut":
        invoice, totals = late.invoice, late.totals
        return cls(
            invoice_id=invoice.id,
            invoice_number=invoice.number,
            customer_id=invoice.customer_id,
            subscription_id=invoice.subscription_id,
            currency=invoice.currency,
            period_start=invoice.period_start,
            period_end=invoice.period_end,
            cutoff=late.cutoff,
            lines=[LateLineOut.of(line, invoice.currency) for line in late.lines],
            subtotal=billed(totals.subtotal, invoice.currency),
            discount=billed(totals.discount, invoice.currency),
            tax=billed(totals.tax, invoice.currency),
            total=billed(totals.net_total, invoice.currency),
            corrections=[CorrectionOut.of(one, invoice.currency) for one in corrections],
        )
