"""Figures for people to look at, read out of all stages; see README.md."""

from justpaid.insights.calendar import day_of
from justpaid.insights.overview import DailyCount, Money, Overview, Revenue, overview
from justpaid.insights.standing import MeteringStanding, metering_standing

__all__ = ["DailyCount", "MeteringStanding", "Money", "Overview", "Revenue", "day_of", "metering_standing", "overview"]
