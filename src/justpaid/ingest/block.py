"""A block of accepted events as Arrow columns: how the journal keeps them and how metering reads them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

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
#: A block of a correction has two columns more: a void's target (null for an event), and whether a version replaces it.
CORRECTIONS_SCHEMA: Final = SCHEMA.append(pa.field("voids", pa.int64())).append(pa.field("replaced", pa.bool_()))
_OPTIONS: Final = pa.ipc.IpcWriteOptions(compression="lz4")


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


def encode_block(columns: Columns, accepted: Sequence[int], received_at: int) -> bytes:
    """The `accepted` rows of `columns` as an Arrow IPC stream, all with one `received_at` (microseconds)."""
    batch = pa.RecordBatch.from_arrays(_arrays(columns, received_at), schema=SCHEMA)
    if len(accepted) < len(columns.id):
        batch = batch.take(pa.array(accepted, pa.int64()))
    return _encode(batch)


def encode_corrections(columns: Columns, received_at: int, voids: Sequence[int | None], *, replaced: bool) -> bytes:
    """Void records and new versions of events. `voids` is the sequence that a row withdraws; None for a version."""
    arrays = _arrays(columns, received_at)
    arrays.append(pa.array(voids, pa.int64()))
    arrays.append(pa.array([None if target is None else replaced for target in voids], pa.bool_()))
    return _encode(pa.RecordBatch.from_arrays(arrays, schema=CORRECTIONS_SCHEMA))


def _arrays(columns: Columns, received_at: int) -> list[pa.Array]:
    arrays = [pa.array(getattr(columns, name), SCHEMA.field(name).type) for name in columns.__slots__]
    arrays.append(pa.repeat(pa.scalar(received_at, SCHEMA.field("received_at").type), len(columns.id)))
    return arrays


def _encode(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=_OPTIONS) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def decode_block(payload: bytes) -> pa.Table:
    return pa.ipc.open_stream(payload).read_all()
