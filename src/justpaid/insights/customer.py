"""One customer at a glance: usage, cost, what is due, credits."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import list_subscriptions, timeline_of
from justpaid.credits import balances_of
from justpaid.customers import Customer, keys_of
from justpaid.insights.calendar import month_to_date
from justpaid.insights.overview import Money
from justpaid.invoicing import Estimate, Invoice, estimate
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.period import Period
from justpaid.metering import Metering, Question, definition_of, list_meters

MOST_METERS: Final = 100
_MOST_SUBSCRIPTIONS: Final = 100


@dataclass(frozen=True, slots=True)
class MeterUsage:
    meter: str
    name: str
    month_to_date: Decimal
    last_month: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """Of the running periods: as their invoices would be now, and at their ends if usage goes on as it did."""

    currency: str
    so_far: Decimal
    projected: Decimal


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """Months are the customer's. `usage` has the meters with usage in one of the two; `balances` what can be drawn."""

    as_of: datetime
    usage: list[MeterUsage]
    costs: list[Cost]
    open_invoices: int
    open_amounts: list[Money]
    balances: list[Money]


def customer_summary(session: Session, metering: Metering, customer: Customer, now: datetime) -> CustomerSummary:
    """Raises: EngineUnavailable."""
    count, amounts = open_invoices_of(session, customer)
    return CustomerSummary(
        as_of=now,
        usage=_usage(session, metering, customer, now),
        costs=costs_of([one for _, one in running_estimates(session, metering, customer, now)]),
        open_invoices=count,
        open_amounts=amounts,
        balances=[
            Money(balance.currency, balance.usable)
            for balance in balances_of(session, customer.organisation_id, customer.id, now)
        ],
    )


def running_estimates(
    session: Session, metering: Metering, customer: Customer, now: datetime
) -> list[tuple[str, Estimate]]:
    """With the id of its subscription, of each that has a running period."""
    running = [
        one
        for one in list_subscriptions(session, limit=_MOST_SUBSCRIPTIONS, customer_id=customer.id)
        if timeline_of(one).period_at(now) is not None
    ]
    return [(one.id, estimate(session, metering, one, now)) for one in running]


def costs_of(estimates: list[Estimate]) -> list[Cost]:
    """Added up by currency."""
    so_far: defaultdict[str, Decimal] = defaultdict(Decimal)
    projected: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in estimates:
        so_far[one.currency] = EXACT.add(so_far[one.currency], one.total)
        projected[one.currency] = EXACT.add(projected[one.currency], one.projected_total)
    return [Cost(currency, so_far[currency], projected[currency]) for currency in sorted(so_far)]


def open_invoices_of(session: Session, customer: Customer) -> tuple[int, list[Money]]:
    """How many are issued and not paid in full, and what is due by currency."""
    rows = session.execute(
        sa.select(Invoice.currency, sa.func.count(), sa.func.sum(Invoice.amount_due))
        .where(Invoice.customer_id == customer.id, Invoice.status == "finalized", Invoice.amount_due > 0)
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    ).all()
    return sum(count for _, count, _ in rows), [Money(currency, due) for currency, _, due in rows]


def _usage(session: Session, metering: Metering, customer: Customer, now: datetime) -> list[MeterUsage]:
    this_month, _ = month_to_date(now, customer.timezone)
    last_month = month_to_date(this_month.start - timedelta(microseconds=1), customer.timezone)[0]
    windows = [Period(last_month.start, this_month.start), this_month]
    windows = [window for window in windows if window.duration]
    keys = dict.fromkeys(keys_of(session, [customer])[customer.id], customer.id)
    found = []
    meters = list_meters(session, limit=MOST_METERS)
    answers = metering.usage_of_each([Question(definition_of(meter), windows, keys) for meter in meters])
    for meter, quantities in zip(meters, answers, strict=True):
        by_start = {quantity.window.start: quantity.value for quantity in quantities}
        if by_start:
            zero = Decimal(0)
            found.append(
                MeterUsage(
                    meter.key, meter.name, by_start.get(this_month.start, zero), by_start.get(last_month.start, zero)
                )
            )
    return sorted(found, key=lambda usage: usage.meter)
