"""What usage will be at the end of a period if it goes on as it did."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from justpaid.invoicing.compose import Metered, Usage
from justpaid.invoicing.quantities import ADDITIVE, Answers, Asked
from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation
from justpaid.pricing import Usage as Part
from justpaid.pricing import quantity_of


def elapsed(period: Period, now: datetime) -> Period:
    """The part of `period` that is over at `now`."""
    return Period(period.start, min(max(period.start, now), period.end))


def projected(asked: Sequence[Asked], used: Usage, answers: Answers, now: datetime) -> Usage:
    """Counts and sums grow with time; a maximum or a mean stays where it is; a level keeps its present value, which is
    what `answers` says of the whole period.

    A span that has not begun, after a change that lies ahead, goes on like the one before it.
    """
    found: dict[tuple[str, Period], Metered] = {}
    running: dict[str, tuple[Metered, timedelta]] = {}
    for one in sorted(asked, key=lambda one: one.period):
        key = one.meter.key, one.period
        if one.meter.aggregation is Aggregation.WEIGHTED_SUM:
            if (level := answers.get((one.customer_id, *key))) is not None:
                found[key] = level
            continue
        past = elapsed(one.period, now).duration
        if past:
            running[one.meter.key] = used.get(key, Metered(Decimal(0))), past
        if one.meter.key in running:
            metered, over = running[one.meter.key]
            grows = one.meter.aggregation in ADDITIVE
            found[key] = _grown(metered, one.period.duration, over) if grows else metered
    return found


def _grown(metered: Metered, full: timedelta, past: timedelta) -> Metered:
    parts = tuple(
        Part.summed(_scaled(part.quantity, full, past), round(part.events * full / past), part.dimensions)
        for part in metered.parts
    )
    return Metered(quantity_of(parts), parts=parts)


def _scaled(quantity: Decimal, full: timedelta, past: timedelta) -> Decimal:
    microsecond = timedelta(microseconds=1)
    exact = EXACT.divide(EXACT.multiply(quantity, Decimal(full // microsecond)), Decimal(past // microsecond))
    return EXACT.quantize(exact, Decimal(1).scaleb(-PLACES)).normalize(EXACT)
