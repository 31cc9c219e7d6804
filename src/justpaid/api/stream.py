"""`GET /v1/events/stream`: accepted events, as they are committed, as server-sent events."""

import asyncio
from typing import Final

import msgspec
from anyio.to_thread import run_sync
from starlette.datastructures import Headers, QueryParams
from starlette.types import Receive, Scope, Send

from justpaid.accounts import Identity
from justpaid.api.admission import admit
from justpaid.api.event_keys import event_keys
from justpaid.api.exact_json import is_storable
from justpaid.api.installation import Installation
from justpaid.api.live_view import LiveView
from justpaid.api.schemas.events import LiveEventOut
from justpaid.api.server_sent import HEARTBEAT_S, answering, first_of, waker, write
from justpaid.ingest import LiveEvent, Watcher
from justpaid.kernel.errors import FieldError, Forbidden, InvalidRequest, Unauthenticated
from justpaid.metering import Wanted

_ROUTE: Final = "GET /v1/events/stream"
_PARAMETERS: Final = ("customer_id", "event", "view")
_FRAMES_AT_ONCE: Final = 500
_ID_DIGITS: Final = 18
_encoder: Final = msgspec.json.Encoder()


class EventStream:
    """Lives until the client leaves, its key is revoked, its session ends or the server stops.

    A reader that is too slow loses the oldest events, and is told how many. One that comes back with the id of the last
    event that it got (`Last-Event-ID`) first gets what it missed, within bounds, and then goes on live.

    Raises, before it starts: Unauthenticated, InvalidRequest for an unknown parameter, EngineUnavailable if what was
    missed can't be read.
    """

    def __init__(self, installation: Installation, *, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._installation = installation
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        identity = await admit(self._installation, scope, _ROUTE)
        customer, event, live = _filters(QueryParams(scope["query_string"]))
        if live:
            view = LiveView(self._installation, heartbeat_s=self._heartbeat_s)
            await view(identity, lambda: self._still_valid(scope, identity), receive, send)
            return
        resume_at = _resume_at(headers)
        keys = None
        if customer is not None:
            keys = await run_sync(self._keys, identity.organisation_id, customer)
        news = asyncio.Event()
        watcher = Watcher(identity.organisation_id, waker(news), customer_keys=keys, event=event)
        with self._installation.feed.watched_by(watcher):
            # Read after the watch began: what is committed later comes live, all before it is replayed.
            live_from = 0 if resume_at is None else self._installation.journal.head
            missed, lost = await self._missed(resume_at, live_from, Wanted(identity.organisation_id, keys, event))
            async with answering(receive, send) as gone:
                await _write_replay(send, missed, lost, gone)
                await self._relay(watcher, live_from, news, gone, scope, identity, send)

    async def _relay(
        self,
        watcher: Watcher,
        live_from: int,
        news: asyncio.Event,
        gone: "asyncio.Task[None]",
        scope: Scope,
        identity: Identity,
        send: Send,
    ) -> None:
        """Send on what the watcher gets from sequence `live_from` on."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + self._heartbeat_s
        while not (gone.done() or watcher.closed):
            await first_of(news, gone, timeout_s=beat_at - loop.time())
            taken, lost = watcher.take()
            events = [event for event in taken if event.sequence >= live_from]
            if events and not gone.done():
                await write(send, _frames(events, lost))
            if loop.time() >= beat_at:
                beat_at = loop.time() + self._heartbeat_s
                if not await self._still_valid(scope, identity):
                    return
                await write(send, b": still here\n\n")

    async def _missed(self, resume_at: int | None, end: int, wanted: Wanted) -> tuple[list[LiveEvent], int]:
        if resume_at is None:
            return [], 0
        missed: tuple[list[LiveEvent], int] = await run_sync(
            self._installation.metering.replay.between, resume_at, end, wanted
        )
        return missed

    async def _still_valid(self, scope: Scope, identity: Identity) -> bool:
        """Also false once the session is used for another organisation."""
        try:
            now = await admit(self._installation, scope, _ROUTE)
        except (Unauthenticated, Forbidden):
            return False
        return now.organisation_id == identity.organisation_id

    def _keys(self, organisation_id: str, reference: str) -> frozenset[str]:
        with self._installation.database.tenant(organisation_id) as session:
            return frozenset(event_keys(session, reference))


def _filters(query: QueryParams) -> tuple[str | None, str | None, bool]:
    """Customer and event, and whether the live view is asked for, which has no filters."""
    errors = [
        FieldError(name, f"is no parameter here; there is {', '.join(_PARAMETERS)}", "unknown_field")
        for name in query
        if name not in _PARAMETERS
    ]
    errors += [FieldError(name, "must not hold NUL") for name, text in query.multi_items() if not is_storable(text)]
    if query.get("view", "live") != "live":
        errors.append(FieldError("view", "must be live, or left out for every event"))
    if "view" in query:
        errors += [
            FieldError(name, "is no filter of view=live; leave one of the two out")
            for name in ("customer_id", "event")
            if name in query
        ]
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    return query.get("customer_id"), query.get("event"), "view" in query


def _resume_at(headers: Headers) -> int | None:
    """The sequence after that of the last event that the client has; None for one that begins.  Raises: InvalidRequest.

    Source: HTML Standard, 9.2.3: a client that reconnects sends the last id that it was given.
    """
    last = headers.get("last-event-id", "")
    if not last:
        return None
    if not (last.isascii() and last.isdigit() and len(last) <= _ID_DIGITS):
        raise InvalidRequest.of("Last-Event-ID", "is no id of this stream: send the last `id:` as it came, or nothing")
    return int(last) + 1


async def _write_replay(send: Send, missed: list[LiveEvent], lost: int, gone: "asyncio.Task[None]") -> None:
    for start in range(0, len(missed), _FRAMES_AT_ONCE):
        if gone.done():
            return
        await write(send, _frames(missed[start : start + _FRAMES_AT_ONCE], 0 if start else lost))


def _frames(events: list[LiveEvent], lost: int) -> bytes:
    """The loss first: what was lost is older than what is left."""
    told = b'event: lost\ndata: {"count":%d}\n\n' % lost if lost else b""
    return told + b"".join(
        b"event: usage\nid: %d\ndata: %b\n\n" % (event.sequence, _encoder.encode(LiveEventOut.of(event)))
        for event in events
    )
