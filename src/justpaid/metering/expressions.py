"""One generator of SQL per meter, which live rollup, filling and recount share, so that they can't disagree.

All of it reads the columns of `events`. A property's text is its JSON string, or the JSON itself for a number, a
boolean or an object; a missing or null property has the empty text.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import Final, NamedTuple

from justpaid.metering.meter import NUMERIC, Aggregation, Filter, MeterDefinition, Operator
from justpaid.platform.warehouse import quote

QUANTITY: Final = "quantity"
_PREFIX: Final = "properties."
_DOT: Final = re.compile(r"(?<!\\)\.")
#: What may stand in a type of the warehouse as a name, quoted as such.
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Text = Callable[[str], str]
"""SQL for the text of a property, by its name."""


def path_of(name: str) -> tuple[str, ...]:
    """`properties.usage.tokens` and the short form `usage.tokens` are both ("usage", "tokens").

    A dot that is part of a name has a backslash before it: `usage.input\\.tokens` is ("usage", "input.tokens").
    """
    return tuple(part.replace("\\.", ".") for part in _DOT.split(name.removeprefix(_PREFIX)))


def text_of(name: str) -> str:
    if name == QUANTITY:
        return "toString(quantity)"
    return f"JSONExtract(properties, {', '.join(map(quote, path_of(name)))}, 'String')"


def parsed_once(meters: Iterable[MeterDefinition]) -> tuple[str, Text]:
    """Columns to select from `events`, each with a comma after it, and how to read what these meters need from them.

    They parse the properties once, not once for each text: half of what a rollup of five meters costs. Only what lies
    at the top is read so: of an array within, a Tuple would take the elements by their places.
    """
    paths = {path for meter in meters for path in _paths(meter)}
    names = sorted(path[0] for path in paths if len(path) == 1 and _NAME.fullmatch(path[0]))
    places = {name: place for place, name in enumerate(names, 1)}

    def text(name: str) -> str:
        place = None if name == QUANTITY else places.get(path_of(name)[0])
        return text_of(name) if place is None or len(path_of(name)) > 1 else f"tupleElement(parsed, {place})"

    fields = ", ".join(f"`{name}` String" for name in names)
    return f"JSONExtract(properties, {quote(f'Tuple({fields})')}) AS parsed, " if names else "", text


def _paths(meter: MeterDefinition) -> Iterator[tuple[str, ...]]:
    named = (meter.property, *(filter_.property for filter_ in meter.filters))
    yield from (path_of(name) for name in named if name and name != QUANTITY)
    yield from map(path_of, meter.dimensions)


def number_of(name: str, text: Text = text_of) -> str:
    """Nullable(Decimal(38, 12)): NULL where the text is no number; a 13th decimal place is cut off."""
    if name == QUANTITY:
        return "toNullable(quantity)"
    # A sign or a point alone, a usual way to write "none", would be read as 0.
    return f"toDecimal128OrNull(if({text(name)} IN ('-', '+', '.', '-.', '+.'), '', {text(name)}), 12)"


def value_of(meter: MeterDefinition, text: Text = text_of) -> str:
    """The number that the meter takes from an event; NULL takes no part in sums, means and extremes."""
    if meter.property is None or meter.aggregation is Aggregation.UNIQUE:
        return _NO_NUMBER
    return number_of(meter.property, text)


def distinct_of(meter: MeterDefinition, text: Text = text_of) -> str:
    """The text that a `unique` meter counts; the empty text is not counted."""
    return text(meter.property) if meter.property and meter.aggregation is Aggregation.UNIQUE else "''"


def dimensions_of(meter: MeterDefinition, text: Text) -> str:
    """The values of the meter's dimensions as one text, a JSON array of strings: ordering rows by an array
    costs a merge more than all else in it."""
    if not meter.dimensions:
        return "'[]'"
    return f"toJSONString([{', '.join(text(_PREFIX + name) for name in map(_short, meter.dimensions))}])"


def dimension_at(position: int) -> str:
    """The value of the dimension at this place, from 1 on, of a row that has `dimensions`."""
    return f"JSONExtractString(dimensions, {position})"


def matches(meter: MeterDefinition, text: Text = text_of) -> str:
    """The filters, as a condition on an event that has the meter's organisation and event name already."""
    return " AND ".join(_condition(filter_, text) for filter_ in meter.filters) or "1"


