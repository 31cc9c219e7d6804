"""Figures for people to look at, read out of all stages; see README.md."""

from justpaid.insights.backtest import (
    Backtest,
    BacktestCustomer,
    NewBacktest,
    Sort,
    Status,
    cancel_backtest,
    customers_of,
    find_backtest,
    list_backtests,
    rows_for_csv,
    run_waiting,
    start_backtest,
)
from justpaid.insights.calendar import day_of
from justpaid.insights.customer import (
    Cost,
    CustomerSummary,
    MeterUsage,
    costs_of,
    customer_summary,
    open_invoices_of,
    running_estimates,
)
from justpaid.insights.overview import DailyCount, Money, Overview, Revenue, overview
from justpaid.insights.periods import Span, invoiced_for, spans_of, spans_of_subscription
from justpaid.insights.standing import MeteringStanding, metering_standing

__all__ = [
    "Backtest",
    "BacktestCustomer",
    "Cost",
    "CustomerSummary",
    "DailyCount",
    "MeterUsage",
    "MeteringStanding",
    "Money",
    "NewBacktest",
    "Overview",
    "Revenue",
    "Sort",
    "Span",
    "Status",
    "cancel_backtest",
    "costs_of",
    "customer_summary",
    "customers_of",
    "day_of",
    "find_backtest",
    "invoiced_for",
    "list_backtests",
    "metering_standing",
    "open_invoices_of",
    "overview",
    "rows_for_csv",
    "run_waiting",
    "running_estimates",
    "spans_of",
    "spans_of_subscription",
    "start_backtest",
]
