"""The rule that picks tax rates. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from justpaid.taxes.tables import TaxRate

TaxStatus = Literal["taxable", "exempt", "reverse_charge"]


def rates_for(
    known: Sequence[TaxRate],
    status: str,
    own: Sequence[str] | None,
    address: Mapping[str, str] | None,
    product: Sequence[str] | None = None,
) -> list[TaxRate]:
    """None for a customer that is not charged tax; else those of `product` that fit its address; else its `own`; else
    the organisation's defaults. `product` and `own` are keys.

    Of a product's rates, and of the defaults, those of the customer's region come before those of its country, and
    these before those of no country; several of the same closeness apply together. `product` and `own` may be empty,
    which means no tax; None means that the next in line decides.
    """
    if status != "taxable" or (product is not None and not product):
        return []
    active = [rate for rate in known if rate.active]
    if fitting := _closest((rate for rate in active if rate.key in (product or ())), address or {}):
        return fitting
    if own is not None:
        return [rate for rate in active if rate.key in own]
    return _closest((rate for rate in active if rate.is_default), address or {})


def _closest(rates: Iterable[TaxRate], address: Mapping[str, str]) -> list[TaxRate]:
    """Those of the customer's place, the nearest alone."""
    by_closeness: dict[int, list[TaxRate]] = {}
    for rate in rates:
        by_closeness.setdefault(_closeness(rate, address), []).append(rate)
    nearest = max(by_closeness, default=0)
    return by_closeness[nearest] if nearest else []


def _closeness(rate: TaxRate, address: Mapping[str, str]) -> int:
    """0: a rate of another place."""
    if rate.country is None:
        return 1
    if rate.country != address.get("country"):
        return 0
    if rate.region is None:
        return 2
    return 3 if rate.region.casefold() == address.get("state", "").casefold() else 0
