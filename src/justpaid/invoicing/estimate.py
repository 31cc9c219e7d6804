"""What the running period costs so far, and what it will at its end if usage goes on as it did.

Of a meter that averages a level by time, so far means the level averaged over what has elapsed, priced as if the whole
period were like that; projected means that the level stays at its present value to the end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from justpaid.contracts import Subscription, thresholds_of, timeline_of
from justpaid.invoicing.accrued import next_threshold
from justpaid.invoicing.additions import plan_keys
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.due import load_estimated
from justpaid.invoicing.progress import Progress, deducted, load_progress
from justpaid.invoicing.projection import elapsed, projected
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.tally import Tally, load_conditions
from justpaid.invoicing.thresholds import unbilled_usage
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.errors import Conflict
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation, Metering


@dataclass(frozen=True, slots=True)
class Estimate:
    """`tally` is of the invoice at the end of `period` as it would be now, `projection` as it would be at that end.

    With the discounts and tax rates of now; items that wait for an invoice are not in it. What threshold invoices have
    billed of the period is off both: `billed_so_far`, with tax. `unbilled_usage` are the usage charges, before
    discounts and tax, that reach for `next_threshold`.
    """

    currency: str
    period: Period
    as_of: datetime
    tally: Tally
    projection: Tally
    billed_so_far: Decimal
    unbilled_usage: Decimal
    next_threshold: Decimal | None

    @property
    def total(self) -> Decimal:
        return self.tally.totals.total

    @property
    def cost(self) -> Decimal:
        """What the period has cost so far: with what threshold invoices billed of it already."""
        return EXACT.add(self.total, self.billed_so_far)

    @property
    def projected_cost(self) -> Decimal:
        return EXACT.add(self.projected_total, self.billed_so_far)

    @property
    def projected_total(self) -> Decimal:
        return self.projection.totals.total


def estimate(session: Session, metering: Metering, subscription: Subscription, now: datetime) -> Estimate:
    """Raises: Conflict when no period is running at `now`; EngineUnavailable."""
    period = timeline_of(subscription).period_at(now)
    if period is None:
        raise Conflict("The subscription has no running period: it has not started, or it has ended.")
    bill = load_estimated(session, subscription, period.end)
    whole = bill.asked()
    so_far = [replace(one, period=elapsed(one.period, now)) for one in whole]
    # A level goes on as it is now, which is what its usage over the whole period says already.
    levels = [one for one in whole if one.meter.aggregation is Aggregation.WEIGHTED_SUM]
    answers = read_quantities(metering, [one for one in [*so_far, *levels] if one.period.duration])
    used = {
        (one.meter.key, one.period): answers[key]
        for one, part in zip(whole, so_far, strict=True)
        if (key := (one.customer_id, one.meter.key, part.period)) in answers
    }
    running = subscription.id, bill.agreement.period.start
    made = load_progress(session, [running], even_void=True).get(running, Progress())
    threshold = next_threshold(thresholds_of(subscription, now), len(made.invoices))
    so_far_lines, to_its_end = bill.priced(used), bill.priced(projected(whole, used, answers, now))
    return Estimate(
        currency=bill.currency,
        period=period,
        as_of=now,
        tally=estimated_tally(session, subscription, bill, so_far_lines),
        projection=estimated_tally(session, subscription, bill, to_its_end),
        billed_so_far=load_progress(session, [running]).get(running, Progress()).billed,
        unbilled_usage=unbilled_usage(bill, answers, now, made),
        next_threshold=threshold.amount if threshold else None,
    )


def estimated_tally(session: Session, subscription: Subscription, bill: Bill, lines: Sequence[Line]) -> Tally:
    """With the discounts as they are now: an estimate uses none of them up; less what threshold invoices billed."""
    version_id = bill.agreement.plan_version_id or ""
    running = subscription.id, bill.agreement.period.start
    before = load_progress(session, [running]).get(running, Progress())
    whole = load_conditions(session, [subscription.customer], held=before.held, lock=False).tally(
        subscription.customer,
        lines,
        currency=bill.currency,
        plans={subscription.id: plan_keys(session, [version_id]).get(version_id, "")},
        held=before.held,
    )
    return deducted(whole, before)
