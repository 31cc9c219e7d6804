"""One generator of SQL per meter, which live rollup, backfill and recount share, so that they can't disagree.

All of it reads the columns of `events`. A property's text is its JSON string, or the JSON itself for a number, a
boolean or an object; a missing or null property has the empty text.
"""

import re
from typing import Final

from justpaid.metering.meter import NUMERIC, Aggregation, Filter, MeterDefinition, Operator
from justpaid.platform.warehouse import quote

QUANTITY: Final = "quantity"
_PREFIX: Final = "properties."
_DOT: Final = re.compile(r"(?<!\\)\.")
#: By which of the columns of `ROLLUP_COLUMNS` an aggregation is answered: 1 and 2 `total`, 2 `moment` too, 3 `least`,
#: 4 `greatest`, 5 `latest`; 0 none of these.
_KINDS: Final = {
    Aggregation.SUM: 1,
    Aggregation.AVERAGE: 1,
    Aggregation.WEIGHTED_SUM: 2,
    Aggregation.MIN: 3,
    Aggregation.MAX: 4,
    Aggregation.LATEST: 5,
}


def path_of(name: str) -> tuple[str, ...]:
    """`properties.usage.tokens` and the short form `usage.tokens` are both ("usage", "tokens").

    A dot that is part of a name has a backslash before it: `usage.input\\.tokens` is ("usage", "input.tokens").
    """
    return tuple(part.replace("\\.", ".") for part in _DOT.split(name.removeprefix(_PREFIX)))


def text_of(name: str) -> str:
    if name == QUANTITY:
        return "toString(quantity)"
    keys = ", ".join(map(quote, path_of(name)))
    raw = f"JSONExtractRaw(properties, {keys})"
    return f"multiIf(startsWith({raw}, '\"'), JSONExtractString(properties, {keys}), {raw} = 'null', '', {raw})"


def number_of(name: str) -> str:
    """Nullable(Decimal(38, 12)): NULL where the text is no number; a 13th decimal place is cut off."""
    if name == QUANTITY:
        return "toNullable(quantity)"
    # A sign or a point alone, a usual way to write "none", would be read as 0.
    text = text_of(name)
    return f"toDecimal128OrNull(if({text} IN ('-', '+', '.', '-.', '+.'), '', {text}), 12)"


def value_of(meter: MeterDefinition) -> str:
    """The number that the meter takes from an event; NULL takes no part in sums, means and extremes."""
    if meter.property is None or meter.aggregation is Aggregation.UNIQUE:
        return "CAST(NULL, 'Nullable(Decimal(38, 12))')"
    return number_of(meter.property)


def distinct_of(meter: MeterDefinition) -> str:
    """The text that a `unique` meter counts; the empty text is not counted."""
    return text_of(meter.property) if meter.property and meter.aggregation is Aggregation.UNIQUE else "''"


def dimensions_of(meter: MeterDefinition) -> str:
    if not meter.dimensions:
        return "CAST([], 'Array(String)')"
    return f"[{', '.join(text_of(_PREFIX + name) for name in map(_short, meter.dimensions))}]"


def matches(meter: MeterDefinition) -> str:
    """The filters, as a condition on an event that has the meter's organisation and event name already."""
    return " AND ".join(map(_condition, meter.filters)) or "1"


def source_condition(meter: MeterDefinition) -> str:
    """The whole condition, for a read of `events` for this meter alone."""
    return f"organisation = {quote(meter.organisation_id)} AND event = {quote(meter.event)} AND ({matches(meter)})"


def as_tuple(meter: MeterDefinition, rollup_id: str, condition: str) -> str:
    """(rollup, dimensions, value, distinct text, kind, matches): what `ROLLUP_COLUMNS` aggregate."""
    return (
        f"({quote(rollup_id)}, {dimensions_of(meter)}, {value_of(meter)}, {distinct_of(meter)}, "
        f"{_KINDS.get(meter.aggregation, 0)}, "
        f"({condition}) != 0)"
    )


#: Aggregates over m = `as_tuple`, in the order of the columns of `usage` after its key. A column that the meter's
#: aggregation does not need stays empty, which costs no room: two extremes of each bucket are as large as the event.
ROLLUP_COLUMNS: Final = """
    count() AS events,
    count(m.3) AS samples,
    sumIf(toDecimal256(ifNull(m.3, toDecimal128(0, 12)), 12), m.5 IN (1, 2)) AS total,
    sumIf(toDecimal256(ifNull(m.3, toDecimal128(0, 12)), 12) * toUnixTimestamp64Micro(timestamp), m.5 = 2) AS moment,
    minIf(m.3, m.5 = 3) AS least,
    maxIf(m.3, m.5 = 4) AS greatest,
    argMaxStateIf(assumeNotNull(m.3), (timestamp, seq), m.5 = 5 AND isNotNull(m.3)) AS latest,
    uniqExactStateIf(m.4, m.4 != '') AS distinct"""

#: The same aggregates over rows of `usage` (or of a select of the same shape), merged.
MERGED_COLUMNS: Final = """
    sum(events) AS events,
    sum(samples) AS samples,
    sum(total) AS total,
    sum(moment) AS moment,
    min(least) AS least,
    max(greatest) AS greatest,
    argMaxMerge(latest) AS latest,
    uniqExactMerge(distinct) AS distinct"""


def _condition(filter_: Filter) -> str:
    text = text_of(filter_.property)
    values = ", ".join(map(quote, filter_.values))
    match filter_.operator:
        case Operator.EXISTS:
            return f"{text} != ''"
        case Operator.EQ | Operator.IN:
            return f"{text} IN ({values})"
        case Operator.NE | Operator.NOT_IN:
            return f"{text} NOT IN ({values})"
        case operator if operator in NUMERIC:
            sign = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}[operator]
            return f"ifNull({number_of(filter_.property)} {sign} toDecimal128({values}, 12), 0)"
    raise AssertionError(filter_.operator)


def _short(name: str) -> str:
    return name.removeprefix(_PREFIX)
