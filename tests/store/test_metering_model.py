"""Any interleaving of send, resend, conflict, late, void, amend, new meter and restart gives the usage of an oracle.

`SOAK=n` in the environment tries n times as many stories.
"""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from itertools import count, product
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from justpaid.ingest import Corrections, Standing
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition, Question, cut
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import NOW, Node, fresh_node

OWNERS = {"acme": "A", "acme-eu": "A", "globex": "G"}
AGGREGATIONS = ("count", "sum", "max", "min", "average", "unique", "latest")
SOAK = int(os.environ.get("SOAK", "1"))
EXACT = Context(prec=76, rounding=ROUND_HALF_UP)
EXAMPLES = 6 * SOAK
_organisations = count()


@dataclass(frozen=True)
class Fact:
    """An event of the model; `order` breaks ties of `latest`."""

    customer: str
    second: Decimal
    quantity: Decimal
    model: str
    order: int = 0

    def wire(self, number: int) -> dict[str, Any]:
        return {
            "id": f"evt-{number}",
            "customer_id": self.customer,
            "event": "call",
            "timestamp": (NOW - timedelta(microseconds=int(self.second * 1_000_000))).isoformat(),
            "quantity": str(self.quantity),
            "properties": {"model": self.model},
        }


def oracle(
    facts: list[Fact], aggregation: str, windows: list[Period], by_owner: bool, by_model: bool
) -> dict[tuple[int, str, str], Decimal]:
    """By place of the window, owner and model."""
    found = {}
    owners = sorted(set(OWNERS.values())) if by_owner else [""]
    models = sorted({fact.model for fact in facts}) if by_model else [""]
    for place, owner, model in product(range(len(windows)), owners, models):
        inside = [
            fact
            for fact in facts
            if windows[place].start <= NOW - timedelta(microseconds=int(fact.second * 1_000_000)) < windows[place].end
            and (not by_owner or OWNERS[fact.customer] == owner)
            and (not by_model or fact.model == model)
        ]
        if inside:
            found[place, owner, model] = aggregated(inside, aggregation)
    return found


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
            return EXACT.quantize(EXACT.divide(total, Decimal(len(facts))), Decimal("1e-12"))
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


