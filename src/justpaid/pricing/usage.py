"""What a price is applied to: parts of a period's usage."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from justpaid.kernel.decimals import EXACT
from justpaid.pricing.fields import Number, Strict


class Usage(Strict):
    """`quantity` in units of the meter, summed over `events` events of one set of dimension values.

    A part stands for events that are alike: where a price looks at single events, each counts as the part's mean.
    """

    quantity: Number
    events: Annotated[int, Field(ge=0)] = 1
    dimensions: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def summed(cls, quantity: Decimal, events: int = 1, dimensions: dict[str, str] | None = None) -> "Usage":
        """From our own counting, whose sums may have more digits than what a client may send."""
        return cls.model_construct(quantity=quantity, events=events, dimensions=dimensions or {})


def quantity_of(usage: Iterable[Usage]) -> Decimal:
    quantity = Decimal(0)
    for part in usage:
        quantity = EXACT.add(quantity, part.quantity)
    return quantity


def grouped_by(usage: Sequence[Usage], names: Sequence[str]) -> dict[tuple[str, ...], Usage]:
    """The usage by the values of these dimensions, in the order in which each comes first; what has none has ''."""
    groups: dict[tuple[str, ...], Usage] = {}
    for part in usage:
        values = tuple(part.dimensions.get(name, "") for name in names)
        known = groups.get(values)
        groups[values] = Usage.summed(
            EXACT.add(known.quantity, part.quantity) if known else part.quantity,
            known.events + part.events if known else part.events,
            dict(zip(names, values, strict=True)),
        )
    return groups
