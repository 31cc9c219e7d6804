"""Figures for people to look at, read out of all stages; see README.md."""

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
    "Cost",
    "CustomerSummary",
    "DailyCount",
    "MeterUsage",
    "MeteringStanding",
    "Money",
    "Overview",
    "Revenue",
    "Span",
    "costs_of",
    "customer_summary",
    "day_of",
    "invoiced_for",
    "metering_standing",
    "open_invoices_of",
    "overview",
    "running_estimates",
    "spans_of",
    "spans_of_subscription",
]