class MeteringModel(RuleBasedStateMachine):
    node: ClassVar[Node]

    @initialize()
    def begin(self) -> None:
        self.organisation = f"org_{next(_organisations)}"
        self.sent: dict[int, Fact] = {}
        self.counted: dict[int, Fact] = {}
        self.past: list[tuple[int, list[Fact]]] = []
        self.meters: list[MeterDefinition] = []
        self.orders = count(1)
        self.make_meter("sum")

    def post(self, events: list[dict[str, Any]]) -> tuple[int, int, int, int]:
        receipt = self.node.send(events, organisation_id=self.organisation)
        return receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected

    @rule(facts=st.lists(facts, min_size=1, max_size=6))
    def send(self, facts: list[Fact]) -> None:
        first = len(self.sent)
        assert self.post([fact.wire(first + n) for n, fact in enumerate(facts)]) == (len(facts), 0, 0, 0)
        for fact in facts:
            number = len(self.sent)
            self.sent[number] = self.counted[number] = replace(fact, order=next(self.orders))

    @precondition(lambda self: self.sent)
    @rule(number=numbers, fact=facts)
    def resend(self, number: int, fact: Fact) -> None:
        """As it first came it is a duplicate, otherwise a conflict; corrected or not."""
        number %= len(self.sent)
        first = self.sent[number]
        same = replace(fact, order=0) == replace(first, order=0)
        assert self.post([first.wire(number), fact.wire(number)]) == ((0, 2, 0, 0) if same else (0, 1, 1, 0))

    def standing(self, number: int) -> Standing | None:
        found = self.node.metering.events.find(self.organisation, f"evt-{number}")
        assert found is not None
        if found.voided:
            return None
        content = found.customer_key, found.event, found.timestamp, found.quantity, found.properties
        return Standing(self.organisation, found.id, found.sequence, *content)

    @precondition(lambda self: self.sent)
    @rule(number=numbers)
    def void(self, number: int) -> None:
        number %= len(self.sent)
        standing = self.standing(number)
        assert (standing is None) == (number not in self.counted)
        if standing is not None:
            Corrections(self.node.journal, FixedClock(NOW)).void(standing)
            del self.counted[number]

    @precondition(lambda self: self.counted)
    @rule(number=numbers, fact=facts, field=st.sampled_from(["customer", "second", "quantity", "model"]))
    def amend(self, number: int, fact: Fact, field: str) -> None:
        number = sorted(self.counted)[number % len(self.counted)]
        standing = self.standing(number)
        assert standing is not None
        changed = replace(self.counted[number], **{field: getattr(fact, field)})
        wire = {"customer": "customer_id", "second": "timestamp", "model": "properties"}.get(field, field)
        corrections = Corrections(self.node.journal, FixedClock(NOW))
        corrections.amend(standing, {wire: changed.wire(number)[wire]}, live=True)
        self.counted[number] = replace(changed, order=next(self.orders))

    @precondition(lambda self: len(self.meters) < 8)
    @rule(aggregation=st.sampled_from(AGGREGATIONS))
    def make_meter(self, aggregation: str) -> None:
        property = {"count": None, "unique": "properties.model"}.get(aggregation, "quantity")
        key = f"{self.organisation}-{len(self.meters)}"
        more = {"event": "call", "organisation_id": self.organisation, "dimensions": ["model"]}
        self.meters.append(self.node.meter(key, aggregation, property, **more))

    @rule()
    def remember(self) -> None:
        with self.node.metering.snapshot() as cutoff:
            self.past.append((cutoff, list(self.counted.values())))

    @rule()
    def restart(self) -> None:
        self.node.close()
        self.node.open()

    @rule(
        place=st.integers(0, 7),
        start=st.one_of(st.just(100_000), st.integers(1, 1200)),
        seconds=st.one_of(st.just(100_000), st.integers(1, 1200)),
        in_windows=st.booleans(),
        by_owner=st.booleans(),
        by_model=st.booleans(),
        then=st.integers(0, 9),
    )
    def ask(
        self, place: int, start: int, seconds: int, in_windows: bool, by_owner: bool, by_model: bool, then: int
    ) -> None:
        meter = self.meters[place % len(self.meters)]
        period = Period(NOW - timedelta(seconds=start), NOW - timedelta(seconds=start - seconds))
        windows = cut(period, "5m", "UTC") if in_windows and seconds < 2000 else [period]
        moments: list[tuple[int | None, list[Fact]]] = [(None, list(self.counted.values())), *self.past]
        cutoff, facts = moments[then % len(moments)]
        with self.node.metering.snapshot():
            answer = self.node.metering.usage(
                Question(
                    meter, windows, OWNERS if by_owner else None, group_by=("model",) if by_model else (), cutoff=cutoff
                )
            )
        told = {(windows.index(q.window), q.owner, q.group.get("model", "")): q.value for q in answer}
        assert told == oracle(facts, meter.aggregation, windows, by_owner, by_model)

    def teardown(self) -> None:
        if hasattr(self, "meters"):
            for place, then in product(range(len(self.meters)), range(len(self.past) + 1)):
                self.ask(place, 100_000, 100_000, False, by_owner=True, by_model=True, then=then)
            self.node.check()
            self.node.meters.clear()


@pytest.fixture
def node(warehouse: Warehouse) -> Iterator[Node]:
    with tempfile.TemporaryDirectory() as folder, fresh_node(Path(folder), warehouse) as node:
        yield node


def test_usage_is_that_of_the_oracle_whatever_happened(node: Node) -> None:
    MeteringModel.node = node
    run_state_machine_as_test(
        MeteringModel,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if SOAK > 1 else [])],
            suppress_health_check=list(HealthCheck),
        ),
    )
