"""The events behind an invoice line, as JSON, NDJSON and CSV; encoded by msgspec, as all events are."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw

from justpaid.api.schemas.events import LiveEventOut, Quantity, Timestamp
from justpaid.api.values import write_instant
from justpaid.kernel.decimals import plain
from justpaid.kernel.spreadsheets import as_text
from justpaid.metering import CountedEvent

COLUMNS: Final = (
    "id", "customer_id", "event", "timestamp", "quantity", "value", "part", "change", "received_at", "sequence",
    "properties",
)  # fmt: skip
_ROWS_AT_ONCE: Final = 500
_encoder: Final = msgspec.json.Encoder()


class LineEventOut(LiveEventOut, frozen=True, kw_only=True):
    """An event that the line's quantity was counted from, as it was at the line's cut-off."""

    received_at: Timestamp
    value: Annotated[
        str | None,
        Meta(description="What the meter took: a number; of a unique meter the text; null where it found none."),
    ]
    part: Annotated[
        Quantity | None,
        Meta(description="Its part of the line's quantity; the parts sum to it. Null where it is no sum: an average."),
    ]
    change: Annotated[
        Literal["added", "taken_back"] | None,
        Meta(description="On a line of late usage: whether the event came or went. Null on all others."),
    ]

    @classmethod
    def of_counted(cls, event: CountedEvent) -> "LineEventOut":
        return cls(
            id=event.id,
            customer_id=event.customer_key,
            event=event.event,
            timestamp=event.timestamp,
            quantity=plain(event.quantity),
            properties=Raw(event.properties.encode()),
            sequence=event.sequence,
            received_at=event.received_at,
            value=event.text if event.value is None else plain(event.value),
            part=None if event.part is None else plain(event.part),
            change=event.change,
        )


class LineEventPage(msgspec.Struct, frozen=True):
    """One page of a line's events, in the order of their timestamps."""

    data: list[LineEventOut]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` to get the next page.")]


def as_ndjson(events: Iterable[CountedEvent]) -> Iterator[bytes]:
    for part in _parts(events):
        yield b"".join(_encoder.encode(LineEventOut.of_counted(event)) + b"\n" for event in part)


def as_csv(events: Iterable[CountedEvent]) -> Iterator[bytes]:
    """With a header and CRLF line ends; text that a spreadsheet would run as a formula has an apostrophe before it."""
    yield (",".join(COLUMNS) + "\r\n").encode()
    for part in _parts(events):
        out = StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerows(map(_cells, part))
        yield out.getvalue().encode()


def _cells(event: CountedEvent) -> list[str]:
    shown = LineEventOut.of_counted(event)
    value = as_text(shown.value or "") if event.value is None else shown.value or ""
    return [
        as_text(shown.id),
        as_text(shown.customer_id),
        as_text(shown.event),
        write_instant(shown.timestamp),
        shown.quantity,
        value,
        shown.part or "",
        shown.change or "",
        write_instant(shown.received_at),
        str(shown.sequence),
        as_text(event.properties),
    ]


def _parts(events: Iterable[CountedEvent]) -> Iterator[list[CountedEvent]]:
    part: list[CountedEvent] = []
    for event in events:
        part.append(event)
        if len(part) == _ROWS_AT_ONCE:
            yield part
            part = []
    if part:
        yield part
