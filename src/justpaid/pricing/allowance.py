"""Included events and included value of a percentage price: what they cover of events that come one after the other.

Events are walked in the order of time. One is covered while its place is among the included events and the value so far
is within the included value; the event that crosses the included value is covered in part. Refunds, events below 0, use
nothing up: they come off at the end, so that what they give back is worth what it cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.pricing.usage import Usage, quantity_of

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """`quantity`: value that is included, `events`: how many of the first events; None where that sets no limit."""

    quantity: Decimal | None = None
    events: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What an allowance leaves. `paid`: the events that are not wholly covered, with what is left of their value.

    `refunds` are events below 0 and `credited`, not above 0, is what of their value had been paid. `included` is the
    value that stays covered after them, in `events` events.
    """

    included: Decimal
    events: int
    paid: tuple[Usage, ...]
    refunds: int
    credited: Decimal


def take_off(allowance: Allowance, usage: Sequence[Usage]) -> Taken:
    """`usage` in the order of time; a part that stands for several events stands for that many of equal value."""
    charged = [part for part in usage if part.quantity >= 0]
    given_back = [part for part in usage if part.quantity < 0]
    walk = _Walk(allowance)
    paid = tuple(rest for part in charged for rest in walk.past(part))
    paid_value = quantity_of(paid)
    net = EXACT.add(EXACT.add(walk.covered, paid_value), quantity_of(given_back))
    included = min(max(net, _NOTHING), walk.covered)
    credited = EXACT.subtract(EXACT.subtract(net, included), paid_value)
    return Taken(included, walk.events, paid, sum(part.events for part in given_back), credited)


class _Walk:
    """How much of an allowance is used up, part after part."""

    def __init__(self, allowance: Allowance) -> None:
        self.covered = _NOTHING
        self.events = 0
        self._allowance = allowance
        self._over = allowance == Allowance()

    def past(self, part: Usage) -> Iterator[Usage]:
        """What of `part` is paid."""
        if not part.events:
            yield from self._past_value(part)
            return
        whole = self._whole_events(part)
        value = _value_of(part, whole)
        self.events += whole
        self.covered = EXACT.add(self.covered, value)
        rest = Usage.summed(EXACT.subtract(part.quantity, value), part.events - whole, part.dimensions)
        if rest.events:
            yield from self._past_end(rest)

    def _past_end(self, part: Usage) -> Iterator[Usage]:
        """The first event of `part` is not wholly covered, and no later one is at all."""
        left = self._value_left()
        if left and self._events_left(1):
            value = _value_of(part, 1)
            self.covered = EXACT.add(self.covered, left)
            yield Usage.summed(EXACT.subtract(value, left), 1, part.dimensions)
            part = Usage.summed(EXACT.subtract(part.quantity, value), part.events - 1, part.dimensions)
        self._over = True
        if part.events:
            yield part

    def _past_value(self, part: Usage) -> Iterator[Usage]:
        """Value of no event, which only included value covers."""
        value = min(self._value_left() or _NOTHING, part.quantity)
        self.covered = EXACT.add(self.covered, value)
        if rest := EXACT.subtract(part.quantity, value):
            yield Usage.summed(rest, 0, part.dimensions)

    def _whole_events(self, part: Usage) -> int:
        """How many events of `part` are covered wholly."""
        number = self._events_left(part.events)
        left = self._value_left()
        if left is None or not number or not part.quantity:
            return number
        fitting = EXACT.divide_int(EXACT.multiply(left, Decimal(part.events)), part.quantity)
        return min(number, int(fitting))

    def _events_left(self, most: int) -> int:
        if self._over:
            return 0
        return most if self._allowance.events is None else min(most, self._allowance.events - self.events)

    def _value_left(self) -> Decimal | None:
        """None: as much as there is."""
        if self._over:
            return _NOTHING
        included = self._allowance.quantity
        return None if included is None else EXACT.subtract(included, self.covered)


def _value_of(part: Usage, events: int) -> Decimal:
    """Of so many events of `part`: a share of its value, to 12 places like any quantity."""
    if events == part.events:
        return part.quantity
    exact = EXACT.divide(EXACT.multiply(part.quantity, Decimal(events)), Decimal(part.events))
    return EXACT.quantize(exact, Decimal(1).scaleb(-PLACES))
