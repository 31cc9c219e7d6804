"""`percentage`: a share of the summed value, plus a fixed amount an event, each event's fee within bounds.

Where no bound can matter, the fee of many events is the rate on their sum and the fixed amount times their number.
Where one can, each event's own value decides; parts of usage are then taken apart at the values where a bound begins
to matter (`bands`), so that the events of a part are all bounded or none is. Included events are the first ones, so
there the order counts too: the events that are covered come as a part before the one that is so in part, and that one
before those that are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import ValidationInfo, field_validator

from justpaid.kernel.decimals import EXACT, plain
from justpaid.pricing.allowance import Allowance, Taken, take_off
from justpaid.pricing.fields import Amount, Count
from justpaid.pricing.models.metered import MeteredPrice
from justpaid.pricing.rating import Step
from justpaid.pricing.usage import Usage
from justpaid.pricing.wording import events, grouped, percent


@dataclass(frozen=True, slots=True)
class Band:
    """Tells events apart by their fee, `rate` × value + `fixed`: below `least`, above `most`, or between; and, in the
    order of time, by how far the `allowance` covers them."""

    rate: Decimal
    fixed: Decimal
    least: Decimal | None
    most: Decimal | None
    allowance: Allowance | None = None


class PercentagePrice(MeteredPrice):
    """`rate` is a fraction of the metered value, 0.029 for 2.9 %; amounts are for each event.

    `included_events`, the first ones of the period, and the events within `included_quantity` of value are free. Where
    both are given, an event has to be within both.
    """

    model: Literal["percentage"]
    rate: Amount
    fixed_amount: Amount | None = None
    min_per_event: Amount | None = None
    max_per_event: Amount | None = None
    included_events: Count | None = None

    @field_validator("max_per_event")
    @classmethod
    def _not_below_least(cls, most: Decimal | None, info: ValidationInfo) -> Decimal | None:
        least = info.data.get("min_per_event")
        if most is not None and least is not None and most < least:
            raise ValueError(f"must not be below min_per_event ({plain(least)})")
        return most

    @property
    def bands(self) -> Band | None:
        """How events have to be told apart; None where their sum and number are enough."""
        bounded = self.min_per_event is not None or self.max_per_event is not None
        in_order = self.included_events is not None or bool(self.included_quantity and (self.fixed_amount or bounded))
        if not bounded and not in_order:
            return None
        fixed = self.fixed_amount or Decimal(0)
        return Band(self.rate, fixed, self.min_per_event, self.max_per_event, self._allowance if in_order else None)

    @property
    def _allowance(self) -> Allowance:
        return Allowance(self.included_quantity or None, self.included_events)

    def steps(self, usage: Sequence[Usage]) -> tuple[Step, ...]:
        """`usage` in the order of time, as far as `bands` needs it."""
        taken = take_off(self._allowance, usage)
        value, number = taken.credited, taken.refunds
        bounded: dict[str, tuple[int, Decimal]] = {}
        for part in taken.paid:
            name, bound = self._bound_of(part)
            if bound is None:
                value, number = EXACT.add(value, part.quantity), number + part.events
            else:
                bounded[name] = bounded.get(name, (0, bound))[0] + part.events, bound
        at_bounds = (
            Step.of(f"{events(number)} at the {name} of {grouped(bound)}", Decimal(number), bound)
            for name, (number, bound) in sorted(bounded.items(), reverse=True)
        )
        return (*self._included(taken), *self._share(value), *self._fixed(number), *at_bounds)

    def _bound_of(self, part: Usage) -> tuple[str, Decimal | None]:
        """The bound that the events of the part meet."""
        if not part.events:
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

    def _included(self, taken: Taken) -> tuple[Step, ...]:
        if self.included_events is None:
            return self.included_steps(taken.included)
        if not taken.events and not taken.included:
            return ()
        within = f" {grouped(self.included_quantity)} in" if self.included_quantity else ":"
        description = f"Included{within} the first {events(self.included_events)}"
        return (Step.of(description, taken.included, Decimal(0)),)

    def _share(self, value: Decimal) -> tuple[Step, ...]:
        return (Step.of(f"{percent(self.rate)} of {grouped(value)}", value, self.rate),) if value else ()

    def _fixed(self, number: int) -> tuple[Step, ...]:
        if not number or not self.fixed_amount:
            return ()
        return (Step.of(f"{events(number)} at {grouped(self.fixed_amount)}", Decimal(number), self.fixed_amount),)
