"""What meters make of single events, as SQL: which take one, and which match it but find nothing in it to count."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from justpaid.metering.expressions import distinct_of, matches, value_of
from justpaid.metering.meter import Aggregation, MeterDefinition
from justpaid.platform.warehouse import quote


def takings(meters: Iterable[MeterDefinition], condition: str) -> str:
    """A SELECT of the events under `condition` whose name one of these meters has, each once: id, customer, event,
    timestamp, seq, backfill, `matched` (by any filters), and the keys of the meters that have `taken` it and that found
    it `empty`. The meters must be of one organisation, and `condition` must hold the events to it."""
    by_event: dict[str, list[MeterDefinition]] = defaultdict(list)
    for meter in meters:
        by_event[meter.event].append(meter)
    return " UNION ALL ".join(_of_name(event, named, condition) for event, named in by_event.items())


def _of_name(event: str, meters: Sequence[MeterDefinition], condition: str) -> str:
    tuples = ", ".join(
        f"({quote(meter.key)}, toUInt8(({matches(meter)}) != 0), toUInt8({_finds(meter)}))" for meter in meters
    )
    return f"""SELECT id, customer, event, timestamp, seq, backfill,
            [{tuples}] AS meters,
            arrayExists(m -> m.2 = 1, meters) AS matched,
            arrayMap(m -> m.1, arrayFilter(m -> m.2 = 1 AND m.3 = 1, meters)) AS taken,
            arrayMap(m -> m.1, arrayFilter(m -> m.2 = 1 AND m.3 = 0, meters)) AS empty
        FROM events WHERE {condition} AND event = {quote(event)}"""


def _finds(meter: MeterDefinition) -> str:
    """Whether the event holds what the meter aggregates."""
    if meter.aggregation is Aggregation.COUNT:
        return "1"
    if meter.aggregation is Aggregation.UNIQUE:
        return f"{distinct_of(meter)} != ''"
    return f"isNotNull({value_of(meter)})"
