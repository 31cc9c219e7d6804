"""What has accrued of a running period, and when that is invoiced before the period ends. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from justpaid.catalog import Threshold
from justpaid.contracts import Charge
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.projection import elapsed
from justpaid.pricing import MeteredPrice


def accrued(bill: Bill, until: datetime) -> Bill:
    """The bill of its usage alone, up to `until`.

    Without minimum amounts and the commitment: only a whole period owes those. A level, which is averaged over time,
    has accrued the share of the period that is over.
    """
    spans = tuple(
        replace(span, charge=_without_minimum(span.charge), period=elapsed(span.period, until))
        for span in bill.skeleton.metered
        if span.period.start < until
    )
    skeleton = replace(
        bill.skeleton, metered=spans, arrears=(), billed=(), unused=(), remaining=(), upcoming=(), committed=()
    )
    return replace(bill, skeleton=skeleton)


def next_threshold(thresholds: Sequence[Threshold], reached: int) -> Threshold | None:
    """Each is reached once, in turn, the last again and again if it recurs; `reached`: how often one was."""
    if reached < len(thresholds):
        return thresholds[reached]
    return thresholds[-1] if thresholds and thresholds[-1].recurring else None


def _without_minimum(charge: Charge) -> Charge:
    price = charge.price
    if not isinstance(price, MeteredPrice) or price.minimum_amount is None:
        return charge
    return replace(charge, price=price.model_copy(update={"minimum_amount": None}))
