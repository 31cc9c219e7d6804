"""The pipeline at a glance: what came in, what is metered, what was billed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.customers import CustomerKey
from justpaid.ingest import Committer
from justpaid.insights.calendar import last_days, month_to_date, next_quarter
from justpaid.insights.standing import MeteringStanding, metering_standing
from justpaid.invoicing import CreditNote, CreditNoteLine, Invoice
from justpaid.kernel.clock import Clock
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.period import Period, timezone
from justpaid.metering import Counts, Metering

DAYS: Final = 14
MINUTES: Final = 60
_ISSUED: Final = ("finalized", "paid", "uncollectible")
_SHARE: Final = Decimal("0.0001")
_KEYS_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class DailyCount:
    day: date
    events: int


@dataclass(frozen=True, slots=True)
class Money:
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Revenue:
    """What issued invoices charge before tax, less what credit notes took back of it, both by the day of issue.

    `change` is a share of the earlier figure; None where that is zero.
    """

    currency: str
    month_to_date: Decimal
    last_month_to_same_day: Decimal
    change: Decimal | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Of one organisation, in the time zone that was asked for. `per_minute` is the last 60 seconds, `minutes` the 60
    whole minutes before this one, by receipt; all other counts go by the events' timestamps."""

    as_of: datetime
    today: int
    per_minute: int
    minutes: list[tuple[datetime, int]]
    change: Decimal | None
    metering: MeteringStanding
    active_customers: int
    revenue: list[Revenue]
    p50_ms: float | None
    p99_ms: float | None
    daily: list[DailyCount]
    open_invoices: int
    open_amounts: list[Money]
    issued_this_month: int


def overview(
    session: Session,
    metering: Metering,
    ingest: Committer,
    organisation_id: str,
    zone: str,
    now: datetime,
    clock: Clock,
) -> Overview:
    """`now` by the organisation's own clock, which tells days and months; `clock` tells what moves at this moment.

    Raises: EngineUnavailable.
    """
    counts = metering.traffic.of(organisation_id)
    this_month, last_month = month_to_date(now, zone)
    days = last_days(now, zone, DAYS)
    p50, p99 = ingest.pace.latency_ms(organisation_id, (0.5, 0.99))
    count, amounts = _open(session)
    return Overview(
        as_of=now,
        today=counts.during(days[-1]),
        per_minute=ingest.pace.events_per_minute(organisation_id),
        minutes=_minutes(counts, clock.now()),
        change=_events_change(counts, this_month, last_month),
        metering=metering_standing(metering, clock),
        active_customers=_active(session, counts.customer_keys_since(this_month.start)),
        revenue=list(_revenues(session, this_month, last_month)),
        p50_ms=p50,
        p99_ms=p99,
        daily=[DailyCount(day.start.astimezone(timezone(zone)).date(), counts.during(day)) for day in days],
        open_invoices=count,
        open_amounts=amounts,
        issued_this_month=_issued_count(session, this_month),
    )


def _minutes(counts: Counts, now: datetime) -> list[tuple[datetime, int]]:
    this = now.astimezone(UTC).replace(second=0, microsecond=0)
    starts = [this - timedelta(minutes=ago) for ago in range(MINUTES, 0, -1)]
    return [(start, counts.received(start)) for start in starts]


def _events_change(counts: Counts, this_month: Period, last_month: Period) -> Decimal | None:
    """To the quarter hour, as counts are kept."""
    now, then = (
        Decimal(counts.during(Period(period.start, next_quarter(period.end)))) for period in (this_month, last_month)
    )
    return change(now, then)


def change(now: Decimal, before: Decimal) -> Decimal | None:
    """By what share of `before` it grew, to four places; None where there was nothing before."""
    if not before:
        return None
    return EXACT.quantize(EXACT.divide(EXACT.subtract(now, before), EXACT.abs(before)), _SHARE)


def _active(session: Session, keys: list[str]) -> int:
    """Customers that these keys mean. A key that means nobody counts for none."""
    found: set[str] = set()
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        part = keys[start : start + _KEYS_AT_ONCE]
        query = sa.select(CustomerKey.customer_id).where(
            CustomerKey.key == sa.any_(sa.literal(part, sa.ARRAY(sa.Text)))
        )
        found.update(session.scalars(query.distinct()))
    return len(found)


def _revenues(session: Session, this_month: Period, last_month: Period) -> Iterator[Revenue]:
    now, before = _revenue(session, this_month), _revenue(session, last_month)
    for currency in sorted(now.keys() | before.keys()):
        yield Revenue(currency, now[currency], before[currency], change(now[currency], before[currency]))


def _revenue(session: Session, period: Period) -> defaultdict[str, Decimal]:
    revenue: defaultdict[str, Decimal] = defaultdict(Decimal)
    net = sa.func.sum(Invoice.subtotal - Invoice.discount - Invoice.tax_included)
    invoices = sa.select(Invoice.currency, net).where(_issued(period)).group_by(Invoice.currency)
    for currency, amount in session.execute(invoices):
        revenue[currency] = EXACT.add(revenue[currency], amount)
    credited = sa.and_(
        CreditNote.status == "issued", CreditNote.issued_at >= period.start, CreditNote.issued_at < period.end
    )
    notes = (
        sa.select(CreditNote.currency, sa.func.sum(CreditNote.subtotal)).where(credited).group_by(CreditNote.currency)
    )
    for currency, amount in session.execute(notes):
        revenue[currency] = EXACT.subtract(revenue[currency], amount)
    # What a credit note takes back of prices that contain tax holds that tax.
    lines = sa.select(CreditNote.currency, CreditNoteLine.taxes).join(CreditNoteLine).where(credited)
    for currency, taxes in session.execute(lines):
        for tax in taxes:
            if tax["inclusive"]:
                revenue[currency] = EXACT.add(revenue[currency], Decimal(tax["amount"]))
    return revenue


def _issued_count(session: Session, period: Period) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Invoice).where(_issued(period))) or 0


def _issued(period: Period) -> sa.ColumnElement[bool]:
    return sa.and_(Invoice.status.in_(_ISSUED), Invoice.issued_at >= period.start, Invoice.issued_at < period.end)


def _open(session: Session) -> tuple[int, list[Money]]:
    query = (
        sa.select(Invoice.currency, sa.func.count(), sa.func.sum(Invoice.amount_due))
        .where(Invoice.status == "finalized", Invoice.amount_due > 0)
        .group_by(Invoice.currency)
        .order_by(Invoice.currency)
    )
    rows = session.execute(query).all()
    return sum(count for _, count, _ in rows), [Money(currency, amount) for currency, _, amount in rows]