def source_condition(meter: MeterDefinition) -> str:
    """The whole condition, for a read of `events` for this meter alone."""
    return f"{named_as(meter)} AND ({matches(meter)})"


def named_as(meter: MeterDefinition) -> str:
    """Events of the meter's organisation and event name, whatever its filters say."""
    return f"organisation = {quote(meter.organisation_id)} AND event = {quote(meter.event)}"


def taken_by(meter: MeterDefinition, text: Text) -> str:
    """Columns over a row of `events` as `rollup_columns` take them: dimensions, value, text and kind.

    The kind, the place of its aggregation, says which of the columns that few meters need are kept.
    """
    return (
        f"{dimensions_of(meter, text)} AS dimensions, {value_of(meter, text)} AS value, "
        f"{distinct_of(meter, text)} AS text, {_kind_of(meter)} AS kind"
    )


def taken_by_each(
    meters: Sequence[MeterDefinition], rollup_ids: Sequence[str], conditions: Sequence[str], text: Text
) -> str:
    """The arrays of an ARRAY JOIN that makes, of each row of `events`, one row a meter, as `taken_by` one of them.

    `matches` is the meter's condition. Tuples in one array, instead of arrays, cost a quarter more.
    """

    def array(name: str, elements: Iterable[str]) -> str:
        return f"[{', '.join(elements)}] AS {name}"

    return ", ".join(
        (
            array("rollup", map(quote, rollup_ids)),
            array("dimensions", (dimensions_of(meter, text) for meter in meters)),
            array("value", (value_of(meter, text) for meter in meters)),
            array("text", (distinct_of(meter, text) for meter in meters)),
            array("kind", map(_kind_of, meters)),
            array("matches", (f"({condition}) != 0" for condition in conditions)),
        )
    )


def rollup_columns(meters: Iterable[MeterDefinition]) -> str:
    """Aggregates over what is taken by these meters, in the order of the columns of `usage` after its key.

    A column that a meter's aggregation does not need stays empty, which costs no room; one that none of them needs
    is a constant, for a column that is aggregated costs every row, also where it is empty.
    """
    needed = {meter.aggregation for meter in meters}
    chosen = (f"{column.taken if needed & column.kinds else column.nothing} AS {column.name}" for column in _CHOSEN)
    return ", ".join(("count() AS events", *chosen))


_KINDS: Final = tuple(Aggregation)


def _kind_of(meter: MeterDefinition) -> str:
    return str(_KINDS.index(meter.aggregation))


def _of_kind(*aggregations: Aggregation) -> str:
    return f"kind IN ({', '.join(str(_KINDS.index(aggregation)) for aggregation in aggregations)})"


_VALUE: Final = "toDecimal256(ifNull(value, toDecimal128(0, 12)), 12)"
_SUMMED: Final = (Aggregation.SUM, Aggregation.AVERAGE, Aggregation.WEIGHTED_SUM)
_NO_NUMBER: Final = "CAST(NULL, 'Nullable(Decimal(38, 12))')"


class _Column(NamedTuple):
    """A column of `usage` that some aggregations need.

    `taken` is what is kept for them, `nothing` what for all others. `merged` makes one row's of several rows', `read`
    what a meter's value is made of. `added`, for a column that adds up: what one event adds.
    """

    name: str
    kinds: Set[Aggregation]
    taken: str
    nothing: str
    merged: str
    read: str
    added: str = ""


def _sum_of(name: str, value: str, *kinds: Aggregation) -> _Column:
    of_kind, nothing, merged = _of_kind(*kinds), "toDecimal256(0, 12)", f"sum({name})"
    taken, added = f"sumIf({value}, {of_kind})", f"if({of_kind}, {value}, {nothing})"
    return _Column(name, frozenset(kinds), taken, nothing, merged, merged, added)


