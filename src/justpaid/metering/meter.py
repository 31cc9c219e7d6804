"""What a meter is: which events it counts, what it takes from each, how it aggregates, by which dimensions."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec


class Aggregation(StrEnum):
    COUNT = "count"
    SUM = "sum"
    MAX = "max"
    MIN = "min"
    AVERAGE = "average"
    UNIQUE = "unique"
    LATEST = "latest"
    WEIGHTED_SUM = "weighted_sum"


class Operator(StrEnum):
    EQ = "eq"
    NE = "ne"
    IN = "in"
    NOT_IN = "not_in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    EXISTS = "exists"


#: Operators that compare as numbers; the others compare the text of the value.
NUMERIC = frozenset({Operator.GT, Operator.GTE, Operator.LT, Operator.LTE})


@dataclass(frozen=True, slots=True)
class Filter:
    """`property` is `quantity` or `properties.a.b`. `values`: one for all but `in` and `not_in`; none for `exists`."""

    property: str
    operator: Operator
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MeterDefinition:
    """One version of a meter, for ever the same; a change makes the next. `property` is None only for `count`."""

    id: str
    organisation_id: str
    key: str
    event: str
    aggregation: Aggregation
    property: str | None
    filters: tuple[Filter, ...]
    dimensions: tuple[str, ...]
    version: int = 1

    def __hash__(self) -> int:
        """A version never changes: its fields need not be gone through."""
        return hash((self.id, self.version))

    def as_json(self) -> dict[str, Any]:
        """For keeping beside what was counted by it."""
        kept: dict[str, Any] = msgspec.to_builtins(self)
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "MeterDefinition":
        return msgspec.convert(kept, cls)
