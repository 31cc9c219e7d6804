"""Accepted events again, in the order of acceptance: what a reader of the live feed missed. Neither shows backfills.

Recent blocks come from the journal and what it has released from the warehouse. The journal releases a block only once
the warehouse holds it, so what is not found in the first is in the second.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from justpaid.ingest import LiveEvent, decode_block
from justpaid.kernel.decimals import plain
from justpaid.kernel.instants import microseconds_of
from justpaid.platform.journal import Block, Journal
from justpaid.platform.warehouse import Warehouse

MAX_REPLAYED: Final = 10_000

_AT_ONCE: Final = 50_000
_COLUMNS: Final = ("seq", "id", "customer", "event", "timestamp", "quantity", "properties")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events a reader follows: one organisation's; of these keys and this name only, where they are given."""

    organisation_id: str
    customer_keys: frozenset[str] | None = None
    event: str | None = None


class Replay:
    def __init__(self, journal: Journal, warehouse: Warehouse) -> None:
        self._journal = journal
        self._warehouse = warehouse

    def between(self, start: int, end: int, wanted: Wanted) -> tuple[list[LiveEvent], int]:
        """The wanted events of sequences [start, end), of a long list the newest 10,000, and how many came before them.

        Raises: EngineUnavailable.
        """
        kept: deque[LiveEvent] = deque(maxlen=MAX_REPLAYED)
        total = 0
        at = start
        while at < end:
            blocks = self._blocks_at(at)
            if blocks and blocks[0].start <= at:
                upto = min(blocks[-1].end, end)
                found = [event for block in blocks for event in _in_block(block, at, upto, wanted)]
                count = len(found)
            else:
                upto = min(blocks[0].start, end) if blocks else end
                count, found = self._in_warehouse(at, upto, wanted)
            kept.extend(found)
            total += count
            at = upto
        return list(kept), total - len(kept)

    def _blocks_at(self, sequence: int) -> list[Block]:
        """The block that holds the record, or else those that follow it, as far as the journal still has them."""
        block = self._journal.block_of(sequence)
        return [block] if block else self._journal.read(sequence, max_records=_AT_ONCE)

    def _in_warehouse(self, start: int, end: int, wanted: Wanted) -> tuple[int, list[LiveEvent]]:
        """How many there are, and the newest of them, in order."""
        condition = (
            "organisation = {organisation:String} AND seq >= {start:UInt64} AND seq < {end:UInt64} AND backfill = ''"
        )
        parameters: dict[str, Any] = {"organisation": wanted.organisation_id, "start": start, "end": end}
        if wanted.event is not None:
            condition += " AND event = {event:String}"
            parameters["event"] = wanted.event
        if wanted.customer_keys is not None:
            condition += " AND has({keys:Array(String)}, customer)"
            parameters["keys"] = sorted(wanted.customer_keys)
        (row,) = self._warehouse.query(f"SELECT count() AS n FROM events WHERE {condition}", parameters).to_pylist()
        sql = f"""SELECT {", ".join(_COLUMNS)} FROM events WHERE {condition}
            ORDER BY seq DESC LIMIT {MAX_REPLAYED}"""
        rows = self._warehouse.query(sql, parameters).to_pylist() if row["n"] else []
        return row["n"], [_live(one | {"quantity": plain(one["quantity"])}) for one in reversed(rows)]


def _in_block(block: Block, start: int, end: int, wanted: Wanted) -> Iterator[LiveEvent]:
    rows = decode_block(block.payload)
    rows = rows.append_column("seq", pa.array(range(block.start, block.end), pa.int64()))
    rows = rows.slice(max(0, start - block.start), end - max(start, block.start))
    chosen = pc.equal(rows.column("organisation"), wanted.organisation_id)
    if wanted.event is not None:
        chosen = pc.and_(chosen, pc.equal(rows.column("event"), wanted.event))
    if wanted.customer_keys is not None:
        keys = pa.array(sorted(wanted.customer_keys), pa.string())
        chosen = pc.and_(chosen, pc.is_in(rows.column("customer"), keys))
    for column in ("voids", "step"):  # such records are no events
        if column in rows.column_names:
            chosen = pc.and_(chosen, pc.is_null(rows.column(column)))
    if "backfill" in rows.column_names:
        chosen = pc.and_(chosen, pc.equal(pc.fill_null(rows.column("backfill"), ""), ""))
    return map(_live, rows.filter(chosen).select(list(_COLUMNS)).to_pylist())


def _live(row: dict[str, Any]) -> LiveEvent:
    return LiveEvent(
        sequence=row["seq"],
        id=row["id"],
        customer_key=row["customer"],
        event=row["event"],
        timestamp=microseconds_of(row["timestamp"]),
        quantity=row["quantity"],
        properties=row["properties"].encode(),
    )
