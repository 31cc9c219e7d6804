"""What the revenues of all customers come to: totals, months, winners, losers, and the spread of changes. Pure.

Figures of different currencies never meet: there is a summary for each.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from justpaid.insights.backtest.tables import percent_of
from justpaid.kernel.decimals import EXACT, plain

#: Upper bounds of the histogram's bars, in percent of what was charged before; a bar holds what is at most its bound.
_BOUNDS: Final = tuple(map(Decimal, (-50, -20, -10, -5, 0, 5, 10, 20, 50)))


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one customer in one currency. `months`: (month, before, after)."""

    before: Decimal
    after: Decimal
    months: Sequence[tuple[str, Decimal, Decimal]] = ()

    @property
    def change(self) -> Decimal:
        return EXACT.subtract(self.after, self.before)

    @property
    def percent(self) -> Decimal | None:
        """None where nothing was charged before."""
        return percent_of(self.change, self.before)


def summarised(found: Mapping[str, Sequence[Figures]], not_priced: Mapping[str, int]) -> list[dict[str, Any]]:
    """By currency, in the order of their codes. Decimals are plain text.

    `winners` pay less, `losers` pay more. `deciles` are of the change of a customer: a tenth of the customers have at
    most the first of the nine. `histogram` counts customers by their change in percent of before: over `from`, up to
    `to`; those that paid nothing before and pay now are in `new`.
    """
    currencies = sorted({*found, *not_priced})
    return [_summary(currency, found.get(currency, ()), not_priced.get(currency, 0)) for currency in currencies]


def _summary(currency: str, found: Sequence[Figures], not_priced: int) -> dict[str, Any]:
    changes = sorted(one.change for one in found)
    before, after = _sum(one.before for one in found), _sum(one.after for one in found)
    total = Figures(before, after)
    return {
        "currency": currency,
        "customers": len(found),
        "not_priced": not_priced,
        **_figures(total),
        "winners": sum(change < 0 for change in changes),
        "losers": sum(change > 0 for change in changes),
        "unchanged": sum(not change for change in changes),
        "months": [{"month": month, **_figures(of_month)} for month, of_month in sorted(_by_month(found).items())],
        "deciles": [plain(changes[(len(changes) * tenth - 1) // 10]) for tenth in range(1, 10)] if changes else [],
        "histogram": _histogram(found),
    }


def _figures(figures: Figures) -> dict[str, str | None]:
    percent = figures.percent
    return {
        "before": plain(figures.before),
        "after": plain(figures.after),
        "change": plain(figures.change),
        "change_percent": None if percent is None else plain(percent),
    }


def _by_month(found: Iterable[Figures]) -> dict[str, Figures]:
    sums: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for one in found:
        for month, before, after in one.months:
            sums[month] = EXACT.add(sums[month][0], before), EXACT.add(sums[month][1], after)
    return {month: Figures(*both) for month, both in sums.items()}


def _histogram(found: Iterable[Figures]) -> dict[str, Any]:
    counts = [0] * (len(_BOUNDS) + 1)
    new = unchanged = 0
    for one in found:
        if not one.change:
            unchanged += 1
        elif (percent := one.percent) is None:
            new += 1
        else:
            counts[sum(bound < percent for bound in _BOUNDS)] += 1
    edges = [None, *map(plain, _BOUNDS), None]
    bars = [
        {"from": low, "to": high, "customers": count}
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    ]
    return {"bars": bars, "unchanged": unchanged, "new": new}


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
