"""Usage for many subscriptions at once: one question per meter and periods, however many customers share them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from justpaid.invoicing.compose import Metered
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.instants import floor_to
from justpaid.kernel.period import Period
from justpaid.metering import BUCKET, Aggregation, MeterDefinition, Metering, Quantity, Question
from justpaid.pricing import Band, grouped_by, quantity_of
from justpaid.pricing import Usage as Part

#: Aggregations whose groups sum to the whole, so that a breakdown by dimension makes sense on an invoice.
ADDITIVE = frozenset({Aggregation.COUNT, Aggregation.SUM})
MAX_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The usage of one meter that one customer (by all its event keys) had over one period.

    `bands`: how the prices that look at single events have to tell them apart.
    """

    customer_id: str
    keys: tuple[str, ...]
    meter: MeterDefinition
    period: Period
    bands: tuple[Band, ...] = ()


Answers = Mapping[tuple[str, str, Period], Metered]
"""By customer id, meter key and period; what is absent is zero."""


def read_quantities(metering: Metering, asked: Iterable[Asked], cutoff: int | None = None) -> Answers:
    """`cutoff` asks for a recount from raw events as of that journal sequence.  Raises: EngineUnavailable."""
    questions = [
        _question(meter, windows, by_period[windows[0]], bands, cutoff)
        for (meter, bands), by_period in _by_question(asked).items()
        for windows in _together(by_period)
    ]
    answers: dict[tuple[str, str, Period], Metered] = {}
    for question, found in zip(questions, metering.usage_of_each(questions), strict=True):
        for period, owner, metered in _metered(question.meter, found):
            answers[owner, question.meter.key, period] = metered
    return answers


def _by_question(
    asked: Iterable[Asked],
) -> Mapping[tuple[MeterDefinition, tuple[Band, ...]], Mapping[Period, Mapping[str, str]]]:
    """Whose keys belong to which customer, by period, for each meter and how its events have to be told apart.

    Where two subscriptions of a customer look at the same usage, one answer serves both: events that are alike in all
    bands are alike in each.
    """
    wanted: dict[tuple[MeterDefinition, Period, str], tuple[dict[str, None], dict[Band, None]]] = {}
    for one in asked:
        keys, bands = wanted.setdefault((one.meter, one.period, one.customer_id), ({}, {}))
        keys.update(dict.fromkeys(one.keys))
        bands.update(dict.fromkeys(one.bands))
    owners: dict[tuple[MeterDefinition, tuple[Band, ...]], dict[Period, dict[str, str]]] = {}
    for (meter, period, customer_id), (keys, bands) in wanted.items():
        of_meter = owners.setdefault((meter, tuple(bands)), {})
        of_meter.setdefault(period, {}).update(dict.fromkeys(keys, customer_id))
    return owners


def _together(by_period: Mapping[Period, Mapping[str, str]]) -> Iterator[list[Period]]:
    """Periods one after the other that the same customers share are windows of one question.

    Where one ends within a bucket, the next has a question of its own: only a question's ends are exact to the instant.
    """
    windows: list[Period] = []
    for period in sorted(by_period):
        if windows and not (
            windows[-1].end == period.start
            and period.start == floor_to(period.start, BUCKET)
            and by_period[windows[-1]] == by_period[period]
        ):
            yield windows
            windows = []
        windows.append(period)
    if windows:
        yield windows


def _question(
    meter: MeterDefinition,
    windows: Sequence[Period],
    customers: Mapping[str, str],
    bands: tuple[Band, ...],
    cutoff: int | None,
) -> Question:
    """What adds up is asked for by dimension values; anything else as a whole."""
    additive = meter.aggregation in ADDITIVE
    return Question(meter, windows, customers, meter.dimensions if additive else (), cutoff, bands if additive else ())


def _metered(meter: MeterDefinition, found: Iterable[Quantity]) -> Iterator[tuple[Period, str, Metered]]:
    """By window and owner."""
    additive = meter.aggregation in ADDITIVE
    parts: dict[tuple[Period, str], list[Part]] = defaultdict(list)
    for one in found:
        dimensions = {_short(name): value for name, value in one.group.items()}
        parts[one.window, one.owner].append(Part.summed(one.value, one.events, dimensions))
    for (window, owner), usage in parts.items():
        yield (
            window,
            owner,
            Metered(
                quantity_of(usage),
                _groups(usage, [_short(name) for name in meter.dimensions]) if additive and meter.dimensions else (),
                is_level=meter.aggregation is Aggregation.WEIGHTED_SUM,
                parts=tuple(usage),
            ),
        )


def _groups(usage: Sequence[Part], dimensions: Sequence[str]) -> tuple[tuple[str, Decimal], ...]:
    """The largest parts first, the rest of a long list as one, so that the parts always sum to the whole."""
    groups = [
        (" · ".join(value or "—" for value in values), part.quantity)
        for values, part in grouped_by(usage, dimensions).items()
    ]
    groups.sort(key=lambda group: (-group[1], group[0]))
    if len(groups) <= MAX_GROUPS:
        return tuple(groups)
    rest = Decimal(0)
    for _, quantity in groups[MAX_GROUPS - 1 :]:
        rest = EXACT.add(rest, quantity)
    return (*groups[: MAX_GROUPS - 1], (f"{len(groups) - MAX_GROUPS + 1} others", rest))


def _short(name: str) -> str:
    """As prices name a dimension."""
    return name.removeprefix("properties.")
