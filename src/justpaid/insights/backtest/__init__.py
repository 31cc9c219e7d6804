"""What past usage would have come to under other terms; see README.md."""

from justpaid.insights.backtest.find import customers_of, find_backtest, list_backtests, rows_for_csv
from justpaid.insights.backtest.start import NewBacktest, cancel_backtest, start_backtest
from justpaid.insights.backtest.tables import Backtest, BacktestCustomer, Sort, Status
from justpaid.insights.backtest.worker import run_waiting

__all__ = [
    "Backtest",
    "BacktestCustomer",
    "NewBacktest",
    "Sort",
    "Status",
    "cancel_backtest",
    "customers_of",
    "find_backtest",
    "list_backtests",
    "rows_for_csv",
    "run_waiting",
    "start_backtest",
]
