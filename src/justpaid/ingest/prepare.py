"""From decoded events to columns and journal entries, which is most of what ingest costs.

A request whose events are all of the usual form is prepared column by column, at half the cost; what is unusual in any
way, and may have to be refused, event by event. Both come to the same.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec

from justpaid.ingest.block import Columns
from justpaid.ingest.event import (
    WORTH_A_COLUMN,
    EventIn,
    EventRejected,
    canonical_lines,
    canonical_properties,
    check_numbers,
    check_text,
    content_digest,
    journal_key,
    journal_keys,
    latest_timestamp,
    parse_quantities,
    parse_quantity,
    parse_timestamp,
    parse_timestamps,
    scope_of,
)
from justpaid.ingest.reading import decompress, read_events
from justpaid.ingest.receipt import Receipt
from justpaid.kernel.ids import new_id
from justpaid.kernel.instants import microseconds_of
from justpaid.platform.journal import Entries

# JSON text without an escape or DEL can hold no control character, and without a run of 21 digits no integer that is
# too long, so that one scan of the body spares a check of every event. Regular expressions would scan 20 times slower.
_DIGITS_AS_ZERO: Final = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_LONG_INTEGER: Final = b"0" * 21


@dataclass(slots=True)
class Prepared:
    """The events of one request that are valid, column by column, and the receipt so far.

    `indexes` are their places in the request; None when all of it is valid.
    """

    columns: Columns = field(default_factory=Columns)
    entries: Entries = field(default_factory=Entries)
    indexes: list[int] | None = None
    receipt: Receipt = field(default_factory=Receipt)

    def index(self, row: int) -> int:
        return row if self.indexes is None else self.indexes[row]


class Request(msgspec.Struct, frozen=True):
    """A request with all that its preparation depends on. `live`: see `latest_timestamp`; `now` stands in for a missing
    timestamp; `body_bytes` bound the decompressed body."""

    organisation_id: str
    live: bool
    body: bytes
    ndjson: bool
    encoding: str
    now: datetime
    body_bytes: int
    batch_events: int

    def prepared(self) -> Prepared:
        """Raises: JustPaidError where the request as a whole is refused."""
        body = decompress(self.body, self.encoding, self.body_bytes)
        events = read_events(body, ndjson=self.ndjson, max_events=self.batch_events)
        latest = latest_timestamp(self.now, live=self.live)
        return prepare(events, body, organisation_id=self.organisation_id, now=microseconds_of(self.now), latest=latest)


def prepare(
    events: list[EventIn | EventRejected], body: bytes, *, organisation_id: str, now: int, latest: datetime
) -> Prepared:
    """Validate each event; `now` in microseconds stands in for a missing timestamp, `latest` bounds the others."""
    scope = scope_of(organisation_id)
    try:
        if len(events) < WORTH_A_COLUMN:
            raise _Unusual
        prepared = _column_by_column(events, body, scope, now, latest)
    except (EventRejected, _Unusual):
        prepared = _one_by_one(events, body, scope, now, latest)
    prepared.columns.organisation = [organisation_id] * len(prepared.entries)
    return prepared


class _Unusual(Exception):
    """Some event has to be looked at by itself."""


def _column_by_column(
    events: list[EventIn | EventRejected], body: bytes, scope: bytes, now: int, latest: datetime
) -> Prepared:
    """Raises: _Unusual, EventRejected."""
    usual = [event for event in events if event.__class__ is EventIn]
    if not usual or len(usual) < len(events) or _may_have_control(body) or _may_have_long_integer(body):
        raise _Unusual
    receipt = Receipt()
    ids = [event.id or new_id("evt") for event in usual]
    receipt.ids = [made for made, event in zip(ids, usual, strict=True) if event.id is None]
    customers, names = [event.customer_id for event in usual], [event.event for event in usual]
    stamps = parse_timestamps([event.timestamp for event in usual], latest)
    quantities = parse_quantities([event.quantity for event in usual])
    properties = canonical_lines([event.properties for event in usual])
    if stamps is None or properties is None:
        raise _Unusual
    digests = list(map(content_digest, customers, names, stamps, quantities, properties))
    timestamps = [now if stamp is None else stamp for stamp in stamps]
    columns = Columns([], ids, customers, names, timestamps, quantities, properties)
    return Prepared(columns, Entries(journal_keys(scope, ids), digests), None, receipt)


def _one_by_one(
    events: list[EventIn | EventRejected], body: bytes, scope: bytes, now: int, latest: datetime
) -> Prepared:
    prepared = Prepared()
    prepare_one = _Preparation(prepared, body, scope, now, latest)
    indexes = []
    for index, event in enumerate(events):
        try:
            prepare_one(event)
            indexes.append(index)
        except EventRejected as rejection:
            prepared.receipt.rejected += 1
            prepared.receipt.refuse(index, event.id, rejection.code, rejection.message)
    prepared.indexes = indexes if prepared.receipt.rejected else None
    return prepared


def _may_have_control(body: bytes) -> bool:
    return b"\\" in body or b"\x7f" in body


def _may_have_long_integer(body: bytes) -> bool:
    return _LONG_INTEGER in body.translate(_DIGITS_AS_ZERO)


class _Preparation:
    """What is the same for all events of a request, looked up once."""

    __slots__ = ("_check_digits", "_check_names", "_entries", "_latest", "_now", "_receipt", "_scope", "_store")

    def __init__(self, prepared: Prepared, body: bytes, scope: bytes, now: int, latest: datetime) -> None:
        columns = prepared.columns
        self._store = (
            columns.id.append,
            columns.customer.append,
            columns.event.append,
            columns.timestamp.append,
            columns.quantity.append,
            columns.properties.append,
        )
        self._entries = prepared.entries.keys.append, prepared.entries.digests.append
        self._receipt = prepared.receipt
        self._scope = scope
        self._now = now
        self._latest = latest
        self._check_names = _may_have_control(body)
        self._check_digits = _may_have_long_integer(body)

    def __call__(self, event: EventIn | EventRejected) -> None:
        if isinstance(event, EventRejected):
            raise event
        if self._check_names:
            check_text(event)
        if self._check_digits and event.properties:
            check_numbers(event.properties)
        stamp = event.timestamp
        timestamp = None if stamp is None else parse_timestamp(stamp, self._latest)
        quantity = parse_quantity(event.quantity)
        properties = canonical_properties(event.properties)
        event_id = event.id
        if event_id is None:
            event_id = new_id("evt")
            self._receipt.ids.append(event_id)
        add_key, add_digest = self._entries
        add_key(journal_key(self._scope, event_id))
        add_digest(content_digest(event.customer_id, event.event, timestamp, quantity, properties))
        add_id, add_customer, add_event, add_timestamp, add_quantity, add_properties = self._store
        add_id(event_id)
        add_customer(event.customer_id)
        add_event(event.event)
        add_timestamp(self._now if timestamp is None else timestamp)
        add_quantity(quantity)
        add_properties(properties)
