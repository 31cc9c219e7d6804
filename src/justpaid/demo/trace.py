"""The recorded LLM calls that the demo's usage is made of: 28,185 real ones, see LLM_TRACE.md.

Packed as gzipped CSV, so that `zcat` shows it: one row a call, in order of time within a service, its start as
milliseconds since the row before (since the recording began, for a service's first).
"""

import csv
import gzip
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast

Service = Literal["code", "conversation"]

FILE_NAME: Final = "llm_trace.csv.gz"
_HEADER: Final = ("service", "delta_ms", "input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `number` counts from 0 within its service, `offset_ms` runs from the start of the recording."""

    service: Service
    number: int
    offset_ms: int
    input_tokens: int
    output_tokens: int


@cache
def load_trace() -> tuple[Call, ...]:
    """All calls, in order of time."""
    packed = files("justpaid.demo").joinpath(FILE_NAME).read_bytes()
    return tuple(sorted(unpack(packed), key=lambda call: (call.offset_ms, call.service, call.number)))


def pack(calls: Iterable[Call]) -> bytes:
    """The same calls always give the same bytes. Of each service they must come in order of time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    before: dict[Service, int] = {}
    for call in calls:
        delta_ms = call.offset_ms - before.get(call.service, 0)
        before[call.service] = call.offset_ms
        writer.writerow((call.service, delta_ms, call.input_tokens, call.output_tokens))
    return gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)


def unpack(packed: bytes) -> Sequence[Call]:
    rows = csv.reader(io.StringIO(gzip.decompress(packed).decode()))
    next(rows)
    calls: list[Call] = []
    place: dict[Service, tuple[int, int]] = {}
    for name, delta_ms, input_tokens, output_tokens in rows:
        service = cast(Service, name)
        number, offset_ms = place.get(service, (0, 0))
        offset_ms += int(delta_ms)
        calls.append(Call(service, number, offset_ms, int(input_tokens), int(output_tokens)))
        place[service] = (number + 1, offset_ms)
    return calls
