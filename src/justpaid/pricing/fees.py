"""Fees: prices that are owed for time, whatever is used. They are prorated by time and billed in advance or arrears."""

from decimal import Decimal
from typing import TypeGuard

from justpaid.pricing.models import FlatPrice, Price, SeatsPrice


def is_fee(price: Price) -> TypeGuard[FlatPrice | SeatsPrice]:
    return isinstance(price, FlatPrice | SeatsPrice)


def is_in_advance(price: Price) -> bool:
    return is_fee(price) and price.billing == "advance"


def unit_fee(price: FlatPrice | SeatsPrice) -> Decimal:
    """What one unit (the plan once, or a seat) costs for a full period, in major units of the plan's currency."""
    return price.amount if isinstance(price, FlatPrice) else price.unit_amount
