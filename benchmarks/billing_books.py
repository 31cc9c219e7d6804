"""The books that `benchmarks.billing` bills: subscriptions with usage, and what each must be charged.

A plan with four usage prices, of four models. Periods begin on days of a month: those of the subscriptions for the
baseline on the 1st, 60 % of the others on the 2nd, the rest spread to the 28th. Quantities are drawn from a formula
that SQL fills the warehouse by, and by which `expected_cents` adds up what is owed with whole numbers, apart from the
product.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

#: The first periods begin in this month; both are long over, whenever this runs.
FIRST_MONTH: Final = "2026-07"
PERIODS: Final = 2
EVENTS_A_PERIOD: Final = 2
METERS: Final[tuple[dict[str, Any], ...]] = tuple(
    {"key": key, "event": f"bill_{key}", "aggregation": "sum", "property": "quantity"}
    for key in ("requests", "tokens", "transfer", "seconds")
)
PRICES: Final[tuple[dict[str, Any], ...]] = (
    {"key": "requests", "name": "Requests", "meter": "requests", "model": "per_unit", "unit_amount": "0.002"},
    {
        "key": "tokens",
        "name": "Tokens",
        "meter": "tokens",
        "model": "graduated",
        "tiers": [
            {"up_to": 1000, "unit_amount": "0.010"},
            {"up_to": 5000, "unit_amount": "0.008"},
            {"up_to": None, "unit_amount": "0.005"},
        ],
    },
    {
        "key": "transfer",
        "name": "Transfer",
        "meter": "transfer",
        "model": "package",
        "package_size": 100,
        "amount": "0.50",
    },
    {
        "key": "seconds",
        "name": "Seconds",
        "meter": "seconds",
        "model": "volume",
        "tiers": [
            {"up_to": 1000, "unit_amount": "0.020"},
            {"up_to": 5000, "unit_amount": "0.015"},
            {"up_to": None, "unit_amount": "0.010"},
        ],
    },
)

_MULTIPLIERS: Final = (7_919, 104_729, 1_299_709, 15_485_863)  # of customer, meter, event of the period, period
_MODULUS: Final = 4_001

Cents = npt.NDArray[np.int64]


def day_sql(number: str, baseline: int) -> str:
    """The day of the month on which the periods of subscription `number` begin, in either SQL."""
    return f"CASE WHEN {number} < {baseline} THEN 1 WHEN {number} % 10 < 6 THEN 2 ELSE 3 + {number} % 26 END"


def quantity_sql(customer: str, meter: str, event: str, period: str) -> str:
    a, b, c, d = _MULTIPLIERS
    return f"({customer} * {a} + {meter} * {b} + {event} * {c} + {period} * {d}) % {_MODULUS}"


def expected_cents(customers: npt.NDArray[np.int64], period: int, *, mills_a_request: int = 2) -> Cents:
    """What the invoice of each of these customers comes to, for its period of this number."""
    a, b, c, d = _MULTIPLIERS
    requests, tokens, transfer, seconds = (
        sum((customers * a + meter * b + event * c + period * d) % _MODULUS for event in range(EVENTS_A_PERIOD))
        for meter in range(len(METERS))
    )
    graduated = np.minimum(tokens, 1000) * 10 + np.clip(tokens - 1000, 0, 4000) * 8 + np.maximum(tokens - 5000, 0) * 5
    volume = seconds * np.where(seconds <= 1000, 20, np.where(seconds <= 5000, 15, 10))
    lines = (_cents(requests * mills_a_request), _cents(graduated), -(-transfer // 100) * 50, _cents(volume))
    return np.asarray(sum(lines))


def _cents(mills: Cents) -> Cents:
    """Half up."""
    return (mills + 5) // 10
