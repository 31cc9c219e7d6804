"""`GET /v1/events/stream?view=live`: what a dashboard shows of the stream, at a pace that eyes can follow.

At most 20 events a second, and four times a second the figures beside them, however many events come in.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from anyio.to_thread import run_sync
from starlette.types import Receive, Send

from justpaid.accounts import Identity, find_organisation
from justpaid.api.installation import Installation
from justpaid.api.schemas.live import LivePulseOut, LiveSampleOut
from justpaid.api.server_sent import HEARTBEAT_S, answering, first_of, waker, write
from justpaid.api.values import write_instant
from justpaid.customers import names_of_keys
from justpaid.ingest import LiveEvent, Sampler
from justpaid.insights import day_of, metering_standing

PULSE_S: Final = 0.25
SAMPLES_A_PULSE: Final = 5
#: How long a customer's name, or that a key means nobody, is taken to stay so.
_KNOWN_S: Final = 10.0
_NAMES: Final = 10_000
_encoder: Final = msgspec.json.Encoder()


class LiveView:
    """Lives until the client leaves, its key is revoked or the server stops. A slow reader misses pulses."""

    def __init__(
        self, installation: Installation, *, pulse_s: float = PULSE_S, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._installation = installation
        self._pulse_s = pulse_s
        self._check_s = heartbeat_s

    async def __call__(
        self, identity: Identity, still_valid: Callable[[], Awaitable[bool]], receive: Receive, send: Send
    ) -> None:
        """`still_valid` is asked now and then whether the caller may still look."""
        news = asyncio.Event()
        sampler = Sampler(identity.organisation_id, waker(news), most=SAMPLES_A_PULSE)
        pulses = await run_sync(_Pulses.of, self._installation, identity)
        with self._installation.feed.watched_by(sampler):
            async with answering(receive, send) as gone:
                await self._relay(pulses, sampler, news, gone, still_valid, send)

    async def _relay(
        self,
        pulses: "_Pulses",
        sampler: Sampler,
        news: asyncio.Event,
        gone: "asyncio.Task[None]",
        still_valid: Callable[[], Awaitable[bool]],
        send: Send,
    ) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        check_at = due + self._check_s
        while not (gone.done() or sampler.closed):
            events, arrived = sampler.take()
            await write(send, await run_sync(pulses.frames, events, arrived))
            # From now, not from when it was due: what a slow reader missed is not made up for.
            due = max(due + self._pulse_s, loop.time())
            await first_of(news, gone, timeout_s=due - loop.time())
            if loop.time() >= check_at:
                check_at = loop.time() + self._check_s
                if not await still_valid():
                    return


@dataclass
class _Pulses:
    """What one viewer is sent; in worker threads, one call after the other."""

    installation: Installation
    identity: Identity
    zone: str
    names: dict[str, tuple[float, str | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, installation: Installation, identity: Identity) -> "_Pulses":
        """Raises: EngineUnavailable."""
        installation.metering.traffic.of(identity.organisation_id)
        with installation.database.tenant(identity.organisation_id) as session:
            zone = find_organisation(session, identity.organisation_id).timezone
        return cls(installation, identity, zone)

    def frames(self, events: list[LiveEvent], arrived: int) -> bytes:
        samples = b"".join(_frame(b"sample", sample) for sample in self._samples(events))
        return samples + _frame(b"pulse", self._pulse(arrived, len(events)))

    def _samples(self, events: list[LiveEvent]) -> list[LiveSampleOut]:
        names = self._names({event.customer_key for event in events})
        position = self.installation.metering.drainer.position
        return [
            LiveSampleOut.of(event, names.get(event.customer_key), metered=event.sequence < position)
            for event in events
        ]

    def _pulse(self, arrived: int, shown: int) -> LivePulseOut:
        installation, organisation_id = self.installation, self.identity.organisation_id
        now = self.identity.clock_at or installation.clock.now()
        counts = installation.metering.traffic.of(organisation_id)
        standing = metering_standing(installation.metering, installation.clock)
        return LivePulseOut(
            at=write_instant(now),
            events_per_minute=installation.ingest.pace.events_per_minute(organisation_id),
            events_today=counts.during(day_of(now, self.zone)),
            metered_behind=standing.behind,
            lag_ms=standing.lag_ms,
            arrived=arrived,
            shown=shown,
        )

    def _names(self, keys: set[str]) -> dict[str, str]:
        """The customers' names, by key; of keys that mean one."""
        now = time.monotonic()
        unknown = {key for key in keys if self.names.get(key, (0.0, None))[0] < now}
        if unknown:
            with self.installation.database.tenant(self.identity.organisation_id) as session:
                found = names_of_keys(session, unknown)
            if len(self.names) > _NAMES:
                self.names.clear()
            self.names.update({key: (now + _KNOWN_S, found.get(key)) for key in unknown})
        return {key: name for key in keys if (name := self.names[key][1]) is not None}


def _frame(name: bytes, data: LiveSampleOut | LivePulseOut) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name, _encoder.encode(data))
