"""`POST /v1/events` in plain ASGI: it carries the load, so only what it needs runs here."""

import asyncio
from typing import Final

import msgspec
from anyio.to_thread import run_sync
from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from justpaid.api.admission import admit
from justpaid.api.exact_json import is_storable
from justpaid.api.handover import Handover
from justpaid.api.installation import Installation
from justpaid.api.schemas.events import ReceiptOut
from justpaid.ingest import Receipt, Submission, backfill_of, find_backfill
from justpaid.kernel.errors import InvalidRequest, TooLarge, UnsupportedMedia

#: Content types that are read, and whether each means one event a line.
_NDJSON: Final = {
    "": False,
    "application/json": False,
    "application/x-ndjson": True,
    "application/ndjson": True,
}

_ROUTE: Final = "POST /v1/events"
_BACKFILL: Final = "backfill"

_encoder: Final = msgspec.json.Encoder()


class EventIntake:
    """Answers with the receipt, after the events are on disk.

    Raises: Unauthenticated, Forbidden, InvalidRequest, UnsupportedMedia, TooLarge, MalformedRequest, Overloaded,
    EngineUnavailable, and under a backfill NotFound, Conflict: nothing was kept.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._receipts: Handover[Receipt] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        identity = await admit(self._installation, scope, _ROUTE)
        backfill_id = _backfill_in(scope["query_string"])
        ndjson = _is_ndjson(headers.get("content-type", ""))
        body = await _read(headers, receive, self._installation.settings.max_events_body_bytes)
        submission = Submission(
            organisation_id=identity.organisation_id,
            live=identity.mode == "live",
            body=body,
            ndjson=ndjson,
            encoding=headers.get("content-encoding", ""),
            now=identity.clock_at,
        )
        if backfill_id is None:
            receipt = await self._handover().wait_for(self._installation.ingest.submit(submission))
        else:
            receipt = await run_sync(self._send_under, backfill_id, submission)
        answer = _encoder.encode(ReceiptOut.of(receipt))
        length = str(len(answer)).encode()
        start = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        await send({"type": "http.response.body", "body": answer})

    def _handover(self) -> Handover[Receipt]:
        loop = asyncio.get_running_loop()
        if self._receipts is None or self._receipts.loop is not loop:
            self._receipts = Handover(loop)
        return self._receipts

    def _send_under(self, backfill_id: str, submission: Submission) -> Receipt:
        with self._installation.database.tenant(submission.organisation_id) as session:
            backfill = backfill_of(find_backfill(session, backfill_id))
        receipt: Receipt = self._installation.backfills.send(backfill, submission)
        return receipt


def _backfill_in(query: bytes) -> str | None:
    """The backfill that events are sent under, if they are.  Raises: InvalidRequest: were a misspelt parameter
    overlooked, history would count at once."""
    if not query:
        return None
    parameters = QueryParams(query)
    for name in parameters:
        if name != _BACKFILL:
            raise InvalidRequest.of(name, f"is no parameter here; there is {_BACKFILL}", code="unknown_field")
    given = parameters.getlist(_BACKFILL)
    if len(given) != 1 or not is_storable(given[0]):
        raise InvalidRequest.of(_BACKFILL, "must be the id of one backfill")
    return given[0]


def _is_ndjson(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    try:
        return _NDJSON[media_type]
    except KeyError:
        raise UnsupportedMedia(
            f"Content-Type {media_type!r} is not read here. Send application/json (one event, an array, or "
            '{"events": [...]}) or application/x-ndjson (one event a line).'
        ) from None


async def _read(headers: Headers, receive: Receive, limit_bytes: int) -> bytes:
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise _too_large(limit_bytes)
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        body: bytes = message.get("body", b"")
    else:
        body = await _read_chunks(message["type"], message.get("body", b""), receive, limit_bytes)
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


async def _read_chunks(kind: str, first: bytes, receive: Receive, limit_bytes: int) -> bytes:
    body = bytearray(first)
    more = True
    while more:
        if kind == "http.disconnect":
            raise ClientDisconnect
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
        message = await receive()
        kind, more = message["type"], message.get("more_body", False)
        body += message.get("body", b"")
    if kind == "http.disconnect":
        raise ClientDisconnect
    return bytes(body)


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit_bytes} bytes; send smaller batches.")
