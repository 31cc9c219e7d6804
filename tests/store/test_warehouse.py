"""The warehouse on the real ClickHouse engine."""

import queue
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.warehouse import Warehouse, quote
from justpaid.platform.warehouse.chdb import ChdbWarehouse

TRICKY = [
    "plain",
    "it's",
    'say "hi"',
    "back\\slash",
    "tab\there",
    "new\nline",
    "cr\r",
    "漢字 🎉",
    "{a:String}",
    "'; DROP TABLE t; --",
    "",
]


def test_every_text_comes_back_as_it_went_in(warehouse: Warehouse) -> None:
    for text in TRICKY:
        row = warehouse.query(
            f"SELECT {{s:String}} AS bound, {{a:Array(String)}} AS list, {quote(text)} AS quoted",
            {"s": text, "a": [text, "x"]},
        ).to_pylist()[0]
        assert row == {"bound": text, "list": [text, "x"], "quoted": text}


def test_decimals_and_instants_stay_exact(warehouse: Warehouse) -> None:
    amount, instant = Decimal("12345678901234567890.123456789012"), datetime(2026, 3, 29, 1, 0, 0, 123456, tzinfo=UTC)
    row = warehouse.query(
        "SELECT {d:Decimal(38, 12)} AS d, {t:DateTime64(6, 'UTC')} AS t", {"d": amount, "t": instant}
    ).to_pylist()[0]
    assert row["d"] == amount
    assert row["t"] == instant


def test_one_insert_is_one_part_and_so_whole_or_not_there(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE TABLE numbers_kept (n UInt64) ENGINE = MergeTree ORDER BY n")
    warehouse.execute("SYSTEM STOP MERGES numbers_kept")
    warehouse.insert("numbers_kept", pa.table({"n": pa.array(range(300_000), pa.uint64())}))
    assert parts_of(warehouse, "numbers_kept") == [300_000]
    warehouse.execute(
        "INSERT INTO numbers_kept SELECT n FROM numbers_kept GROUP BY n UNION ALL SELECT n + 1 FROM numbers_kept"
    )
    assert parts_of(warehouse, "numbers_kept") == [300_000, 600_000]


def parts_of(warehouse: Warehouse, table: str) -> list[int]:
    sql = "SELECT rows FROM system.parts WHERE active AND table = {t:String} ORDER BY min_block_number"
    return [row["rows"] for row in warehouse.query(sql, {"t": table}).to_pylist()]


def test_a_wrong_statement_says_why(warehouse: Warehouse) -> None:
    with pytest.raises(EngineUnavailable, match="does not exist"):
        warehouse.query("SELECT no_such_function(1)")
    assert warehouse.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]


class Engine:
    """Stands in for a connection to the engine, which a process can open once only."""

    def close(self) -> None: ...


def test_what_comes_after_the_close_is_refused_and_does_not_wait_for_ever() -> None:
    closed = ChdbWarehouse.__new__(ChdbWarehouse)
    closed._sessions = queue.LifoQueue()
    for _ in range(4):
        closed._sessions.put(Engine())
    closed.close()
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="stopping"):
            closed.query("SELECT 1")
