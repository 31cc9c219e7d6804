"""How the demo writes amounts, quantities and periods for people."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from justpaid.kernel.money import round_to_minor


def money(amount: str, currency: str) -> str:
    """`"1234.5", "USD"` as `1,234.50 USD`."""
    return f"{round_to_minor(Decimal(amount), currency):,f} {currency}"


def number(quantity: str) -> str:
    return f"{Decimal(quantity):,f}"


def period(start: str, end: str, zone: str) -> str:
    """RFC 3339 instants as days in the customer's zone, the last one included: `1–31 Oct 2026`.

    An empty period is the start of a subscription, where only fees in advance are billed: `start, 1 Oct 2026`.
    """
    first, after = (datetime.fromisoformat(text).astimezone(ZoneInfo(zone)) for text in (start, end))
    if first == after:
        return f"start, {_day(first)} {first.year}"
    last = datetime.fromtimestamp(after.timestamp() - 1, ZoneInfo(zone))
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last)} {last.year}"
    return f"{_day(first)} – {_day(last)} {last.year}"


def _day(local: datetime) -> str:
    return f"{local.day} {local:%b}"
