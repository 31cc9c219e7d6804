"""The records of drained journal blocks as rows of the warehouse's tables: events, voids and steps of backfills."""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from justpaid.ingest import decode_block
from justpaid.metering.schema import BUCKET_S
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


def records_of(blocks: list[Block]) -> Records:
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
    plain = rows.drop_columns([name for name in _MORE if name in rows.column_names])
    if "backfill" not in rows.column_names:
        return plain  # the column's default means none
    return plain.append_column("backfill", pc.fill_null(rows.column("backfill"), ""))


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
