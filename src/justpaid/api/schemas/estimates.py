"""Estimates on the wire."""

from typing import Any

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
    projected: BillOut

    @classmethod
    def of(cls, subscription_id: str, estimate: Estimate) -> "EstimateOut":
        return cls(
            subscription_id=subscription_id,
            currency=estimate.currency,
            period_start=estimate.period.start,
            period_end=estimate.period.end,
            as_of=estimate.as_of,
            projected=BillOut(**_bill(estimate.projection, estimate.currency)),
            **_bill(estimate.tally, estimate.currency),
        )


def _bill(tally: Tally, currency: str) -> dict[str, Any]:
    pairs = zip(tally.lines, tally.totals.lines, strict=True)
    names = ("subtotal", "discount", "tax", "tax_included", "total")
    return {
        "lines": [LineOut.of_composed(line, settled, currency) for line, settled in pairs],
        **{name: billed(getattr(tally.totals, name), currency) for name in names},
    }
