"""A chunk of customers before and after: the same usage, by what is agreed now and by the terms of the backtest.

Each subscription is charged as if its present agreement, or the same one with the terms in place of its plan, had begun
with the backtest: in whole periods of the plan's interval from there on, the last one cut at the end. Fees are owed for
as long as the subscription was one that pays; usage counts for every period that has a part of that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.catalog import PlanVersion
from justpaid.contracts import Agreed, Agreement, PriceBook, Segment, Subscription, SubscriptionPhase, timeline_of
from justpaid.customers import Customer, keys_of
from justpaid.insights.backtest.tables import Backtest
from justpaid.invoicing import Bill, Skeletons, read_quantities, total_of
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.period import Period, timezone
from justpaid.kernel.schedule import Interval, Schedule
from justpaid.metering import Meter, MeterDefinition, Metering, definition_of

#: The id under which price books have the terms; no version has it.
TERMS: Final = "terms"


@dataclass(slots=True)
class Revenue:
    """Of one customer in one currency; `months` by `2026-01`: before and after."""

    customer: Customer
    currency: str
    months: dict[str, list[Decimal]] = field(default_factory=dict)
    problem: str | None = None

    def add(self, month: str, side: int, amount: Decimal) -> None:
        figures = self.months.setdefault(month, [Decimal(0), Decimal(0)])
        figures[side] = EXACT.add(figures[side], amount)


@dataclass(frozen=True, slots=True)
class _Case:
    """A subscription with its bills: those of what is agreed now, and those of the terms or why there are none."""

    subscription: Subscription
    before: list[Bill]
    after: list[Bill]
    problem: str | None


class Pricing:
    """What a backtest keeps in mind from chunk to chunk."""

    def __init__(self, backtest: Backtest) -> None:
        self.period = Period(backtest.period_start, backtest.period_end)
        self.zone = backtest.timezone
        version = PlanVersion(id=TERMS, version=0, **backtest.terms)
        self.interval: Interval = version.interval  # type: ignore[assignment]  # checked when it was made
        self.skeletons = Skeletons(PriceBook({TERMS: version}))

    def revenues(
        self, session: Session, metering: Metering, customers: Sequence[str], of_plan: str | None
    ) -> list[Revenue]:
        """In the order of customer ids.  Raises: EngineUnavailable; EventsExpired."""
        subscriptions = self._subscriptions(session, customers, of_plan)
        keys = keys_of(session, [one.customer for one in subscriptions])
        meters = {meter.key: definition_of(meter) for meter in session.scalars(sa.select(Meter))}
        agreed = {one.id: _agreed_now(one, self.period) for one in subscriptions}
        self.skeletons.book.learn(session, agreed.values())
        cases = [self._case(one, agreed[one.id], keys[one.customer_id], meters) for one in subscriptions]
        bills = [bill for case in cases for bill in (*case.before, *case.after)]
        answers = read_quantities(metering, [asked for bill in bills for asked in bill.asked()])
        found: dict[tuple[str, str], Revenue] = {}
        for case in cases:
            one = case.subscription
            revenue = found.setdefault((one.customer_id, one.currency), Revenue(one.customer, one.currency))
            revenue.problem = revenue.problem or case.problem
            for side, bills_of_side in enumerate((case.before, case.after)):
                for bill in bills_of_side:
                    revenue.add(self._month(bill.agreement.period.start), side, total_of(bill.lines(answers)))
        return [found[key] for key in sorted(found)]

    def _subscriptions(self, session: Session, customers: Sequence[str], of_plan: str | None) -> list[Subscription]:
        query = (
            sa.select(Subscription)
            .where(
                Subscription.customer_id.in_(customers),
                Subscription.start_at < self.period.end,
                sa.or_(Subscription.end_at.is_(None), Subscription.end_at > self.period.start),
            )
            .order_by(Subscription.id)
            .options(
                joinedload(Subscription.customer),
                selectinload(Subscription.phases)
                .joinedload(SubscriptionPhase.plan_version)
                .joinedload(PlanVersion.plan),
            )
        )
        found = session.scalars(query).all()
        if of_plan is None:
            return list(found)
        return [one for one in found if _plan_now(one, self.period) == of_plan]

    def _case(
        self, one: Subscription, agreed: Agreed, keys: Sequence[str], meters: Mapping[str, MeterDefinition]
    ) -> _Case:
        paid = tuple(_paid(one, self.period))
        after = replace(agreed, plan_version_id=TERMS, interval=self.interval)

        def bills(agreed: Agreed) -> list[Bill]:
            return [
                Bill.of(
                    agreement, self.skeletons, meters, customer_id=one.customer_id, keys=keys, currency=one.currency
                )
                for agreement in self._agreements(agreed, paid)
            ]

        before = bills(agreed)
        try:
            return _Case(one, before, bills(after), None)
        except InvalidRequest as error:
            return _Case(one, before, [], error.detail)

    def _agreements(self, agreed: Agreed, paid: Sequence[Period]) -> Iterator[Agreement]:
        agreed = replace(agreed, billing_anchor=self.period.start)
        for period in _periods(agreed.schedule(self.zone), self.period):
            owed = [part for span in paid if (part := _overlap(period, span))]
            if owed:
                yield Agreement(
                    at=period.end,
                    past=period,
                    next=None,
                    timezone=self.zone,
                    usage=(Segment(agreed, period),),
                    fees=tuple(Segment(agreed, part) for part in owed),
                )

    def _month(self, instant: datetime) -> str:
        return instant.astimezone(timezone(self.zone)).strftime("%Y-%m")


def rows_of(backtest: Backtest, revenues: Sequence[Revenue]) -> list[dict[str, Any]]:
    """Of `BacktestCustomer`."""
    return [_row(backtest, revenue) for revenue in revenues]


def _row(backtest: Backtest, revenue: Revenue) -> dict[str, Any]:
    sums = [Decimal(0), Decimal(0)]
    for figures in revenue.months.values():
        sums = [EXACT.add(total, figure) for total, figure in zip(sums, figures, strict=True)]
    before, after = sums
    return {
        "backtest_id": backtest.id,
        "organisation_id": backtest.organisation_id,
        "customer_id": revenue.customer.id,
        "currency": revenue.currency,
        "external_id": revenue.customer.external_id,
        "name": revenue.customer.name,
        "before": before,
        "after": after,
        "change": EXACT.subtract(after, before),
        "months": [
            {"month": month, "before": str(figures[0]), "after": str(figures[1])}
            for month, figures in sorted(revenue.months.items())
        ],
        "problem": revenue.problem,
    }


@lru_cache(maxsize=100)
def _periods(schedule: Schedule, period: Period) -> tuple[Period, ...]:
    return tuple(schedule.billed_periods(period.start, period.end, period.end))


def _agreed_now(one: Subscription, period: Period) -> Agreed:
    """What is in force at the end of the backtest's period, or was when the subscription ended."""
    end = period.end if one.end_at is None else min(period.end, one.end_at)
    return timeline_of(one).phase_at(max(end - datetime.resolution, one.start_at)).agreed


def _plan_now(one: Subscription, period: Period) -> str:
    version_id = _agreed_now(one, period).plan_version_id
    return next(phase.plan_version.plan.key for phase in one.phases if phase.plan_version_id == version_id)


def _paid(one: Subscription, period: Period) -> Iterator[Period]:
    """Without trials and pauses; parts that touch are one, so that a change of seats does not cut a fee."""
    last: Period | None = None
    for phase, start, end in timeline_of(one).spans():
        part = _overlap(period, Period(start, period.end if end is None else end)) if start < period.end else None
        if part is None or phase.kind != "paid":
            continue
        if last and last.end == part.start:
            part = Period(last.start, part.end)
        elif last:
            yield last
        last = part
    if last:
        yield last


def _overlap(period: Period, other: Period) -> Period | None:
    start, end = max(period.start, other.start), min(period.end, other.end)
    return Period(start, end) if start < end else None
