"""Any interleaving of send, resend, conflict, late, void, amend, backfills, meters and restarts: usage is an oracle's.

`SOAK=n` in the environment tries n times as many stories.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from itertools import count, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from justpaid.ingest import Backfill, Corrections, Receipt, Standing
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation, MeterDefinition, Question, cut
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import NOW, Node, fresh_node

OWNERS = {"acme": "A", "acme-eu": "A", "globex": "G"}
AGGREGATIONS = ("count", "sum", "max", "min", "average", "unique", "latest", "weighted_sum")
SOAK = int(os.environ.get("SOAK", "1"))
EXACT = Context(prec=76, rounding=ROUND_HALF_UP)
PLACES = Decimal("1e-12")
EXAMPLES = 10 * SOAK
NEVER = 10**9
_organisations = count()


@dataclass
class Unit:
    """A backfill of the model; `closed` is when, on the clock that orders everything."""

    backfill: Backfill
    closed: int = NEVER
    reverted: bool = False

    @property
    def open(self) -> bool:
        return self.closed == NEVER and not self.reverted

    def covers(self, fact: "Fact") -> bool:
        of, keys = self.backfill, self.backfill.customer_keys
        return of.start <= fact.at < of.end and (keys is None or fact.customer in keys)


@dataclass(frozen=True)
class Fact:
    """An event of the model; `order` is when it was accepted, and breaks ties of `latest`."""

    customer: str
    second: Decimal
    quantity: Decimal
    model: str
    order: int = 0

    @property
    def at(self) -> Any:
        return NOW - timedelta(microseconds=int(self.second * 1_000_000))

    def wire(self, number: int) -> dict[str, Any]:
        return {
            "id": f"evt-{number}",
            "customer_id": self.customer,
            "event": "call",
            "timestamp": self.at.isoformat(),
            "quantity": str(self.quantity),
            "properties": {"model": self.model},
        }


@dataclass
class Sent:
    """An event as it came, and what corrections made of it; None once it is voided."""

    first: Fact
    unit: Unit | None
    now: Fact | None = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.first

    def counts(self, units: list[Unit]) -> bool:
        if self.now is None or (self.unit and (self.unit.closed == NEVER or self.unit.reverted)):
            return False
        since = max(self.now.order, self.unit.closed if self.unit else 0)
        return not any(
            unit.backfill.replace and not unit.reverted and since < unit.closed < NEVER and unit.covers(self.now)
            for unit in units
        )


def oracle(
    facts: list[Fact], aggregation: str, windows: list[Period], by_owner: bool, by_model: bool
) -> dict[tuple[int, str, str], Decimal]:
    """By place of the window, owner and model."""
    found = {}
    owners = sorted(set(OWNERS.values())) if by_owner else [""]
    models = sorted({fact.model for fact in facts}) if by_model else [""]
    for owner, model in product(owners, models):
        mine = [
            fact
            for fact in facts
            if (not by_owner or OWNERS[fact.customer] == owner) and (not by_model or fact.model == model)
        ]
        before = reduce(EXACT.add, [fact.quantity for fact in mine if fact.at < windows[0].start], Decimal(0))
        told = before or any(windows[0].start <= fact.at < windows[-1].end for fact in mine)
        for place, window in enumerate(windows):
            inside = [fact for fact in mine if window.start <= fact.at < window.end]
            if aggregation == "weighted_sum" and told:
                found[place, owner, model] = level(mine, window)
            elif aggregation != "weighted_sum" and inside:
                found[place, owner, model] = aggregated(inside, aggregation)
    return found


def level(facts: list[Fact], window: Period) -> Decimal:
    """Each change for as much of the window as comes after it."""
    tick = timedelta(microseconds=1)
    areas = [
        EXACT.multiply(f.quantity, (window.end - max(f.at, window.start)) // tick) for f in facts if f.at < window.end
    ]
    return EXACT.quantize(EXACT.divide(reduce(EXACT.add, areas, Decimal(0)), window.duration // tick), PLACES)


def aggregated(facts: list[Fact], aggregation: str) -> Decimal:
    quantities = [fact.quantity for fact in facts]
    total = reduce(EXACT.add, quantities)
    match aggregation:
        case "count":
            return Decimal(len(facts))
        case "sum":
            return total
        case "max":
            return max(quantities)
        case "min":
            return min(quantities)
        case "average":
            return EXACT.quantize(EXACT.divide(total, Decimal(len(facts))), PLACES)
        case "unique":
            return Decimal(len({fact.model for fact in facts}))
    return min(facts, key=lambda fact: (fact.second, -fact.order)).quantity  # seconds count backwards


facts = st.builds(
    Fact,
    st.sampled_from(sorted(OWNERS)),
    st.one_of(  # most near one another, some late; on the edges of buckets and beside them
        st.sampled_from([Decimal(s) for s in ("0.000001", "150", "300", "300.000001", "299.999999", "900", "90000")]),
        st.integers(1, 1200).map(Decimal),
    ),
    st.sampled_from([Decimal(q) for q in ("0", "1", "-2", "0.1", "0.000000000003", "12345678901234567890")]),
    st.sampled_from(["a", "b", "it's"]),
)
numbers = st.integers(0, 30)
places = st.integers(0, 7)
seconds = st.one_of(st.sampled_from([300, 600]), st.integers(1, 1200))


class Story:
    """What was done to a node, and what ought to be there. A step that does not apply is left out."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.organisation = f"org_{next(_organisations)}"
        self.sent: list[list[Sent]] = []
        """By number of the event: more than once where backfills gave its id back or took it over."""
        self.units: list[Unit] = []
        self.past: list[tuple[int, list[Fact]]] = []
        self.meters: list[MeterDefinition] = []
        self.clock = count(1)
        self.make_meter("sum")

    def counted(self) -> list[Fact]:
        return [one.now for sent in self.sent for one in sent if one.now and one.counts(self.units)]

    def deliver(self, events: list[tuple[int, Fact]], unit: Unit | None) -> None:
        """Send, and expect each event's fate."""
        expected = Receipt()
        for number, fact in events:
            fate = self.fate(number, fact, unit)
            setattr(expected, fate, getattr(expected, fate) + 1)
            if fate == "accepted":
                self.sent[number].append(Sent(replace(fact, order=next(self.clock)), unit))
        wire = [fact.wire(number) for number, fact in events]
        told = self.node.send_under(unit.backfill, wire) if unit else self.node.send(wire, self.organisation)
        for name in ("accepted", "duplicates", "conflicts", "rejected"):
            assert getattr(told, name) == getattr(expected, name), name

    def fate(self, number: int, fact: Fact, unit: Unit | None) -> str:
        if unit and not unit.covers(fact):
            return "rejected"
        while len(self.sent) <= number:
            self.sent.append([])
        for known in self.sent[number]:
            if not (unit and known.unit is unit):
                if known.unit and known.unit.reverted:
                    continue
                if known.unit and known.unit.open:
                    return "rejected"
                if unit and unit.backfill.replace and known.now and unit.covers(known.now):
                    continue
            return "duplicates" if replace(fact, order=0) == replace(known.first, order=0) else "conflicts"
        return "accepted"

    def send(self, facts: list[Fact]) -> None:
        self.deliver(list(enumerate(facts, len(self.sent))), None)

    def resend(self, number: int, fact: Fact) -> None:
        """As it first came and with other content, in one request."""
        if not self.sent:
            return
        number %= len(self.sent)
        self.deliver([(number, sent.first) for sent in self.sent[number][:1]] + [(number, fact)], None)

    def open(
        self, span: tuple[int, int], customer: str | None, replace: bool, facts: list[Fact], at_once: bool
    ) -> None:
        keys = None if customer is None else tuple(key for key, owner in OWNERS.items() if owner == customer)
        first = NOW - timedelta(seconds=span[0])
        identity = f"bf_{self.organisation}_{len(self.units)}"
        backfill = Backfill(identity, self.organisation, first, first + timedelta(seconds=span[1]), None, keys, replace)
        unit = Unit(backfill)
        self.units.append(unit)
        if at_once:
            self.deliver(list(enumerate(facts, len(self.sent))), unit)
            self.close(self.units_open().index(unit))

    def units_open(self) -> list[Unit]:
        return [unit for unit in self.units if unit.open]

    def ingest(self, place: int, facts: list[Fact], known: list[int]) -> None:
        """New events, and ids that are known: with their first content or another."""
        if not (units := self.units_open()):
            return
        unit = units[place % len(units)]
        again = [number % len(self.sent) for number in known] if self.sent else []
        events = [
            (number, self.sent[number][0].first if place % 2 and self.sent[number] else fact)
            for number, fact in zip(again, facts, strict=False)
        ]
        self.deliver(events + list(enumerate(facts, len(self.sent))), unit)

    def close(self, place: int) -> None:
        if not (units := self.units_open()):
            return
        unit = units[place % len(units)]
        self.node.backfills.close(unit.backfill)
        unit.closed = next(self.clock)

    def revert(self, place: int) -> None:
        if not (units := [unit for unit in self.units if not unit.reverted]):
            return
        unit = units[place % len(units)]
        self.node.backfills.revert(unit.backfill)
        unit.reverted = True

    def standing(self, number: int) -> tuple[Standing, Sent] | None:
        """The version that a correction would be of, if there is one; as it is found."""
        self.node.metering.drain(20)
        found = self.node.metering.events.find(self.organisation, f"evt-{number}")
        if found is None:
            assert not self.sent[number]
            return None
        sent = next((one for one in reversed(self.sent[number]) if one.counts(self.units)), self.sent[number][-1])
        assert found.counts == sent.counts(self.units)
        assert found.backfill_id == (sent.unit.backfill.id if sent.unit else "")
        if sent.now is None or not (found.counts or (sent.unit and sent.unit.open)):
            return None
        assert (found.timestamp, found.quantity) == (sent.now.at, sent.now.quantity)
        content = found.customer_key, found.event, found.timestamp, found.quantity, found.properties
        return Standing(self.organisation, found.id, found.sequence, *content, found.backfill_id), sent

    def void(self, number: int) -> None:
        if self.sent and (of := self.standing(number % len(self.sent))):
            standing, sent = of
            Corrections(self.node.journal, FixedClock(NOW)).void(standing)
            sent.now = None

    def amend(self, number: int, fact: Fact, field: str) -> None:
        number %= max(1, len(self.sent))
        if self.sent and (of := self.standing(number)) and of[1].now:
            standing, sent = of
            changed = replace(of[1].now, **{field: getattr(fact, field)})
            wire = {"customer": "customer_id", "second": "timestamp", "model": "properties"}.get(field, field)
            corrections = Corrections(self.node.journal, FixedClock(NOW))
            corrections.amend(standing, {wire: changed.wire(number)[wire]}, live=True)
            sent.now = replace(changed, order=next(self.clock))

    def make_meter(self, aggregation: str) -> None:
        if len(self.meters) == 4:
            return
        key = f"{self.organisation}-{len(self.meters)}"
        more = {"event": "call", "organisation_id": self.organisation, "dimensions": ["model"]}
        self.meters.append(self.node.meter(key, aggregation, property_of(aggregation), **more))

    def change_meter(self, place: int, aggregation: str) -> None:
        old = self.meters[place % len(self.meters)]
        kind = Aggregation(aggregation)
        new = replace(old, aggregation=kind, property=property_of(aggregation), version=old.version + 1)
        self.meters[self.meters.index(old)] = new
        self.node.meters[self.node.meters.index(old)] = new
        self.node.metering.meters_changed()

    def remember(self) -> None:
        if len(self.past) == 3:
            return
        with self.node.metering.snapshot() as cutoff:
            self.past.append((cutoff, self.counted()))

    def restart(self) -> None:
        self.node.close()
        self.node.open()

    def ask(
        self,
        place: int,
        start: int,
        seconds: int,
        in_windows: bool,
        by_owner: bool,
        by_model: bool,
        then: int,
        in_passing: bool = False,
    ) -> None:
        """`in_passing`: whatever of it the warehouse and the rollups hold by now."""
        meter = self.meters[place % len(self.meters)]
        period = Period(NOW - timedelta(seconds=start), NOW - timedelta(seconds=start - seconds))
        windows = cut(period, "5m", "UTC") if in_windows and seconds < 2000 else [period]
        moments: list[tuple[int | None, list[Fact]]] = [(None, self.counted()), *self.past]
        cutoff, facts = moments[then % len(moments)]
        assert self.node.metering.catch_up(20)
        with nullcontext() if in_passing else self.node.metering.snapshot():
            answer = self.node.metering.usage(
                Question(
                    meter, windows, OWNERS if by_owner else None, group_by=("model",) if by_model else (), cutoff=cutoff
                )
            )
        told = {(windows.index(q.window), q.owner, q.group.get("model", "")): q.value for q in answer}
        assert told == oracle(facts, meter.aggregation, windows, by_owner, by_model)

    def end(self) -> None:
        """Every meter over all, now and as of each cut-off; every rollup against a recount."""
        for place, then in product(range(len(self.meters)), range(len(self.past) + 1)):
            self.ask(place, 100_000, 100_000, False, by_owner=True, by_model=True, then=then)
        self.node.check()


