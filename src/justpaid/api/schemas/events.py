"""Events on the wire. Encoded by msgspec, which lets the stored JSON of `properties` through as it is: a detour over
floats would change its numbers."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from justpaid.ingest import LiveEvent, Receipt
from justpaid.kernel.decimals import plain
from justpaid.kernel.instants import instant_of
from justpaid.metering import Aggregation, Change, Measure, StoredEvent

Quantity = Annotated[str, Meta(pattern=r"^-?\d+(\.\d+)?$", description="An exact decimal.", examples=["1"])]
Timestamp = Annotated[datetime, Meta(extra_json_schema={"format": "date-time"})]
Properties = Annotated[Raw, Meta(extra_json_schema={"type": "object", "description": "As sent; numbers stay exact."})]


class LiveEventOut(msgspec.Struct, frozen=True, kw_only=True):
    """An event as the stream shows it."""

    id: str
    customer_id: Annotated[str, Meta(description="The customer's key as it was sent.")]
    event: str
    timestamp: Timestamp
    quantity: Quantity
    properties: Properties
    sequence: Annotated[int, Meta(ge=0, description="Its place in the order of acceptance.")]

    @classmethod
    def of(cls, event: LiveEvent) -> "LiveEventOut":
        return cls(
            id=event.id,
            customer_id=event.customer_key,
            event=event.event,
            timestamp=instant_of(event.timestamp),
            quantity=event.quantity,
            properties=Raw(event.properties),
            sequence=event.sequence,
        )


class EventOut(LiveEventOut, frozen=True, kw_only=True):
    """An event as it counts, or as it did until it was voided."""

    status: Annotated[
        Literal["metered", "pending", "voided", "held", "replaced", "reverted"],
        Meta(
            description="Pending: accepted, and metered in moments. Held: its backfill is open. Replaced: a backfill "
            "leaves it out. Reverted: its backfill was."
        ),
    ]
    backfill: Annotated[str | None, Meta(description="The backfill that it was sent under, if it was.")]
    customer: Annotated[str | None, Meta(description="The id of the customer who has this key now, if one has.")]
    received_at: Timestamp


class EventPage(msgspec.Struct, frozen=True):
    """One page of events, latest first."""

    data: list[EventOut]
    next_cursor: Annotated[str | None, Meta(description="Send it as `cursor` to get the next page.")]


class MeasureOut(msgspec.Struct, frozen=True):
    """What one meter took from an event."""

    key: str
    value: Annotated[str | None, Meta(description="The number taken; null where the meter counts something else.")]

    @classmethod
    def of(cls, measure: Measure) -> "MeasureOut":
        if measure.meter.aggregation is Aggregation.COUNT:
            return cls(measure.meter.key, "1")
        return cls(measure.meter.key, None if measure.value is None else plain(measure.value))


class VersionOut(msgspec.Struct, frozen=True, kw_only=True):
    """A step in an event's life: what came to count then, or for a void what counts no longer."""

    change: Literal["accepted", "amended", "voided"]
    at: Timestamp
    sequence: Annotated[int, Meta(ge=0, description="The step's place in the order of acceptance.")]
    customer_id: Annotated[str, Meta(description="The customer's key as it was sent.")]
    event: str
    timestamp: Timestamp
    quantity: Quantity
    properties: Properties

    @classmethod
    def of(cls, change: Change) -> "VersionOut":
        version = change.version
        return cls(
            change=change.kind,
            at=change.at,
            sequence=change.sequence,
            customer_id=version.customer_key,
            event=version.event,
            timestamp=version.timestamp,
            quantity=plain(version.quantity),
            properties=Raw(version.properties.encode()),
        )


class BilledLineOut(msgspec.Struct, frozen=True):
    """An invoice line that includes the event. The number is null while the invoice is a draft; a correction of late
    usage has no invoice of its own while it waits for the next one, or where it is on a credit note."""

    invoice_id: str | None
    invoice_number: str | None
    invoice_status: str | None
    price_key: str | None
    meter: str | None
    late_usage: Literal["added", "taken_back"] | None = None
    corrects: str | None = None
    credit_note_number: str | None = None


class EventFate(EventOut, frozen=True, kw_only=True):
    """An event and what became of it."""

    attributed: Annotated[bool, Meta(description="Whether a customer has the key that it was sent with.")]
    meters: list[MeasureOut]
    lines: Annotated[list[BilledLineOut], Meta(description="The invoice lines that include it.")]
    reason: Annotated[str | None, Meta(description="Why it is not billed; null where it is.")]
    versions: Annotated[list[VersionOut], Meta(description="All that happened to it, in order.")]


class EventErrorOut(msgspec.Struct, frozen=True):
    """Why one event of a request was not kept."""

    index: Annotated[int, Meta(ge=0, description="Its place in the request, from 0.")]
    id: str | None
    code: Annotated[str, Meta(examples=["invalid_timestamp", "conflict"])]
    message: str


class ReceiptOut(msgspec.Struct, frozen=True):
    """The counts sum to the events of the request."""

    accepted: Annotated[int, Meta(ge=0, description="New; on disk by now.")]
    duplicates: Annotated[int, Meta(ge=0, description="Accepted before with the same content; not counted again.")]
    conflicts: Annotated[int, Meta(ge=0, description="Their ids were accepted before with other content.")]
    rejected: Annotated[int, Meta(ge=0)]
    errors: Annotated[list[EventErrorOut], Meta(description="One for each conflict and each rejected event.")]
    ids: Annotated[
        list[str] | UnsetType, Meta(description="The ids given to events that came without one, in their order.")
    ] = UNSET

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptOut":
        errors = [EventErrorOut(**error) for error in receipt.errors]
        ids = receipt.ids or UNSET
        return cls(receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected, errors, ids)


def event_out_fields(event: StoredEvent, customer_id: str | None, *, metered: bool) -> dict[str, Any]:
    """The fields that every form of a stored event has."""
    return {
        "id": event.id,
        "customer_id": event.customer_key,
        "event": event.event,
        "timestamp": event.timestamp,
        "quantity": plain(event.quantity),
        "properties": Raw(event.properties.encode()),
        "sequence": event.sequence,
        "customer": customer_id,
        "received_at": event.received_at,
        "status": _status(event, metered),
        "backfill": event.backfill_id or None,
    }


def _status(event: StoredEvent, metered: bool) -> str:
    if event.voided:
        return "voided"
    if event.left_out is not None:
        return event.left_out.why
    return "metered" if metered else "pending"
