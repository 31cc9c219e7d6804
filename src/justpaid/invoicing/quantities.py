"""Usage for many subscriptions at once: one question per meter and period, however many customers share them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from justpaid.invoicing.compose import Metered
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation, MeterDefinition, Metering, Question

#: Aggregations whose groups sum to the whole, so that a breakdown by dimension makes sense on an invoice.
ADDITIVE = frozenset({Aggregation.COUNT, Aggregation.SUM})
MAX_GROUPS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """The usage of one meter that one customer (by all its event keys) had over one period."""

    customer_id: str
    keys: tuple[str, ...]
    meter: MeterDefinition
    period: Period


Answers = Mapping[tuple[str, str, Period], Metered]
"""By customer id, meter key and period; what is absent is zero."""


def read_quantities(metering: Metering, asked: Iterable[Asked], cutoff: int | None = None) -> Answers:
    """`cutoff` asks for a recount from raw events as of that journal sequence.  Raises: EngineUnavailable."""
    owners: dict[tuple[MeterDefinition, Period], dict[str, str]] = defaultdict(dict)
    for one in asked:
        owners[one.meter, one.period].update(dict.fromkeys(one.keys, one.customer_id))
    answers: dict[tuple[str, str, Period], Metered] = {}
    for (meter, period), customers in owners.items():
        totals = metering.usage(Question(meter, [period], customers, cutoff=cutoff))
        groups = _groups(metering, meter, period, customers, cutoff)
        for total in totals:
            answers[total.owner, meter.key, period] = Metered(
                total.value,
                tuple(groups.get(total.owner, ())),
                is_level=meter.aggregation is Aggregation.WEIGHTED_SUM,
            )
    return answers


def _groups(
    metering: Metering, meter: MeterDefinition, period: Period, customers: Mapping[str, str], cutoff: int | None
) -> Mapping[str, Sequence[tuple[str, Decimal]]]:
    """The largest parts first, the rest of a long list as one, so that the parts always sum to the whole."""
    if not meter.dimensions or meter.aggregation not in ADDITIVE:
        return {}
    parts: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for part in metering.usage(Question(meter, [period], customers, group_by=meter.dimensions, cutoff=cutoff)):
        label = " · ".join(value or "—" for value in part.group.values())
        parts[part.owner].append((label, part.value))
    for owner, groups in parts.items():
        groups.sort(key=lambda group: (-group[1], group[0]))
        if len(groups) > MAX_GROUPS:
            rest = groups[MAX_GROUPS - 1 :]
            sum_of_rest = Decimal(0)
            for _, quantity in rest:
                sum_of_rest = EXACT.add(sum_of_rest, quantity)
            parts[owner] = [*groups[: MAX_GROUPS - 1], (f"{len(rest)} others", sum_of_rest)]
    return parts
