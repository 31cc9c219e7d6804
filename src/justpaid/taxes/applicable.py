"""The rule that picks tax rates. Pure."""

from collections.abc import Mapping, Sequence
from typing import Literal

from justpaid.taxes.tables import TaxRate

TaxStatus = Literal["taxable", "exempt", "reverse_charge"]


def rates_for(
    known: Sequence[TaxRate], status: str, own: Sequence[str] | None, address: Mapping[str, str] | None
) -> list[TaxRate]:
    """None for a customer that is not charged tax; else its own rates, by key; else the organisation's defaults.

    Of the defaults those of the customer's region come before those of its country, and these before those of no
    country; several of the same closeness apply together. `own` may be empty, which means no tax; None means defaults.
    """
    if status != "taxable":
        return []
    active = [rate for rate in known if rate.active]
    if own is not None:
        return [rate for rate in active if rate.key in own]
    closest = max((closeness for rate in active if (closeness := _closeness(rate, address or {}))), default=0)
    return [rate for rate in active if closest and _closeness(rate, address or {}) == closest]


def _closeness(rate: TaxRate, address: Mapping[str, str]) -> int:
    """0: does not apply by default."""
    if not rate.is_default:
        return 0
    if rate.country is None:
        return 1
    if rate.country != address.get("country"):
        return 0
    if rate.region is None:
        return 2
    return 3 if rate.region.casefold() == address.get("state", "").casefold() else 0