def _extreme(name: str, function: str, kind: Aggregation) -> _Column:
    merged = f"{function}({name})"
    return _Column(name, frozenset({kind}), f"{function}If(value, {_of_kind(kind)})", _NO_NUMBER, merged, merged)


_CHOSEN: Final = (
    _Column(
        "samples",
        frozenset(Aggregation),
        "count(value)",
        "toUInt64(0)",
        "sum(samples)",
        "sum(samples)",
        "isNotNull(value)",
    ),
    _sum_of("total", _VALUE, *_SUMMED),
    _sum_of("moment", f"{_VALUE} * toUnixTimestamp64Micro(timestamp)", Aggregation.WEIGHTED_SUM),
    _extreme("least", "min", Aggregation.MIN),
    _extreme("greatest", "max", Aggregation.MAX),
    _Column(
        "latest",
        frozenset({Aggregation.LATEST}),
        f"maxIf((timestamp, seq, assumeNotNull(value)), {_of_kind(Aggregation.LATEST)} AND isNotNull(value))",
        "(toDateTime64(0, 6, 'UTC'), toUInt64(0), toDecimal128(0, 12))",
        "max(latest)",
        "max(latest).3",
    ),
    _Column(
        "distinct",
        frozenset({Aggregation.UNIQUE}),
        "groupUniqArrayIf(reinterpretAsUInt128(sipHash128(text)), text != '')",
        "CAST([], 'Array(UInt128)')",
        "groupUniqArrayArray(distinct)",
        "uniqExactArray(distinct)",
    ),
)


#: Kept for every meter, which is a layout that there is; read by these.
_SAMPLED: Final = frozenset({Aggregation.AVERAGE, Aggregation.LATEST})


def merged_columns(meter: MeterDefinition) -> str:
    """The aggregates over rows of `usage`, or of a select of the same shape, that the meter's value is made of."""
    return ", ".join(("sum(events) AS events", *(f"{column.read} AS {column.name}" for column in _read_by(meter))))


def usage_columns(meter: MeterDefinition) -> str:
    """The columns of `usage` that these are over."""
    return ", ".join(("events", *(column.name for column in _read_by(meter))))


def taken_columns(meter: MeterDefinition) -> str:
    """The same from what is taken by the meter."""
    return ", ".join(("count() AS events", *(f"{column.taken} AS {column.name}" for column in _read_by(meter))))


def _read_by(meter: MeterDefinition) -> Iterator[_Column]:
    for column in _CHOSEN:
        if meter.aggregation in (_SAMPLED if column.name == "samples" else column.kinds):
            yield column


def _kept_for(meters: Iterable[MeterDefinition]) -> list[_Column]:
    needed = {meter.aggregation for meter in meters}
    return [column for column in _CHOSEN if needed & column.kinds]


def kept_columns(meters: Iterable[MeterDefinition]) -> list[str]:
    """The columns of `usage` that hold something for these meters."""
    return ["events", *(column.name for column in _kept_for(meters))]


def merged_rows(meters: Iterable[MeterDefinition]) -> str:
    """Aggregates over rows of `usage` with one key that make one row of them, of the columns that are kept."""
    return ", ".join(("sum(events) AS events", *(f"{column.merged} AS {column.name}" for column in _kept_for(meters))))


def adds_up(meter: MeterDefinition) -> bool:
    """Whether all that is kept for the meter is the sum of what each event adds."""
    return all(column.added for column in _kept_for([meter]))


def added_columns(meters: Iterable[MeterDefinition]) -> str:
    """Over what is taken by these meters, all of which add up: what one event adds to each column that is kept."""
    needed = {meter.aggregation for meter in meters}
    added = (
        f"{column.added if needed & column.kinds else column.nothing} AS {column.name}"
        for column in _CHOSEN
        if column.added
    )
    return ", ".join(("1 AS events", *added))


def _condition(filter_: Filter, text_of: Text) -> str:
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
            return f"ifNull({number_of(filter_.property, text_of)} {sign} toDecimal128({values}, 12), 0)"
    raise AssertionError(filter_.operator)


def _short(name: str) -> str:
    return name.removeprefix(_PREFIX)
