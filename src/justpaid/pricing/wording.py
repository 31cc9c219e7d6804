"""How steps are worded. Customers read these on their invoices, so numbers are plain and grouped: 1,000 and 0.002."""

from decimal import Decimal

from justpaid.kernel.decimals import EXACT, decimal_places

NO_USAGE = "No usage"


def grouped(number: Decimal) -> str:
    if not number:
        return "0"
    text = format(number, ",f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(fraction: Decimal) -> str:
    return f"{grouped(EXACT.multiply(fraction, Decimal(100)))}%"


def events(number: int) -> str:
    return f"{number:,} event" + ("" if number == 1 else "s")


def excess_of_corrections(quantity: Decimal) -> str:
    """The start of every step that a negative quantity makes."""
    return f"Corrections exceed usage by {grouped(-quantity)}"


def tier_range(lower: Decimal, up_to: Decimal | None, quantity: Decimal) -> str:
    """The tier above `lower`, as in "First 1,000", "1,001 to 5,000" or "5,001 and above".

    "1,001" is a unit only where units are whole: fractional bounds or quantities read "Over 0.1, up to 1".
    """
    if not lower:
        return "Every unit" if up_to is None else f"First {grouped(up_to)}"
    if decimal_places(lower) or decimal_places(quantity) or (up_to is not None and decimal_places(up_to)):
        return f"Over {grouped(lower)}" + ("" if up_to is None else f", up to {grouped(up_to)}")
    first = EXACT.add(lower, Decimal(1))
    if up_to is None:
        return f"{grouped(first)} and above"
    return f"Unit {grouped(first)}" if first == up_to else f"{grouped(first)} to {grouped(up_to)}"
