"""weighted_sum: from changes of a level to the level averaged over each window by time. Pure.

Between two events the level stands still; after the last it goes on, also into windows that lie in the future. So a
window without an event has a value too: the level that it began with.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.instants import microseconds_of
from justpaid.kernel.period import Period
from justpaid.metering.quantity import Quantity, Row

MAX_VALUES: Final = 200_000
_PLACES: Final = Decimal(1).scaleb(-PLACES)

_Series = tuple[str, tuple[tuple[str, str], ...]]
"""Owner and dimension values: each pair has a level of its own."""


def average_levels(windows: Sequence[Period], before: Sequence[Row], rows: Sequence[Row]) -> list[Quantity]:
    """By window, then owner, then group: every window for each that has a level or a change of it in the span.

    `before` holds all changes before the first window, `rows` those of each window. Values to 12 places, half up.
    Raises: InvalidRequest for more than 200,000 values of several windows.
    """
    levels: dict[_Series, Decimal] = {_series(row): row.merged["total"] for row in before if row.merged["total"]}
    changes = {(row.window, _series(row)): row for row in rows}
    every = sorted(levels.keys() | {series for _, series in changes})
    if len(windows) > 1 and len(windows) * len(every) > MAX_VALUES:
        raise InvalidRequest.of(
            "window",
            f"{len(windows)} windows of {len(every)} levels are more than {MAX_VALUES} values; "
            "ask for a shorter span, wider windows or fewer dimensions",
        )
    found = []
    for window in windows:
        for series in every:
            level, row = levels.get(series, Decimal(0)), changes.get((window, series))
            owner, group = series
            value = _average(window, level, row)
            found.append(Quantity(window, value, row.events if row else 0, owner, dict(group)))
            if row:
                levels[series] = EXACT.add(level, row.merged["total"])
    return found


def _average(window: Period, level: Decimal, row: Row | None) -> Decimal:
    """(level × length + Σ change × time left in the window) ÷ length, with times in microseconds."""
    length = Decimal(window.duration // timedelta(microseconds=1))
    if not length:
        return level
    area = EXACT.multiply(level, length)
    if row:
        # Σ v × (end − t) = end × Σ v − Σ v × t, and the warehouse keeps both sums.
        end = Decimal(microseconds_of(window.end))
        left = EXACT.subtract(EXACT.multiply(end, row.merged["total"]), row.merged["moment"])
        area = EXACT.add(area, left)
    return EXACT.quantize(EXACT.divide(area, length), _PLACES)


def _series(row: Row) -> _Series:
    return row.owner, tuple(row.group.items())
