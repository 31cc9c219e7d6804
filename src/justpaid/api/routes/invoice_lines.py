"""The proof of a single line: its arithmetic, and the events behind its quantity."""

from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends, Header, Path
from starlette.responses import Response, StreamingResponse

from justpaid.api.event_paging import EventPageRequest
from justpaid.api.route import router as new_router
from justpaid.api.schemas.explanations import ExplanationOut
from justpaid.api.schemas.line_events import LineEventOut, LineEventPage, as_csv, as_ndjson
from justpaid.api.unit_of_work import Unit
from justpaid.invoicing import counting_of, explain_line, find_invoice
from justpaid.metering import CountedEvent

router = new_router("invoices", "/v1/invoices/{invoice}/lines/{position}")

Position = Annotated[int, Path(ge=1, description="The line's place on the invoice, from 1.")]

CSV: Final = "text/csv"
NDJSON: Final = "application/x-ndjson"
_FORMATS: Final[dict[str, Callable[[Iterable[CountedEvent]], Iterator[bytes]]]] = {CSV: as_csv, NDJSON: as_ndjson}
_STREAM: Final[dict[str, Any]] = {"schema": {"type": "string"}}


@router.get("/explain")
def explain_invoice_line(invoice: str, position: Position, unit: Unit) -> ExplanationOut:
    """How a line came about: usage, price, share of the period, steps, rounding, discounts and tax."""
    found = find_invoice(unit.session, invoice)
    return ExplanationOut.of(explain_line(unit.session, unit.installation.metering, found, position))


@router.get(
    "/events",
    response_model=None,
    responses={
        200: {
            "description": "Successful Response",
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/LineEventPage"}},
                CSV: _STREAM,
                NDJSON: _STREAM,
            },
        }
    },
)
def list_line_events(
    invoice: str,
    position: Position,
    unit: Unit,
    paging: Annotated[EventPageRequest, Depends()],
    accept: Annotated[str | None, Header(description="text/csv or application/x-ndjson for all of them.")] = None,
) -> Response:
    """The events that the line's quantity was counted from, as they were at its cut-off, oldest first; with `Accept`
    for CSV or NDJSON all of them, streamed."""
    for media_type in _FORMATS:
        if media_type in (accept or ""):
            return _stream(unit, invoice, position, media_type)
    counting = counting_of(unit.session, find_invoice(unit.session, invoice), position)
    found = unit.installation.metering.counted_events.page(counting, paging.fetch, paging.place())
    page = LineEventPage(list(map(LineEventOut.of_counted, found[: paging.limit])), paging.next_cursor(found))
    return Response(msgspec.json.encode(page), media_type="application/json")


@router.get("/events.csv", response_class=Response, responses={200: {"content": {CSV: _STREAM}}})
def export_line_events_as_csv(invoice: str, position: Position, unit: Unit) -> Response:
    """All events of the line as a table."""
    return _stream(unit, invoice, position, CSV)


@router.get("/events.ndjson", response_class=Response, responses={200: {"content": {NDJSON: _STREAM}}})
def export_line_events_as_ndjson(invoice: str, position: Position, unit: Unit) -> Response:
    """All events of the line, one JSON document a line."""
    return _stream(unit, invoice, position, NDJSON)


def _stream(unit: Unit, reference: str, position: int, media_type: str) -> Response:
    """It needs no transaction: what counted at a cut-off does not change."""
    invoice = find_invoice(unit.session, reference)
    counting = counting_of(unit.session, invoice, position)
    counted = unit.installation.metering.counted_events
    counted.require(counting)  # now, while it can still be refused
    suffix = {CSV: "csv", NDJSON: "ndjson"}[media_type]
    name = f"{invoice.number or invoice.id}-{position}-events.{suffix}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_FORMATS[media_type](counted.every(counting)), headers=headers, media_type=media_type)