def property_of(aggregation: str) -> str | None:
    return {"count": None, "unique": "properties.model"}.get(aggregation, "quantity")


#: By the step's name, how often it comes and what with.
STEPS: dict[str, tuple[int, dict[str, st.SearchStrategy[Any]]]] = {
    "send": (4, {"facts": st.lists(facts, min_size=1, max_size=6)}),
    "resend": (2, {"number": numbers, "fact": facts}),
    "open": (
        2,
        {
            "span": st.sampled_from([(100_000, 100_000), (1200, 900)]) | st.tuples(st.integers(2, 1200), seconds),
            "customer": st.sampled_from([None, None, "A", "G"]),
            "replace": st.booleans(),
            "facts": st.lists(facts, max_size=3),
            "at_once": st.booleans(),
        },
    ),
    "ingest": (
        2,
        {
            "place": places,
            "facts": st.lists(facts, min_size=1, max_size=5),
            "known": st.lists(numbers, max_size=3),
        },
    ),
    "close": (1, {"place": places}),
    "revert": (1, {"place": places}),
    "void": (1, {"number": numbers}),
    "amend": (
        2,
        {"number": numbers, "fact": facts, "field": st.sampled_from(["customer", "second", "quantity", "model"])},
    ),
    "make_meter": (1, {"aggregation": st.sampled_from(AGGREGATIONS)}),
    "change_meter": (1, {"place": places, "aggregation": st.sampled_from(AGGREGATIONS)}),
    "remember": (1, {}),
    "restart": (1, {}),
    "ask": (
        4,
        {
            "place": places,
            "start": st.one_of(st.just(100_000), st.integers(1, 1200)),
            "seconds": st.one_of(st.just(100_000), st.integers(1, 1200)),
            "in_windows": st.booleans(),
            "by_owner": st.booleans(),
            "by_model": st.booleans(),
            "then": st.integers(0, 9),
            "in_passing": st.booleans(),
        },
    ),
}
# Not a state machine of Hypothesis: its swarm testing leaves out most kinds of steps in most stories.
steps = st.sampled_from([name for name, (times, _) in STEPS.items() for _ in range(times)]).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(STEPS[name][1]))
)


@pytest.fixture
def node(warehouse: Warehouse) -> Iterator[Node]:
    with tempfile.TemporaryDirectory() as folder, fresh_node(Path(folder), warehouse) as node:
        yield node


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if SOAK > 1 else [])],
    suppress_health_check=list(HealthCheck),
)
@given(story=st.lists(steps, min_size=20, max_size=40))
def test_usage_is_that_of_the_oracle_whatever_happened(node: Node, story: list[tuple[str, dict[str, Any]]]) -> None:
    node.meters.clear()
    told = Story(node)
    for step, arguments in story:
        getattr(told, step)(**arguments)
    told.end()
