"""Where alerts stand: the value of the running period and the threshold that it is held against, for many at once.

The running period is that of the alert's subscription, else of the customer's newest subscription that runs (on cost:
in the alert's currency), else the calendar month of the customer. A cost is that of all those subscriptions together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import Subscription, subscriptions_of
from justpaid.customers import Customer, keys_of
from justpaid.insights import Span, invoiced_for, spans_of, spans_of_subscription
from justpaid.invoicing import Answers, Asked, Estimate, elapsed, estimate, included_quantity, read_quantities
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.period import Period
from justpaid.limits.tables import Alert
from justpaid.metering import Meter, Metering, definition_of

_SHARE: Final = Decimal("0.0001")
_HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Standing:
    """`value` of `period` so far, and the `threshold`, both in units of the meter or of the currency.

    No period where the subscription that the alert is on does not run; no threshold where what it is a percentage of is
    not there, or nothing.
    """

    alert: Alert
    customer: Customer
    meter: Meter | None
    period: Period | None
    value: Decimal | None
    threshold: Decimal | None

    @property
    def share(self) -> Decimal | None:
        """0.8 at 80 % of the threshold, down to four places."""
        if self.value is None or not self.threshold:
            return None
        return EXACT.divide(self.value, self.threshold).quantize(_SHARE, "ROUND_DOWN", EXACT)

    @property
    def is_reached(self) -> bool:
        return self.value is not None and self.threshold is not None and self.value >= self.threshold


def standings(session: Session, metering: Metering, alerts: Sequence[Alert], now: datetime) -> list[Standing]:
    """In the order of `alerts`, which are of one organisation, whose time `now` is.  Raises: EngineUnavailable,
    EventsExpired."""
    if not alerts:
        return []
    reader = _Reader(session, metering, alerts, now)
    return [reader.standing(alert) for alert in alerts]


class _Reader:
    def __init__(self, session: Session, metering: Metering, alerts: Sequence[Alert], now: datetime) -> None:
        self._session = session
        self._metering = metering
        self._now = now
        ids = {alert.customer_id for alert in alerts}
        self._customers = {one.id: one for one in session.scalars(sa.select(Customer).where(Customer.id.in_(ids)))}
        self._subscriptions = subscriptions_of(session, ids)
        self._keys = keys_of(session, self._customers.values())
        named = {alert.meter for alert in alerts if alert.meter}
        self._meters = {one.key: one for one in session.scalars(sa.select(Meter).where(Meter.key.in_(named)))}
        self._estimates: dict[str, Estimate] = {}
        self._spans = {alert.id: self._spans_of(alert) for alert in alerts}
        self._answers: Answers = read_quantities(metering, [asked for alert in alerts for asked in self._asked(alert)])

    def standing(self, alert: Alert) -> Standing:
        spans = self._spans[alert.id]
        customer = self._customers[alert.customer_id]
        meter = self._meters[alert.meter] if alert.meter else None
        if not spans:
            return Standing(alert, customer, meter, None, None, None)
        value = self._cost(alert) if meter is None else self._used(alert, elapsed(spans[0].period, self._now))
        return Standing(alert, customer, meter, spans[0].period, value, self._threshold(alert))

    def _running(self, alert: Alert) -> list[Subscription]:
        """Newest first, those that the alert is on."""
        return [
            one
            for one in self._subscriptions.get(alert.customer_id, ())
            if alert.subscription_id in (None, one.id)
            and alert.currency in (None, one.currency)
            and spans_of_subscription(one, self._now, 1)
        ]

    def _spans_of(self, alert: Alert) -> list[Span]:
        """The running one and the one before it."""
        running = self._running(alert)
        if alert.subscription_id is not None and not running:
            return []
        return spans_of(running, self._customers[alert.customer_id], self._now, 2)

    def _asked(self, alert: Alert) -> Iterator[Asked]:
        spans = self._spans[alert.id]
        if alert.meter is None or not spans:
            return
        periods = [elapsed(spans[0].period, self._now)]
        if alert.base == "last_period":
            periods.extend(span.period for span in spans[1:])
        definition = definition_of(self._meters[alert.meter])
        keys = tuple(self._keys[alert.customer_id])
        yield from (Asked(alert.customer_id, keys, definition, period) for period in periods if period.duration)

    def _used(self, alert: Alert, period: Period) -> Decimal:
        found = self._answers.get((alert.customer_id, alert.meter or "", period))
        return found.quantity if found else Decimal(0)

    def _cost(self, alert: Alert) -> Decimal:
        total = Decimal(0)
        for subscription in self._running(alert):
            total = EXACT.add(total, self._estimate(subscription).cost)
        return total

    def _estimate(self, subscription: Subscription) -> Estimate:
        if subscription.id not in self._estimates:
            self._estimates[subscription.id] = estimate(self._session, self._metering, subscription, self._now)
        return self._estimates[subscription.id]

    def _threshold(self, alert: Alert) -> Decimal | None:
        whole = self._whole(alert)
        if not whole or whole < 0:
            return None
        return EXACT.divide(EXACT.multiply(whole, alert.percent), _HUNDRED) if alert.percent else whole

    def _whole(self, alert: Alert) -> Decimal | None:
        running, *before = self._spans[alert.id]
        match alert.base:
            case None:
                return alert.limit
            case "included_quantity":
                if running.subscription is None or alert.meter is None:
                    return None
                return included_quantity(self._session, running.subscription, alert.meter, running.period.end)
            case "last_period" if alert.meter is not None:
                return self._used(alert, before[0].period) if before else None
            case _:
                return self._last_cost(alert)

    def _last_cost(self, alert: Alert) -> Decimal:
        customer = self._customers[alert.customer_id]
        subscriptions = self._running(alert)
        before = [spans_of_subscription(one, self._now, 2)[1:] for one in subscriptions] or [self._spans[alert.id][1:]]
        total = Decimal(0)
        for spans in before:
            for span in spans:
                if span.subscription is not None or customer.currency == alert.currency:
                    total = EXACT.add(total, invoiced_for(self._session, customer, span))
        return total
