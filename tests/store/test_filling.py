"""A new meter over old events: built in the background, in slices, while metering and answers go on."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from justpaid.metering import Aggregation
from justpaid.platform import failpoints
from justpaid.platform.warehouse import Warehouse
from tests.support.metering_node import NOW, Node, event, fresh_node

SLICE = 10


class HeldWarehouse:
    """Lets each background slice through only when `release` allows one more."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.release = threading.Semaphore(0)
        self.arrived = threading.Semaphore(0)

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        if sql.startswith("INSERT INTO usage") and "max_threads = 1" in sql:
            self.arrived.release()
            assert self.release.acquire(timeout=20)
        self._warehouse.execute(sql, parameters)

    def query(self, sql: str, parameters: dict[str, Any] | None = None, given: pa.Table | None = None) -> pa.Table:
        return self._warehouse.query(sql, parameters, given)

    def insert(self, table: str, rows: pa.Table) -> None:
        self._warehouse.insert(table, rows)

    def defer_merges(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def held(warehouse: Warehouse) -> HeldWarehouse:
    return HeldWarehouse(warehouse)


@pytest.fixture
def node(tmp_path: Path, held: HeldWarehouse) -> Iterator[Node]:
    with fresh_node(tmp_path, held, slice_events=SLICE) as node:
        yield node
        held.release.release(1000)


def send(node: Node, numbers: range) -> None:
    node.send([event(n, NOW + timedelta(minutes=n), properties={"n": n}) for n in numbers])
    with node.metering.snapshot():
        pass


def rows_in_usage(node: Node, rollup: str) -> int:
    sql = "SELECT sum(events) AS n FROM usage WHERE rollup = {rollup:String} AND customer != ''"
    return int(node.warehouse.query(sql, {"rollup": rollup}).to_pylist()[0]["n"])


def test_metering_and_answers_go_on_while_a_meter_is_built(node: Node, held: HeldWarehouse) -> None:
    live = node.meter("live", "count")
    assert node.value(live) == "nothing"
    send(node, range(25))
    late = node.meter("late", "sum", "properties.n")
    told = []
    for done in ("0", "0.4", "0.8"):  # of 25 events in slices of 10
        assert held.arrived.acquire(timeout=20)
        send(node, range(25 + 3 * len(told), 28 + 3 * len(told)))
        told.append((done, node.value(live), node.value(late)))
        assert node.metering.rollups.progress(late) == Decimal(done)
        held.release.release()
    assert told == [("0", "28", "378"), ("0.4", "31", "465"), ("0.8", "34", "561")]
    node.check()
    assert node.value(late) == "561"
    assert rows_in_usage(node, "mtr_late.1") == 34


def test_a_stop_ends_the_building_and_the_next_start_begins_it_anew(node: Node, held: HeldWarehouse) -> None:
    send(node, range(25))
    meter = node.meter("late", "count")
    assert held.arrived.acquire(timeout=20)
    held.release.release()
    assert held.arrived.acquire(timeout=20)  # one slice is written, the second on its way
    closing = threading.Thread(target=node.close)
    closing.start()
    held.release.release()
    closing.join(20)
    assert not closing.is_alive()
    assert rows_in_usage(node, "mtr_late.1") == 20
    held.release.release(1000)
    node.open()
    send(node, range(25, 30))
    node.check()
    assert (node.value(meter), rows_in_usage(node, "mtr_late.2")) == ("30", 30)


@pytest.mark.parametrize("step", ["metering.between_slices=error:2", "metering.after_filling=error"])
def test_a_failure_begins_a_new_generation_and_the_old_rows_count_nowhere(
    node: Node, held: HeldWarehouse, step: str
) -> None:
    held.release.release(1000)
    send(node, range(25))
    failpoints.arm(step)
    try:
        meter = node.meter("late", "count")
        node.check()
    finally:
        failpoints.arm("")
    assert (node.value(meter), rows_in_usage(node, "mtr_late.2")) == ("25", 25)


def test_meters_are_built_one_after_another(node: Node, held: HeldWarehouse) -> None:
    send(node, range(SLICE))
    meters = [node.meter(f"m{n}", "count") for n in range(3)]
    for built in range(3):
        assert held.arrived.acquire(timeout=20)
        assert node.value(meters[-1]) == "10"
        assert [node.metering.rollups.progress(meter) for meter in meters] == [1] * built + [0] * (3 - built)
        held.release.release()
    node.check()


def test_a_meter_before_the_first_event_needs_no_building(node: Node) -> None:
    meter = node.meter("m", "count")
    assert node.built(meter)
    send(node, range(3))
    assert node.value(meter) == "3"
    node.check()


def test_a_changed_meter_answers_from_events_until_its_new_rollup_is_built(node: Node, held: HeldWarehouse) -> None:
    meter = node.meter("m", "count")
    send(node, range(15))
    assert node.built(meter)
    changed = replace(meter, aggregation=Aggregation.SUM, property="properties.n", version=2)
    node.meters[:] = [changed]
    assert node.value(changed) == "105"  # before metering knows of it, too
    node.metering.meters_changed()
    for _ in range(2):
        assert held.arrived.acquire(timeout=20)
        assert node.value(changed) == "105"
        held.release.release()
    node.check()
    send(node, range(15, 17))
    assert node.value(changed) == "136"
    assert node.value(meter) == "17"  # the version of before, from events: as a proof asks for it
    node.check()
    assert rows_in_usage(node, "mtr_m.2") == 17
