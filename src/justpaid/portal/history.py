"""A customer's periods, one beside the other, and its days with those that stand out."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session

from justpaid.contracts import list_subscriptions
from justpaid.customers import Customer, keys_of
from justpaid.insights import Span, invoiced_for, spans_of
from justpaid.invoicing import estimate
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.period import Period, timezone
from justpaid.kernel.schedule import Schedule
from justpaid.metering import MeterDefinition, Metering, Question, cut
from justpaid.portal.spikes import TRAILING_DAYS, spikes

MAX_PERIODS: Final = 24
MAX_DAYS: Final = 366
_SHARE: Final = Decimal("0.0001")
_MOST_SUBSCRIPTIONS: Final = 100
_ANCHOR: Final = datetime(2000, 1, 1)  # noqa: DTZ001  (midnight of whichever zone)


@dataclass(frozen=True, slots=True)
class PastPeriod:
    """`usage` of the meter asked about, `previous_usage` of the period before: of as much of it as has elapsed of this
    one, where this one still runs. `change` is the share by which the one is more than the other.

    `cost` is what was invoiced for the period, before credits, or, while it runs, what it comes to so far, and
    `projected` what it will at its end.
    """

    period: Period
    running: bool
    usage: Decimal | None
    previous_usage: Decimal | None
    change: Decimal | None
    currency: str
    cost: Decimal
    projected: Decimal | None


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    usage: Decimal
    spike: bool


def past_periods(
    session: Session,
    metering: Metering,
    customer: Customer,
    meter: MeterDefinition | None,
    now: datetime,
    *,
    count: int,
) -> list[PastPeriod]:
    """The running billing period and those before it, newest first; months where no subscription runs.

    Raises: EngineUnavailable, EventsExpired.
    """
    subscriptions = list_subscriptions(session, limit=_MOST_SUBSCRIPTIONS, customer_id=customer.id)
    spans = spans_of(subscriptions, customer, now, count + 1)
    usage = _Usage(session, metering, customer, meter)
    found = []
    for place, span in enumerate(spans[:count]):
        running = now in span.period
        elapsed = Period(span.period.start, now) if running else span.period
        used = usage.during(elapsed)
        before = usage.during(_as_much(spans[place + 1].period, elapsed, running)) if place + 1 < len(spans) else None
        currency, cost, projected = _cost(session, metering, customer, span, now, running)
        found.append(PastPeriod(span.period, running, used, before, _change(used, before), currency, cost, projected))
    return found


def days_with_spikes(
    session: Session, metering: Metering, customer: Customer, meter: MeterDefinition, now: datetime, *, count: int
) -> list[Day]:
    """The last `count` days of the customer's calendar, today included: oldest first.  Raises: EngineUnavailable."""
    zone = customer.timezone
    days = Schedule("day", _ANCHOR.replace(tzinfo=timezone(zone)), zone)
    today = days.period_containing(now)
    start = today.start
    for _ in range(count + TRAILING_DAYS - 1):
        start = days.boundary_at_or_before(start - timedelta(microseconds=1))
    windows = cut(Period(start, today.end), "day", zone)
    keys = dict.fromkeys(keys_of(session, [customer])[customer.id], customer.id)
    used = {one.window.start: one.value for one in metering.usage(Question(meter, windows, keys))}
    values = [used.get(window.start, Decimal(0)) for window in windows]
    told = zip(windows, values, spikes(values), strict=True)
    return [Day(window.start.astimezone(timezone(zone)).date(), value, spike) for window, value, spike in told][-count:]


class _Usage:
    def __init__(self, session: Session, metering: Metering, customer: Customer, meter: MeterDefinition | None) -> None:
        self._metering = metering
        self._meter = meter
        self._keys = dict.fromkeys(keys_of(session, [customer])[customer.id], customer.id)

    def during(self, period: Period) -> Decimal | None:
        if self._meter is None:
            return None
        if not period.duration:
            return Decimal(0)
        found = self._metering.usage(Question(self._meter, [period], self._keys))
        return found[0].value if found else Decimal(0)


def _as_much(previous: Period, elapsed: Period, running: bool) -> Period:
    if not running:
        return previous
    return Period(previous.start, min(previous.end, previous.start + elapsed.duration))


def _cost(
    session: Session, metering: Metering, customer: Customer, span: Span, now: datetime, running: bool
) -> tuple[str, Decimal, Decimal | None]:
    if running and span.subscription is not None:
        made = estimate(session, metering, span.subscription, now)
        return made.currency, made.cost, made.projected_cost
    currency = span.subscription.currency if span.subscription else customer.currency
    return currency, invoiced_for(session, customer, span), None


def _change(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    if now is None or not before:
        return None
    return EXACT.quantize(EXACT.divide(EXACT.subtract(now, before), EXACT.abs(before)), _SHARE)
