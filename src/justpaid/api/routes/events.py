"""Events: the list, one with its fate, and its corrections. Sending them is `justpaid.api.events`."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Query
from starlette.responses import Response

from justpaid.api.event_fate import fate_of
from justpaid.api.event_keys import event_keys
from justpaid.api.event_paging import EventPageRequest
from justpaid.api.route import router as new_router
from justpaid.api.schemas.amendments import AmendmentIn
from justpaid.api.schemas.events import EventOut, EventPage, event_out_fields
from justpaid.api.unit_of_work import Unit
from justpaid.api.values import Instant
from justpaid.customers import owners_of
from justpaid.ingest import Corrections, Standing
from justpaid.kernel.errors import Conflict, NotFound
from justpaid.metering import EventFilter, StoredEvent

router = new_router("events", "/v1/events")

#: How long a reader waits for what was accepted before its question to be metered.
_PATIENCE_S: Final = 1.0
_CHUNK: Final = 10_000
_encoder: Final = msgspec.json.Encoder()


def _shown_as(schema: str) -> dict[int | str, dict[str, Any]]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {200: {"description": "Successful Response", "content": content}}


@router.get("", response_model=None, responses=_shown_as("EventPage"))
def list_events(
    unit: Unit,
    paging: Annotated[EventPageRequest, Depends()],
    customer_id: Annotated[
        str | None, Query(description="A customer's id, external id or alias; or any key that events were sent with.")
    ] = None,
    event: Annotated[str | None, Query(description="The name of the events.")] = None,
    start: Annotated[Instant | None, Query(alias="from", description="The earliest timestamp.")] = None,
    end: Annotated[Instant | None, Query(alias="to", description="The end; events at it are left out.")] = None,
    backfill: Annotated[str | None, Query(description="Only events that were sent under this backfill.")] = None,
    unattributed: Annotated[bool, Query(description="Only events that no customer has the key of.")] = False,
) -> Response:
    """Accepted events, latest first."""
    before = paging.place()
    _await_metering(unit)
    reader = unit.installation.metering.events
    keys = None if customer_id is None else event_keys(unit.session, customer_id)
    filter_ = EventFilter(keys, event, start, end, backfill_id=backfill, before=before)
    if unattributed:
        filter_ = _only_unattributed(unit, filter_)
    found = reader.list_events(unit.organisation_id, filter_, paging.fetch)
    shown = found[: paging.limit]
    owners = owners_of(unit.session, {one.customer_key for one in shown})
    data = [EventOut(**event_out_fields(one, owners.get(one.customer_key), metered=True)) for one in shown]
    return _json(EventPage(data, paging.next_cursor(found)))


@router.get("/{event_id:path}", response_model=None, responses=_shown_as("EventFate"))
def get_event(event_id: str, unit: Unit) -> Response:
    """One event, and what became of it: who it belongs to, what the meters took, where it was billed, or why not."""
    event = _found(unit, event_id)
    _await_metering(unit)
    return _json(fate_of(unit, event))


@router.post("/{event_id:path}/void", response_model=None, responses=_shown_as("EventFate"))
def void_event(event_id: str, unit: Unit) -> Response:
    """Withdraw an event for good: it no longer counts. Issued invoices stay as they are; its id stays taken."""

    def void(corrections: Corrections, standing: Standing) -> None:
        corrections.void(standing, request=_request(unit))

    return _corrected(unit, event_id, void)


@router.post("/{event_id:path}/amend", response_model=None, responses=_shown_as("EventFate"))
def amend_event(event_id: str, body: AmendmentIn, unit: Unit) -> Response:
    """Replace fields of an event; those left out stay. From then on the new version counts; issued invoices stay as
    they are. A resend of the event as it first came stays a duplicate."""
    live = unit.identity.mode == "live"

    def amend(corrections: Corrections, standing: Standing) -> None:
        corrections.amend(standing, body.changes(), live=live, request=_request(unit))

    return _corrected(unit, event_id, amend)


def _corrected(unit: Unit, event_id: str, correct: Callable[[Corrections, Standing], None]) -> Response:
    """The event after `correct`, or as it is now if this request, by its idempotency key, has corrected it before."""
    installation = unit.installation
    organisation_id = unit.organisation_id
    _await_metering(unit)  # what counts depends on the backfills that were closed or reverted by now
    event = _found(unit, event_id)
    corrections = Corrections(installation.journal, unit.clock)
    request = _request(unit)
    versions = installation.metering.events.versions(organisation_id, event_id)
    if request is None or not corrections.is_by(versions, organisation_id, request):
        with installation.metering.expired.correcting(organisation_id, event.event, event.timestamp):
            correct(corrections, _standing(organisation_id, event))
        unit.note("updated", "events", event_id, _changes(event, _found(unit, event_id)))
    return _json(fate_of(unit, _found(unit, event_id)))


def _changes(before: StoredEvent, after: StoredEvent) -> dict[str, tuple[object, object]]:
    if after.voided:
        return {"status": ("counted", "voided")}
    fields = "customer_key", "event", "timestamp", "quantity", "properties"
    return {name: (getattr(before, name), getattr(after, name)) for name in fields}


def _request(unit: Unit) -> bytes | None:
    """What a repeated request is known by in the journal, should the first answer have been lost with the process."""
    return f"{unit.claim.key}\n{unit.claim.fingerprint}".encode() if unit.claim else None


def _found(unit: Unit, event_id: str) -> StoredEvent:
    event: StoredEvent | None = unit.installation.metering.events.find(unit.organisation_id, event_id)
    if event is None:
        raise NotFound.of("event", event_id)
    return event


def _standing(organisation_id: str, event: StoredEvent) -> Standing:
    """Raises: Conflict if no version of it counts any more."""
    if event.voided:
        raise Conflict(
            f"Event {event.id!r} was voided, which is final. If it happened after all, send it as a new event with "
            "another id."
        )
    if event.left_out is not None and event.left_out.why != "held":
        raise Conflict(
            f"Event {event.id!r} does not count: its status is {event.left_out.why}, by backfill "
            f"{event.left_out.backfill_id}. There is nothing to correct."
        )
    return Standing(
        organisation_id=organisation_id,
        id=event.id,
        sequence=event.sequence,
        customer_key=event.customer_key,
        event=event.event,
        timestamp=event.timestamp,
        quantity=event.quantity,
        properties=event.properties,
        backfill=event.backfill_id,
    )


def _only_unattributed(unit: Unit, filter_: EventFilter) -> EventFilter:
    """The filter with the customer keys that occur under it but mean no customer."""
    present = unit.installation.metering.events.customer_keys(unit.organisation_id, filter_)
    unowned: list[str] = []
    for start in range(0, len(present), _CHUNK):
        chunk = present[start : start + _CHUNK]
        owners = owners_of(unit.session, chunk)
        unowned += [key for key in chunk if key not in owners]
    return replace(filter_, customer_keys=tuple(unowned))


def _await_metering(unit: Unit) -> None:
    """Who sends an event and then asks sees it, as long as metering keeps up. Holds no connection meanwhile."""
    installation = unit.installation
    installation.metering.drain(_PATIENCE_S)


def _json(document: msgspec.Struct) -> Response:
    return Response(_encoder.encode(document), media_type="application/json")
