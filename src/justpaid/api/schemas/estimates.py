"""Estimates on the wire."""

from typing import Any

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, LineOut, billed
from justpaid.api.values import Instant, Output
from justpaid.invoicing import Estimate, Tally


class BillOut(Output):
    lines: list[LineOut]
    subtotal: BilledAmount
    discount: BilledAmount
    tax: BilledAmount
    tax_included: BilledAmount
    total: BilledAmount


class EstimateOut(BillOut):
    """The invoice as it would be now; `projected`: at the period's end, if usage goes on as it did."""

    subscription_id: str
    currency: str
    period_start: Instant
    period_end: Instant
    as_of: Instant
    billed_so_far: BilledAmount = Field(
        description="What threshold invoices have billed of the period, with tax; it is off the lines and totals here."
    )
    unbilled_usage: BilledAmount = Field(
        description="Usage charges that no invoice has billed yet, before discounts and tax."
    )
    next_billing_threshold: BilledAmount | None = Field(
        description="An invoice is made as soon as `unbilled_usage` reaches it; null where none is ahead."
    )
    projected: BillOut

    @classmethod
    def of(cls, subscription_id: str, estimate: Estimate) -> "EstimateOut":
        return cls(
            subscription_id=subscription_id,
            currency=estimate.currency,
            period_start=estimate.period.start,
            period_end=estimate.period.end,
            as_of=estimate.as_of,
            billed_so_far=billed(estimate.billed_so_far, estimate.currency),
            unbilled_usage=billed(estimate.unbilled_usage, estimate.currency),
            next_billing_threshold=_threshold(estimate),
            projected=BillOut(**_bill(estimate.projection, estimate.currency)),
            **_bill(estimate.tally, estimate.currency),
        )


def _threshold(estimate: Estimate) -> Any:
    return None if estimate.next_threshold is None else billed(estimate.next_threshold, estimate.currency)


def _bill(tally: Tally, currency: str) -> dict[str, Any]:
    pairs = zip(tally.lines, tally.totals.lines, strict=True)
    names = ("subtotal", "discount", "tax", "tax_included", "total")
    return {
        "lines": [LineOut.of_composed(line, settled, currency) for line, settled in pairs],
        **{name: billed(getattr(tally.totals, name), currency) for name in names},
    }
