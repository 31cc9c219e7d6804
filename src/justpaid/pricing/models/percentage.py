"""`percentage`: a share of the summed value, plus a fixed amount an event, each event's fee within bounds.

Where neither bound can matter, the fee of many events is the rate on their sum and the fixed amount times their number.
Where one can, each event's own value decides; parts of usage are then taken apart at the values where a bound begins
to matter (`bands`), so that the events of a part are all bounded or none is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import ValidationInfo, field_validator

from justpaid.kernel.decimals import EXACT, plain
from justpaid.pricing.fields import Amount
from justpaid.pricing.models.metered import MeteredPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.usage import Usage, quantity_of
from justpaid.pricing.wording import events, grouped, percent


@dataclass(frozen=True, slots=True)
class Band:
    """Tells events apart by their fee, `rate` × value + `fixed`: below `least`, above `most`, or between."""

    rate: Decimal
    fixed: Decimal
    least: Decimal | None
    most: Decimal | None


class PercentagePrice(MeteredPrice):
    """`rate` is a fraction of the metered value, 0.029 for 2.9 %; amounts are for each event.

    `included_quantity` is value that is free of the rate; the fixed amount is due for every event.
    """

    model: Literal["percentage"]
    rate: Amount
    fixed_amount: Amount | None = None
    min_per_event: Amount | None = None
    max_per_event: Amount | None = None

    @field_validator("max_per_event")
    @classmethod
    def _not_below_least(cls, most: Decimal | None, info: ValidationInfo) -> Decimal | None:
        least = info.data.get("min_per_event")
        if most is not None and least is not None and most < least:
            raise ValueError(f"must not be below min_per_event ({plain(least)})")
        return most

    @field_validator("min_per_event", "max_per_event")
    @classmethod
    def _without_included(cls, bound: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if bound is not None and info.data.get("included_quantity") is not None:
            raise ValueError(
                "can't go with included_quantity: which events that makes cheaper would depend on their order"
            )
        return bound

    @property
    def bands(self) -> Band | None:
        """How events have to be told apart; None where their sum and number are enough."""
        if self.min_per_event is None and self.max_per_event is None:
            return None
        return Band(self.rate, self.fixed_amount or Decimal(0), self.min_per_event, self.max_per_event)

    def steps(self, usage: Sequence[Usage]) -> tuple[Step, ...]:
        free: list[Usage] = []
        bounded: dict[str, tuple[int, Decimal]] = {}
        for part in usage:
            name, bound = self._bound_of(part)
            if bound is None:
                free.append(part)
            else:
                bounded[name] = bounded.get(name, (0, bound))[0] + part.events, bound
        at_bounds = (
            Step.of(f"{events(number)} at the {name} of {grouped(bound)}", Decimal(number), bound)
            for name, (number, bound) in sorted(bounded.items(), reverse=True)
        )
        return (*self._share(quantity_of(free)), *self._fixed(sum(part.events for part in free)), *at_bounds)

    def _bound_of(self, part: Usage) -> tuple[str, Decimal | None]:
        """The bound that the events of the part meet. One that gives value back is credited as it is."""
        if not part.events or part.quantity < 0:
            return "", None
        # The fees of all events together, so that nothing is divided.
        number = Decimal(part.events)
        fixed = EXACT.multiply(self.fixed_amount or Decimal(0), number)
        fees = EXACT.add(EXACT.multiply(self.rate, part.quantity), fixed)
        if self.min_per_event is not None and fees < EXACT.multiply(self.min_per_event, number):
            return "minimum", self.min_per_event
        if self.max_per_event is not None and fees > EXACT.multiply(self.max_per_event, number):
            return "maximum", self.max_per_event
        return "", None

    def _share(self, value: Decimal) -> tuple[Step, ...]:
        included = max(min(value, self.included_quantity or Decimal(0)), Decimal(0))
        left = EXACT.subtract(value, included)
        share = (Step.of(f"{percent(self.rate)} of {grouped(left)}", left, self.rate),) if left else ()
        return self.included_steps(included) + share

    def _fixed(self, number: int) -> tuple[Step, ...]:
        if not number or not self.fixed_amount:
            return ()
        return (Step.of(f"{events(number)} at {grouped(self.fixed_amount)}", Decimal(number), self.fixed_amount),)
