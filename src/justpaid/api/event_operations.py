"""The OpenAPI description of what is served without the framework: sending events, and the stream of them."""

from typing import Any, Final

import msgspec

from justpaid.api.schemas.events import EventFate, EventPage, LiveEventOut, ReceiptOut
from justpaid.api.schemas.line_events import LineEventPage
from justpaid.api.schemas.live import LivePulseOut, LiveSampleOut, PortalPulseOut

_REF: Final = "#/components/schemas/{name}"
_EXAMPLE: Final = {
    "id": "evt-1",
    "customer_id": "cus_abc123",
    "event": "api_call",
    "timestamp": "2026-04-17T15:19:02.847Z",
    "quantity": 1,
    "properties": {"model": "gpt-4o", "tokens": 1847},
}
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 255}

_EVENT_IN: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One use of your product.",
    "required": ["customer_id", "event"],
    "additionalProperties": False,
    "properties": {
        "id": _NAME
        | {
            "description": "Your id of it. It counts once, however often it is sent; without one a retry "
            "can't be recognised, and a new id is given."
        },
        "customer_id": _NAME | {"description": "The customer's id, external id or alias. It may be created later."},
        "event": _NAME | {"description": "What happened; meters select by it."},
        "timestamp": {
            "description": "When it happened: RFC 3339 with an offset, or epoch seconds or milliseconds. Default: now.",
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "number"}, {"type": "null"}],
        },
        "quantity": {
            "description": "An exact decimal of at most 20 digits before the point and 12 after it.",
            "default": 1,
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"}],
        },
        "properties": {
            "description": "Whatever meters, filters and invoices use; at most 64 KiB and 32 levels of nesting.",
            "anyOf": [{"type": "object"}, {"type": "null"}],
        },
    },
    "example": _EXAMPLE,
}

_EVENTS_IN: Final[dict[str, Any]] = {
    "description": "One event, an array of them, or an object that wraps the array.",
    "anyOf": [
        {"$ref": _REF.format(name="EventIn")},
        {"type": "array", "items": {"$ref": _REF.format(name="EventIn")}},
        {
            "type": "object",
            "required": ["events"],
            "additionalProperties": False,
            "properties": {"events": {"type": "array", "items": {"$ref": _REF.format(name="EventIn")}}},
        },
    ],
}


def _query(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": {"type": "string"}}


_SEND: Final[dict[str, Any]] = {
    "tags": ["events"],
    "operationId": "send_events",
    "summary": "Send Events",
    "description": "Accept events. The answer comes after they are on disk. It is 200 also where some were refused: "
    "`errors` tells which and why. Any other status means that nothing was kept.",
    "parameters": [
        {
            "name": "Content-Encoding",
            "in": "header",
            "required": False,
            "description": "How the body is compressed.",
            "schema": {"type": "string", "enum": ["gzip", "zstd", "identity"]},
        },
        _query("backfill", "The id of an open backfill: the events belong to it, and count once it is closed."),
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": _REF.format(name="EventsIn")}, "example": _EXAMPLE},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}},
        },
    },
    "responses": {
        "200": {
            "description": "What became of each event",
            "content": {"application/json": {"schema": {"$ref": _REF.format(name="ReceiptOut")}}},
        },
        "503": {
            "description": "Too busy; nothing was kept. Repeat after `Retry-After` seconds",
            "headers": {"Retry-After": {"schema": {"type": "integer"}}},
            "content": {"application/problem+json": {"schema": {"$ref": _REF.format(name="Problem")}}},
        },
    },
}

_STREAM: Final[dict[str, Any]] = {
    "tags": ["events"],
    "operationId": "stream_events",
    "summary": "Stream Events",
    "description": "Accepted events, live, as server-sent events: `event: usage`, `id:` the sequence, `data:` a "
    '`LiveEventOut`. A reader that is too slow gets `event: lost` with `data: {"count": n}`. A comment comes every 15 '
    "seconds. A client that comes back with `Last-Event-ID` first gets what it missed: of more than 10,000 events the "
    "newest, after an `event: lost`.",
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "The id of the last event that you got. Clients of server-sent events send it.",
            "schema": {"type": "string", "pattern": r"^\d{1,18}$"},
        },
        _query("customer_id", "Only this customer's: its id, external id, an alias, or any key as sent."),
        _query("event", "Only events of this name."),
        {
            "name": "view",
            "in": "query",
            "required": False,
            "description": "`live`: for a screen, without filters: at most 20 events a second as `event: sample` with "
            "a `LiveSampleOut`, and four times a second `event: pulse` with a `LivePulseOut`.",
            "schema": {"type": "string", "enum": ["live"]},
        },
    ],
    "responses": {
        "200": {
            "description": "Until you leave",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
}

_PORTAL_STREAM: Final[dict[str, Any]] = {
    "tags": ["portal"],
    "operationId": "stream_portal",
    "summary": "Stream Portal",
    "description": "Server-sent events for the customer's page: at most once a second `event: pulse` with a "
    "`PortalPulseOut`, when events of the customer came. A comment comes every 15 seconds.",
    "responses": {
        "200": {
            "description": "Until you leave, or the link ends",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
}

_UPLOAD: Final[dict[str, Any]] = {
    "tags": ["imports"],
    "operationId": "create_import",
    "summary": "Create Import",
    "description": "Upload a CSV file with a header row. It is kept, looked at and not imported yet: map its columns, "
    "preview, start. The same file may be uploaded again: its rows count once.",
    "parameters": [_query("filename", "What people know the file by.")],
    "requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}}},
    "responses": {
        "201": {
            "description": "What is in the file",
            "content": {"application/json": {"schema": {"$ref": _REF.format(name="ImportOut")}}},
        }
    },
}

EVENT_PATHS: Final[dict[str, dict[str, Any]]] = {
    "/v1/events": {"post": _SEND},
    "/v1/events/stream": {"get": _STREAM},
    "/v1/imports": {"post": _UPLOAD},
    "/v1/portal/stream": {"get": _PORTAL_STREAM},
}


def event_schemas() -> dict[str, Any]:
    """All schemas of events, by name."""
    described = [
        EventPage,
        EventFate,
        ReceiptOut,
        LiveEventOut,
        LineEventPage,
        LiveSampleOut,
        LivePulseOut,
        PortalPulseOut,
    ]
    _, made = msgspec.json.schema_components(described, ref_template=_REF)
    return {**made, "EventIn": _EVENT_IN, "EventsIn": _EVENTS_IN}
