"""Estimates on the wire."""

from collections.abc import Sequence
from decimal import Decimal

from justpaid.api.schemas.lines import BilledAmount, LineOut, billed
from justpaid.api.values import Instant, Output
from justpaid.invoicing import Estimate, Line


class BillOut(Output):
    lines: list[LineOut]
    subtotal: BilledAmount
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
        now = _bill(estimate.lines, estimate.total, estimate.currency)
        return cls(
            subscription_id=subscription_id,
            currency=estimate.currency,
            period_start=estimate.period.start,
            period_end=estimate.period.end,
            as_of=estimate.as_of,
            lines=now.lines,
            subtotal=now.subtotal,
            total=now.total,
            projected=_bill(estimate.projected, estimate.projected_total, estimate.currency),
        )


def _bill(lines: Sequence[Line], total: Decimal, currency: str) -> BillOut:
    shown = [LineOut.of_composed(line, currency) for line in lines]
    return BillOut(lines=shown, subtotal=billed(total, currency), total=billed(total, currency))
