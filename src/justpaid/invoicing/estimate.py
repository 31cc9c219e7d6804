"""What the running period costs so far, and what it will at its end if usage goes on as it did.

Of a meter that averages a level by time, so far means the level averaged over what has elapsed, priced as if the whole
period were like that; projected means that the level stays at its present value to the end.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from justpaid.contracts import Subscription, timeline_of
from justpaid.invoicing.compose import Line, total_of
from justpaid.invoicing.due import load_estimated
from justpaid.invoicing.projection import elapsed, projected
from justpaid.invoicing.quantities import read_quantities
from justpaid.kernel.errors import Conflict
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation, Metering


@dataclass(frozen=True, slots=True)
class Estimate:
    """`lines` are what the invoice at the end of `period` would hold now, `projected` what it would at that end."""

    currency: str
    period: Period
    as_of: datetime
    lines: list[Line]
    projected: list[Line]

    @property
    def total(self) -> Decimal:
        return total_of(self.lines)

    @property
    def projected_total(self) -> Decimal:
        return total_of(self.projected)


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
    return Estimate(
        currency=bill.currency,
        period=period,
        as_of=now,
        lines=bill.priced(used),
        projected=bill.priced(projected(whole, used, answers, now)),
    )
