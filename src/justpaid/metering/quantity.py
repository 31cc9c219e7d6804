"""What usage questions are answered with: a quantity, and the merged columns that it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from justpaid.kernel.period import Period


@dataclass(frozen=True, slots=True)
class Quantity:
    """`value` is the meter's aggregation over `events` events of `window` with these dimension values."""

    window: Period
    value: Decimal
    events: int
    owner: str = ""
    group: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """`merged` holds the columns of `merged_columns` over the events of one window, owner and group."""

    window: Period
    owner: str
    group: Mapping[str, str]
    merged: Mapping[str, Any]

    @property
    def events(self) -> int:
        return int(self.merged["events"])
