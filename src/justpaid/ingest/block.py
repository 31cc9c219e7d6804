"""A block of accepted events as Arrow columns: how the journal keeps them and how metering reads them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

SCHEMA: Final = pa.schema(
    [
        ("organisation", pa.string()),
        ("id", pa.string()),
        ("customer", pa.string()),
        ("event", pa.string()),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("quantity", pa.string()),
        ("properties", pa.string()),
        ("received_at", pa.timestamp("us", "UTC")),
    ]
)
#: Blocks of other than plain events have more columns, each null or missing where it says nothing: of an event, the
#: backfill that it belongs to; of a void, its target and whether a version replaces it; of a backfill itself, its step.
_BACKFILL: Final = pa.field("backfill", pa.string())
_VOIDS: Final = pa.field("voids", pa.int64())
_REPLACED: Final = pa.field("replaced", pa.bool_())
_STEP: Final = pa.field("step", pa.string())
# In this thread: handing a small block to a pool of threads costs ten times as much as compressing it.
_WRITING: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
_READING: Final = pa.ipc.IpcReadOptions(use_threads=False)


@dataclass(slots=True)
class Columns:
    """Events column by column, as they are prepared; `timestamp` in microseconds since 1970 UTC."""

    organisation: list[str] = field(default_factory=list)
    id: list[str] = field(default_factory=list)
    customer: list[str] = field(default_factory=list)
    event: list[str] = field(default_factory=list)
    timestamp: list[int] = field(default_factory=list)
    quantity: list[str] = field(default_factory=list)
    properties: list[bytes] = field(default_factory=list)

    def extend(self, other: "Columns") -> None:
        for name in self.__slots__:
            getattr(self, name).extend(getattr(other, name))

    def only(self, rows: Sequence[int]) -> "Columns":
        return Columns(*([getattr(self, name)[row] for row in rows] for name in self.__slots__))


def encode_block(columns: Columns, accepted: Sequence[int], received_at: int, backfill: str = "") -> bytes:
    """The `accepted` rows of `columns` as an Arrow IPC stream, all with one `received_at` (microseconds)."""
    more = {_BACKFILL: [backfill] * len(columns.id)} if backfill else {}
    batch = _batch(columns, received_at, more)
    if len(accepted) < len(columns.id):
        batch = batch.take(pa.array(accepted, pa.int64()))
    return _encode(batch)


def encode_corrections(
    columns: Columns, received_at: int, voids: Sequence[int | None], *, replaced: bool, backfill: str = ""
) -> bytes:
    """Void records and new versions of events. `voids` is the sequence that a row withdraws; None for a version."""
    more: dict[pa.Field, list[Any]] = {
        _VOIDS: list(voids),
        _REPLACED: [None if target is None else replaced for target in voids],
        _BACKFILL: [backfill] * len(voids),
    }
    return _encode(_batch(columns, received_at, more))


def encode_step(columns: Columns, received_at: int, step: str) -> bytes:
    """The record, one row, that a backfill was closed or reverted."""
    return _encode(_batch(columns, received_at, {_STEP: [step]}))


def _arrays(columns: Columns, received_at: int) -> list[pa.Array]:
    arrays = [pa.array(getattr(columns, name), SCHEMA.field(name).type) for name in columns.__slots__]
    arrays.append(pa.repeat(pa.scalar(received_at, SCHEMA.field("received_at").type), len(columns.id)))
    return arrays


def _batch(columns: Columns, received_at: int, more: Mapping[pa.Field, list[Any]]) -> pa.RecordBatch:
    arrays = _arrays(columns, received_at) + [pa.array(values, field.type) for field, values in more.items()]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema([*SCHEMA, *more]))


def _encode(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_WRITING) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def decode_block(payload: bytes) -> pa.Table:
    return pa.ipc.open_stream(payload, options=_READING).read_all()
