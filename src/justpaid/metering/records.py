"""The records of journal blocks as rows of the warehouse's tables: events, voids and steps of backfills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from justpaid.ingest import decode_block
from justpaid.metering.schema import BUCKET_S, month_of
from justpaid.platform.journal import Block

_DECIMAL: Final = pa.decimal128(38, 12)
_BUCKET: Final = pa.timestamp("s", "UTC")
_MORE: Final = ("backfill", "voids", "replaced", "step")


@dataclass(frozen=True, slots=True)
class Records:
    """Each may be empty; in the order of the journal."""

    events: pa.Table
    voids: pa.Table
    steps: pa.Table

    @property
    def corrects(self) -> bool:
        """Whether they change what earlier records count for."""
        return bool(self.voids.num_rows or self.steps.num_rows)

    @property
    def months(self) -> frozenset[datetime]:
        """The first and the last month in which events were received: the partitions of `events` that they go to."""
        if not self.events.num_rows:
            return frozenset()
        received = pc.min_max(self.events.column("received_at")).as_py()
        return frozenset(map(month_of, received.values()))


def joined(parts: Sequence[Records]) -> Records:
    """All of them as one, in this order."""
    if len(parts) == 1:
        return parts[0]
    return Records(
        *(
            pa.concat_tables([rows for part in parts if (rows := getattr(part, name)).num_rows] or [empty])
            for name, empty in (("events", parts[0].events), ("voids", parts[0].voids), ("steps", parts[0].steps))
        )
    )


def records_of(blocks: Sequence[Block]) -> Records:
    """Quantities become decimals, and each row gets its sequence."""
    tables = [
        decode_block(block.payload).append_column("seq", pa.array(range(block.start, block.end), pa.uint64()))
        for block in blocks
    ]
    # Blocks of other than plain events have columns of their own, which are null for other rows.
    table = pa.concat_tables(tables, promote_options="default").combine_chunks()
    quantity = pc.cast(table.column("quantity"), _DECIMAL)
    table = table.set_column(table.column_names.index("quantity"), "quantity", quantity)
    voids, table = _parted(table, "voids")
    steps, table = _parted(table, "step")
    return Records(_events(table), _voids(voids), _steps(steps))


def _parted(table: pa.Table, column: str) -> tuple[pa.Table, pa.Table]:
    """The rows with a value in this column, and the others."""
    if column not in table.column_names:
        return table.slice(0, 0), table
    chosen = pc.is_valid(table.column(column))
    return table.filter(chosen), table.filter(pc.invert(chosen))


def _events(rows: pa.Table) -> pa.Table:
    if "backfill" in rows.column_names:
        backfill = pc.fill_null(rows.column("backfill"), "")
    else:
        backfill = pa.repeat("", rows.num_rows)
    plain = rows.drop_columns([name for name in _MORE if name in rows.column_names])
    return plain.append_column("backfill", backfill)


def _voids(rows: pa.Table) -> pa.Table:
    if not rows.num_rows:
        return rows
    return pa.table(
        {
            "organisation": rows.column("organisation"),
            "event": rows.column("event"),
            "customer": rows.column("customer"),
            "bucket": pc.cast(pc.floor_temporal(rows.column("timestamp"), BUCKET_S, "second"), _BUCKET),
            "target": pc.cast(rows.column("voids"), pa.uint64()),
            "seq": rows.column("seq"),
            "replaced": rows.column("replaced"),
            "received_at": rows.column("received_at"),
        }
    )


def _steps(rows: pa.Table) -> pa.Table:
    if not rows.num_rows:
        return rows
    return pa.table(
        {
            "organisation": rows.column("organisation"),
            "id": rows.column("id"),
            "step": rows.column("step"),
            "definition": rows.column("properties"),
            "seq": rows.column("seq"),
            "received_at": rows.column("received_at"),
        }
    )
