"""`matrix`: the rate is looked up by dimension values; each cell's quantity × its rate."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from justpaid.kernel.decimals import EXACT
from justpaid.pricing.fields import Amount, Strict
from justpaid.pricing.models.metered import MeteredPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.usage import Usage, grouped_by
from justpaid.pricing.wording import grouped

MAX_DIMENSIONS: Final = 5
MAX_CELLS: Final = 1000
_MAX_TEXT: Final = 255

Text = Annotated[str, Field(max_length=_MAX_TEXT)]


class Cell(Strict):
    """`match`: dimension → value; a dimension that is left out may have any value."""

    match: dict[Text, Text]
    unit_amount: Amount

    def takes(self, dimensions: Mapping[str, str]) -> bool:
        return all(dimensions.get(name, "") == value for name, value in self.match.items())

    def overlaps(self, other: "Cell") -> bool:
        """Whether an event may match both."""
        return all(other.match.get(name, value) == value for name, value in self.match.items())

    @property
    def label(self) -> str:
        return ", ".join(self.match.values()) or "everything"


def _distinct(dimensions: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(dimensions)) < len(dimensions):
        raise ValueError("must not name a dimension twice")
    return dimensions


class MatrixPrice(MeteredPrice):
    """`default_unit_amount` prices what no cell takes; without it that is free, and a step says so.

    The included quantity is taken off the cells in their order, and off the default last.
    """

    model: Literal["matrix"]
    dimensions: Annotated[
        tuple[Text, ...],
        Field(strict=False, min_length=1, max_length=MAX_DIMENSIONS),
        AfterValidator(_distinct),
    ]
    cells: Annotated[tuple[Cell, ...], Field(strict=False, min_length=1, max_length=MAX_CELLS)]
    default_unit_amount: Amount | None = None

    @field_validator("cells")
    @classmethod
    def _told_apart(cls, cells: tuple[Cell, ...], info: ValidationInfo) -> tuple[Cell, ...]:
        known = info.data.get("dimensions", ())
        for index, cell in enumerate(cells):
            for name in cell.match:
                if known and name not in known:
                    raise ValueError(f"cell {index} matches {name!r}, which is none of dimensions: {', '.join(known)}")
        for (first, one), (second, other) in combinations(enumerate(cells), 2):
            if one.overlaps(other):
                raise ValueError(
                    f"cells {first} ({one.label}) and {second} ({other.label}) can match one event, which would be "
                    "billed twice; make them differ in a dimension that both name"
                )
        return cells

    @property
    def priced_by(self) -> tuple[str, ...]:
        return self.dimensions

    def steps(self, usage: Sequence[Usage]) -> tuple[Step, ...]:
        free = self.included_quantity or Decimal(0)
        steps: list[Step] = []
        included = Decimal(0)
        for label, quantity, unit_amount in self._cells_of(usage):
            taken = max(min(quantity, free), Decimal(0))
            free, included = EXACT.subtract(free, taken), EXACT.add(included, taken)
            left = EXACT.subtract(quantity, taken)
            if not left:
                continue
            if unit_amount is None:
                steps.append(Step.of(f"{label}: {grouped(left)} without a price", left, Decimal(0)))
            else:
                steps.append(Step.of(f"{label}: {grouped(left)} at {grouped(unit_amount)}", left, unit_amount))
        return (*self.included_steps(included), *steps)

    def _cells_of(self, usage: Sequence[Usage]) -> Iterator[tuple[str, Decimal, Decimal | None]]:
        """(label, quantity, rate) of each cell that has usage, in the cells' order, then of each combination of values
        that none takes, in the order of the values."""
        groups = grouped_by(usage, self.dimensions)
        for cell in self.cells:
            taken = [values for values, part in groups.items() if cell.takes(part.dimensions)]
            quantity = Decimal(0)
            for values in taken:
                quantity = EXACT.add(quantity, groups.pop(values).quantity)
            if taken:
                yield cell.label, quantity, cell.unit_amount
        for values in sorted(groups):
            yield ", ".join(value or "none" for value in values), groups[values].quantity, self.default_unit_amount
