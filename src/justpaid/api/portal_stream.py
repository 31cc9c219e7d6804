"""`GET /v1/portal/stream`: tells a customer's page that usage has moved, as server-sent events.

Pulses alone, with counts: what has moved is asked for again, so that the page shows the numbers of the other routes.
"""

import asyncio
from typing import Final

import msgspec
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from justpaid.api.installation import Installation
from justpaid.api.portal_route import let_in
from justpaid.api.schemas.live import PortalPulseOut
from justpaid.api.server_sent import HEARTBEAT_S, answering, first_of, waker, write
from justpaid.api.values import write_instant
from justpaid.customers import find_customer, keys_of
from justpaid.ingest import Sampler
from justpaid.kernel.errors import TooManyAttempts, Unauthenticated
from justpaid.portal import Visitor

#: How often a page may be told; what it asks for then costs more than the pulse.
PULSE_S: Final = 1.0
_encoder: Final = msgspec.json.Encoder()


class PortalStream:
    """Lives until the page closes, its link expires or is revoked, or the server stops.

    Raises, before it starts: Unauthenticated, TooManyAttempts.
    """

    def __init__(
        self, installation: Installation, *, pulse_s: float = PULSE_S, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._installation = installation
        self._pulse_s = pulse_s
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        visitor = await let_in(self._installation, headers)
        keys = await run_sync(self._keys, visitor)
        news = asyncio.Event()
        sampler = Sampler(visitor.organisation_id, waker(news), most=0, customer_keys=keys, wake_on_events=True)
        with self._installation.feed.watched_by(sampler):
            async with answering(receive, send) as gone:
                await self._relay(visitor, sampler, news, gone, headers, send)

    async def _relay(
        self,
        visitor: Visitor,
        sampler: Sampler,
        news: asyncio.Event,
        gone: "asyncio.Task[None]",
        headers: Headers,
        send: Send,
    ) -> None:
        loop = asyncio.get_running_loop()
        beat_at = loop.time()
        while not (gone.done() or sampler.closed):
            _, arrived = sampler.take()
            if loop.time() >= beat_at:
                beat_at = loop.time() + self._heartbeat_s
                if not await self._still_valid(headers):
                    return
                await write(send, b": still here\n\n")
            if arrived:
                at = visitor.clock_at or self._installation.clock.now()
                pulse = _encoder.encode(PortalPulseOut(write_instant(at), arrived))
                await write(send, b"event: pulse\ndata: %b\n\n" % pulse)
                await asyncio.wait({gone}, timeout=self._pulse_s)
            await first_of(news, gone, timeout_s=max(0.0, beat_at - loop.time()))

    async def _still_valid(self, headers: Headers) -> bool:
        try:
            await let_in(self._installation, headers)
        except Unauthenticated:
            return False
        except TooManyAttempts:
            pass  # valid, but busy with other questions
        return True

    def _keys(self, visitor: Visitor) -> frozenset[str]:
        with self._installation.database.tenant(visitor.organisation_id) as session:
            customer = find_customer(session, visitor.customer_id)
            return frozenset(keys_of(session, [customer])[customer.id])
