"""Included events and value, on the real stores: bills worked by hand, and any events against a walk one by one."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from justpaid.invoicing.quantities import Asked, read_quantities
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition
from justpaid.platform.warehouse import Warehouse
from justpaid.pricing import PercentagePrice, parse_price, rate
from tests.support.metering_node import Node, event, fresh_node

JUNE = Period(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
SERIAL = itertools.count()


@pytest.fixture
def node(tmp_path: Path, warehouse: Warehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, warehouse) as node:
        yield node


def price(**fields: Any) -> PercentagePrice:
    parsed = parse_price({"model": "percentage", **fields}, in_plan=False)
    assert isinstance(parsed, PercentagePrice)
    return parsed


def payment(n: int, minute: int, value: Any, customer: str = "acme", **properties: Any) -> dict[str, Any]:
    return event(n, JUNE.start + timedelta(minutes=minute), customer, properties={"value": value, **properties})


def billed(
    node: Node, meter: MeterDefinition, prices: list[PercentagePrice], *keys: str, cutoff: int | None = None
) -> list[Decimal]:
    """What June comes to under each of the prices, all of them on the one meter, as an invoice asks for it."""
    bands = tuple(dict.fromkeys(one.bands for one in prices if one.bands))
    asked = Asked("cus", keys or ("acme",), meter, JUNE, bands)
    with node.metering.snapshot():
        answers = read_quantities(node.metering, [asked], cutoff)
    found = answers.get(("cus", meter.key, JUNE))
    return [rate(one, found.parts if found else ()).amount_exact for one in prices]


def test_the_first_events_by_time_are_free_whenever_they_came(node: Node) -> None:
    """1 % + 5, two events free: 40 and 10 by time, so 100 and 200 pay 1 + 2 + 10."""
    meter = node.meter("value", "sum", "properties.value")
    for n, (minute, value) in enumerate([(30, 100), (40, 200), (10, 40), (20, 10)]):
        node.send(payment(n, minute, value))
    assert billed(node, meter, [price(rate="0.01", fixed_amount="5", included_events=2)]) == [Decimal(13)]


def test_events_of_one_instant_are_taken_by_id_not_by_arrival(node: Node) -> None:
    """evt-0 of 300 is free although it came last: 2 of 100 pay 1 each."""
    meter = node.meter("value", "sum", "properties.value")
    for n, value in ((2, 100), (1, 100), (0, 300)):
        node.send(payment(n, 0, value))
    assert billed(node, meter, [price(rate="0.01", included_events=1)]) == [Decimal(2)]


def test_several_keys_of_a_customer_share_one_allowance(node: Node) -> None:
    """250 of value included: 200 of acme and 50 of the 150 of acme-eu; the other 100 pay 1 %, and 2 for their event."""
    meter = node.meter("value", "sum", "properties.value", dimensions=("region",))
    node.send([payment(1, 1, 200, "acme", region="us"), payment(2, 2, 150, "acme-eu", region="eu")])
    found = billed(node, meter, [price(rate="0.01", fixed_amount="2", included_quantity="250")], "acme", "acme-eu")
    assert found == [Decimal(3)]


def test_a_count_includes_events_too(node: Node) -> None:
    """Each event is a value of 1: of five, two are included; three pay 10 % of 1 and at least 0.25."""
    meter = node.meter("calls", "count")
    node.send([payment(n, n, 0) for n in range(5)])
    assert billed(node, meter, [price(rate="0.1", min_per_event="0.25", included_events=2)]) == [Decimal("0.75")]


def test_a_recount_as_of_a_cut_off_knows_only_what_had_come(node: Node) -> None:
    """At first 100 pays nothing; a late event before it takes its place, and 100 pays 1."""
    meter = node.meter("value", "sum", "properties.value")
    node.send(payment(1, 20, 100))
    first = [price(rate="0.01", included_events=1)]
    assert billed(node, meter, first) == [Decimal(0)]
    with node.metering.snapshot() as cutoff:
        pass
    node.send(payment(2, 10, 70))
    assert billed(node, meter, first) == [Decimal(1)]
    assert billed(node, meter, first, cutoff=cutoff) == [Decimal(0)]


values = st.decimals("-50", "200", places=2, allow_nan=False, allow_infinity=False)
events = st.lists(
    st.tuples(st.integers(0, 60), values, st.sampled_from(("us", "eu")), st.sampled_from(("", "-eu"))), max_size=12
)


@st.composite
def prices(draw: st.DrawFn) -> PercentagePrice:
    amounts = st.none() | st.sampled_from(["0.5", "1", "3"])
    return price(
        rate=draw(st.sampled_from(["0", "0.01", "0.1"])),
        fixed_amount=draw(amounts),
        min_per_event=draw(amounts),
        max_per_event=draw(st.none() | st.sampled_from(["3", "7.5"])),
        included_events=draw(st.none() | st.integers(1, 5)),
        included_quantity=draw(st.none() | st.sampled_from(["0", "40", "250.01"])),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=events, asked=st.lists(prices(), min_size=1, max_size=3))
def test_any_events_cost_what_they_cost_one_after_the_other(
    node: Node, sent: list[tuple[int, Decimal, str, str]], asked: list[PercentagePrice]
) -> None:
    serial = next(SERIAL)
    customer = f"c{serial}"
    meter = node.meters[0] if node.meters else node.meter("v", "sum", "properties.value", dimensions=("region",))
    numbered = [
        payment(serial * 100 + n, minute, str(value), customer + key, region=region)
        for n, (minute, value, region, key) in enumerate(sent)
    ]
    if numbered:
        node.send(numbered)
    in_order = sorted(numbered, key=lambda one: (one["timestamp"], one["id"]))
    walked = [_walk(one, [Decimal(sold["properties"]["value"]) for sold in in_order]) for one in asked]
    assert billed(node, meter, asked, customer, customer + "-eu") == walked


def _walk(price: PercentagePrice, values: list[Decimal]) -> Decimal:
    """Event by event, as the guide has it; it knows nothing of parts and bands."""
    limit, number = price.included_quantity or None, price.included_events
    fixed, least, most = price.fixed_amount or Decimal(0), price.min_per_event, price.max_per_event
    covers = limit is not None or number is not None
    sold = place = covered = paid = Decimal(0)
    amount = Decimal(0)
    for value in [value for value in values if value >= 0]:
        place, sold = place + 1, sold + value
        free = Decimal(0)
        whole = False
        if covers and (number is None or place <= number):
            whole = limit is None or sold <= limit
            free = value if whole else max(limit - (sold - value), Decimal(0)) if limit is not None else Decimal(0)
        covered += free
        if whole:
            continue
        paid += value - free
        fee = price.rate * (value - free) + fixed
        fee = least if least is not None and fee < least else fee
        amount += most if most is not None and fee > most else fee
    refunds = [value for value in values if value < 0]
    net = sold + sum(refunds, Decimal(0))
    back = net - min(max(net, Decimal(0)), covered) - paid
    return amount + fixed * len(refunds) + price.rate * back
