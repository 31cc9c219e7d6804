"""What the running period costs so far, and what it will at its end if usage goes on as it did.

Of a meter that averages a level by time, so far means the level averaged over what has elapsed, priced as if the whole
period were like that; projected means that the level stays at its present value to the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from justpaid.contracts import Subscription, current_period
from justpaid.invoicing.compose import Line, Metered, compose_lines, total_of
from justpaid.invoicing.quantities import ADDITIVE, Answers, Asked, read_quantities
from justpaid.invoicing.run import load_due
from justpaid.kernel.decimals import EXACT, PLACES
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
    period = current_period(subscription, now)
    if period is None:
        raise Conflict("The subscription has no running period: it has not started, or it has ended.")
    (due,) = load_due(session, [subscription], at=period.end)
    so_far = Period(period.start, max(period.start, now))
    asked = [Asked(subscription.customer_id, due.keys, meter, so_far) for meter in due.meters]
    # A level goes on as it is now, which is what its usage over the whole period says already.
    levels = [replace(one, period=period) for one in asked if one.meter.aggregation is Aggregation.WEIGHTED_SUM]
    answers = read_quantities(metering, [*asked, *levels])
    used = _by_meter(answers, so_far)
    additive = {meter.key for meter in due.meters if meter.aggregation in ADDITIVE}
    projected = _project(used, additive, so_far.duration, period.duration) | {
        key: metered for key, metered in _by_meter(answers, period).items() if metered.is_level
    }
    return Estimate(
        currency=due.terms.currency,
        period=period,
        as_of=now,
        lines=compose_lines(subscription, due.terms, due.boundary, used),
        projected=compose_lines(subscription, due.terms, due.boundary, projected),
    )


def _by_meter(answers: Answers, period: Period) -> dict[str, Metered]:
    return {meter_key: metered for (_, meter_key, asked), metered in answers.items() if asked == period}


def _project(
    used: Mapping[str, Metered], additive: set[str], elapsed: timedelta, whole: timedelta
) -> dict[str, Metered]:
    """Counts and sums grow with time; a maximum, a mean or a level stays where it is."""
    microsecond = timedelta(microseconds=1)
    past, full = Decimal(elapsed // microsecond), Decimal(whole // microsecond)
    if not past:
        return dict(used)
    return {
        key: Metered(_scaled(metered.quantity, full, past)) if key in additive else metered
        for key, metered in used.items()
    }


def _scaled(quantity: Decimal, full: Decimal, past: Decimal) -> Decimal:
    exact = EXACT.divide(EXACT.multiply(quantity, full), past)
    return EXACT.quantize(exact, Decimal(1).scaleb(-PLACES)).normalize(EXACT)
