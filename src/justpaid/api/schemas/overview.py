"""The overview on the wire."""

from datetime import date

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, billed
from justpaid.api.values import Instant, Output, PlainDecimal
from justpaid.insights import MeteringStanding, Money, Overview, Revenue

_SHARE = Field(description="Growth as a share: 0.12 is 12 % more. Null where there was nothing before.")


class MinuteOut(Output):
    at: Instant
    count: int


class OverviewEventsOut(Output):
    today: int = Field(description="Events with a timestamp of today that are not withdrawn.")
    per_minute: int = Field(description="Accepted in the last 60 seconds.")
    per_minute_series: list[MinuteOut] = Field(description="The 60 whole minutes before this one, by receipt.")
    change_vs_last_month: PlainDecimal | None = Field(
        description="This month to date against as much of last month, as a share. Null where that had no event."
    )


class MeteringStandingOut(Output):
    """Of the whole installation."""

    position: int = Field(description="Records of the journal below it are metered.")
    head: int
    behind: int
    lag_ms: int = Field(description="How long the oldest event has waited that is accepted but not metered.")

    @classmethod
    def of(cls, standing: MeteringStanding) -> "MeteringStandingOut":
        return cls(position=standing.position, head=standing.head, behind=standing.behind, lag_ms=standing.lag_ms)


class RevenueOut(Output):
    """What issued invoices charge before tax, less what credit notes took back, by the day of issue."""

    currency: str
    month_to_date: BilledAmount
    last_month_to_same_day: BilledAmount
    change: PlainDecimal | None = _SHARE

    @classmethod
    def of(cls, revenue: Revenue) -> "RevenueOut":
        return cls(
            currency=revenue.currency,
            month_to_date=billed(revenue.month_to_date, revenue.currency),
            last_month_to_same_day=billed(revenue.last_month_to_same_day, revenue.currency),
            change=revenue.change,
        )


class LatencyOut(Output):
    """How long senders waited for a receipt in the last five to ten minutes. Null where nothing was sent."""

    p50: float | None
    p99: float | None


class DailyOut(Output):
    date: date
    events: int


class MoneyOut(Output):
    currency: str
    amount: BilledAmount

    @classmethod
    def of(cls, money: Money) -> "MoneyOut":
        return cls(currency=money.currency, amount=billed(money.amount, money.currency))


class OverviewInvoicesOut(Output):
    open: int = Field(description="Issued, and something is due.")
    open_amounts: list[MoneyOut]
    issued_this_month: int


class OverviewOut(Output):
    as_of: Instant
    timezone: str
    events: OverviewEventsOut
    metering: MeteringStandingOut
    active_customers: int = Field(description="Customers with an event of this month.")
    revenue: list[RevenueOut]
    latency_ms: LatencyOut
    daily: list[DailyOut] = Field(description="Events of the last 14 days, today last.")
    invoices: OverviewInvoicesOut

    @classmethod
    def of(cls, overview: Overview, zone: str) -> "OverviewOut":
        return cls(
            as_of=overview.as_of,
            timezone=zone,
            events=OverviewEventsOut(
                today=overview.today,
                per_minute=overview.per_minute,
                per_minute_series=[MinuteOut(at=at, count=count) for at, count in overview.minutes],
                change_vs_last_month=overview.change,
            ),
            metering=MeteringStandingOut.of(overview.metering),
            active_customers=overview.active_customers,
            revenue=[RevenueOut.of(revenue) for revenue in overview.revenue],
            latency_ms=LatencyOut(p50=overview.p50_ms, p99=overview.p99_ms),
            daily=[DailyOut(date=daily.day, events=daily.events) for daily in overview.daily],
            invoices=OverviewInvoicesOut(
                open=overview.open_invoices,
                open_amounts=[MoneyOut.of(money) for money in overview.open_amounts],
                issued_this_month=overview.issued_this_month,
            ),
        )
