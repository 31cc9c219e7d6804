"""Backtests on the wire."""

from typing import Any

from pydantic import Field

from justpaid.api.schemas.plans import FullTermsIn
from justpaid.api.values import Input, Instant, Output, PlainDecimal
from justpaid.insights import Backtest, BacktestCustomer, NewBacktest, Status
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.period import Period


class BacktestIn(Input):
    plan: str | None = Field(default=None, description="A plan's key or id. Either this or `terms`.")
    version: int | None = Field(
        default=None,
        ge=1,
        le=2**31 - 1,
        description="Without it the newest draft, else what is published.",
    )
    terms: FullTermsIn | None = Field(default=None, description="A plan that need not exist, instead of `plan`.")
    from_: Instant = Field(alias="from", description="Where the first billing period begins.")
    to: Instant = Field(description="Where the last one ends; at most 12 months later, and past.")
    of_plan: str | None = Field(default=None, description="Only subscriptions that have this plan now.")
    customers: list[str] | None = Field(default=None, description="Only these, by id or external id.")

    def asked(self) -> NewBacktest:
        """Raises: InvalidRequest."""
        if self.to < self.from_:
            raise InvalidRequest.of("to", "must be after from")
        return NewBacktest(
            period=Period(self.from_, self.to),
            plan=self.plan,
            version=self.version,
            terms=self.terms.terms() if self.terms else None,
            of_plan=self.of_plan,
            customers=self.customers,
        )


class RevenueOut(Output):
    before: PlainDecimal
    after: PlainDecimal
    change: PlainDecimal
    change_percent: PlainDecimal | None = Field(description="Null where nothing was charged before.")


class MonthOut(RevenueOut):
    month: str = Field(examples=["2026-01"], description="In which the billing periods begin.")


class BarOut(Output):
    from_: PlainDecimal | None = Field(alias="from", description="Over this change in percent; null: no bound.")
    to: PlainDecimal | None = Field(description="Up to this change in percent; null: no bound.")
    customers: int


class HistogramOut(Output):
    bars: list[BarOut]
    unchanged: int
    new: int = Field(description="Customers that were charged nothing before.")


class SummaryOut(RevenueOut):
    """All customers billed in one currency, before discounts and tax."""

    currency: str
    customers: int
    not_priced: int = Field(description="Customers whom the terms do not fit, as their `problem` says.")
    winners: int = Field(description="Customers who would have paid less.")
    losers: int = Field(description="Customers who would have paid more.")
    unchanged: int
    months: list[MonthOut]
    deciles: list[PlainDecimal] = Field(description="Of the customers' changes: 10 %, 20 % … 90 % are at most this.")
    histogram: HistogramOut


class BacktestOut(Output):
    id: str
    status: Status
    progress: PlainDecimal = Field(description="From 0 to 1.")
    plan: str | None
    version: int | None
    terms: dict[str, Any] = Field(description="The copy that is priced by.")
    of_plan: str | None
    customers: list[str] | None
    from_: Instant = Field(alias="from")
    to: Instant
    timezone: str
    customers_total: int
    customers_done: int
    result: list[SummaryOut] | None = Field(description="By currency; null until it is completed.")
    error: str | None
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None

    @classmethod
    def of(cls, backtest: Backtest) -> "BacktestOut":
        same = set(cls.model_fields) - {"progress", "from_", "to"}
        return cls.model_validate({
            **{name: getattr(backtest, name) for name in same},
            "progress": backtest.progress,
            "from": backtest.period_start,
            "to": backtest.period_end,
        })  # fmt: skip


class CustomerMonthOut(Output):
    month: str
    before: PlainDecimal
    after: PlainDecimal


class BacktestCustomerOut(RevenueOut):
    customer_id: str
    external_id: str | None
    name: str
    currency: str
    months: list[CustomerMonthOut]
    problem: str | None = Field(description="Why the terms do not fit this customer, who is in no total then.")

    @classmethod
    def of(cls, customer: BacktestCustomer) -> "BacktestCustomerOut":
        return cls.model_validate({name: getattr(customer, name) for name in cls.model_fields})
