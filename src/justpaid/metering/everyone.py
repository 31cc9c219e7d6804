"""When everyone's usage can be read by the quarter hour, instead of adding up every customer's by five minutes.

Everyone's rows of `usage` know neither single customers nor less than a quarter hour. So a quarter that a boundary
cuts, in which an event was withdrawn, or of which a backfill replaces a part or some customers, is left to the rows of
customers.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from justpaid.kernel.instants import ceil_to, floor_to
from justpaid.kernel.period import Period
from justpaid.metering.effects import Effect, edges
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.schema import QUARTER
from justpaid.metering.voids import withdrawn_in
from justpaid.platform.warehouse import quote_second


@dataclass(frozen=True, slots=True)
class Quarters:
    """`whole`: the quarter hours in question. `left_out` are conditions, as SQL that goes on from the start of one: the
    quarters under any of them are left to the customers' rows."""

    whole: Period
    left_out: Sequence[str]

    def read(self, bucket: str) -> str:
        """A condition on everyone's rows."""
        return "".join(f" AND NOT ({bucket} {condition})" for condition in self.left_out)

    def others(self, bucket: str) -> str:
        """A condition on rows of customers, whose five minutes are `bucket`: those that everyone's don't tell of."""
        quarter = f"toStartOfFifteenMinutes({bucket})"
        outside = f"{bucket} < {quote_second(self.whole.start)} OR {bucket} >= {quote_second(self.whole.end)}"
        return f" AND ({' OR '.join((outside, *(f'{quarter} {condition}' for condition in self.left_out)))})"


def quarters_of(
    meter: MeterDefinition,
    windows: Sequence[Period],
    effects: Sequence[Effect],
    upto: int,
    *,
    corrected: bool,
) -> Quarters | None:
    """Of a question about everyone, as of sequence `upto`; None where everyone's rows are of no use.

    `corrected`: some event of the meter's name was withdrawn.
    """
    if any(window.end != floor_to(window.end, QUARTER) for window in windows[:-1]):
        return None
    start, end = ceil_to(windows[0].start, QUARTER), floor_to(windows[-1].end, QUARTER)
    if start >= end:
        return None
    quarters = Period(start, end)
    left_out = []
    if cut := edges(effects, upto, meter.event, quarters, QUARTER):
        left_out.append(f"IN ({', '.join(map(quote_second, cut))})")
    left_out += [
        f"BETWEEN {quote_second(first)} AND {quote_second(last)}"
        for first, last in _of_some(effects, upto, meter.event)
    ]
    if corrected:
        left_out.append(f"IN ({withdrawn_in(meter, quarters, upto)})")
    return Quarters(quarters, left_out)


def _of_some(effects: Iterable[Effect], upto: int, event: str) -> Iterator[tuple[datetime, datetime]]:
    """The first and the last quarter of each backfill that replaces some customers' events alone."""
    for effect in effects:
        backfill = effect.backfill
        if effect.holds(upto) and effect.replaces(event) and backfill.customer_keys is not None:
            yield floor_to(backfill.start, QUARTER), floor_to(backfill.end, QUARTER)
