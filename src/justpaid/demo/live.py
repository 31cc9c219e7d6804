"""Live traffic: the recording played at its own pace, over and over, each answer streamed and metered as it streams.

That is 480 calls and 11,300 events a minute. Pure: it is asked what has come due, and knows no clock of its own.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Final

from justpaid.demo.cast import part_of
from justpaid.demo.trace import Call
from justpaid.demo.usage import Event, output_event, request_event

#: Tokens in one piece of a streamed answer, and how long they take: 35 tokens a second, an ordinary speed.
CHUNK_TOKENS: Final = 7
CHUNK_MS: Final = 200
#: Left out of every round: until then the recording has few calls, and of one service only.
SPARSE_MS: Final = 80_000
#: Played before the first question and not given out, so that answers are streaming from the start.
_WARM_UP_MS: Final = 60_000
#: After so long a silence (the machine slept) the recording goes on from where it was instead of catching up.
_GAP: Final = timedelta(seconds=10)


class LiveTraffic:
    """`run_id` makes the event ids of this run its own."""

    def __init__(self, calls: Sequence[Call], run_id: str, began_at: datetime) -> None:
        self._calls = [call for call in calls if call.offset_ms >= SPARSE_MS]
        self._run_id = run_id
        self._began_at = began_at - timedelta(milliseconds=_WARM_UP_MS)
        self._asked_at = began_at
        self._next_call = 0
        self._length_ms = self._calls[-1].offset_ms - SPARSE_MS
        self._streaming: list[tuple[int, int, int, Call]] = []
        list(self._until(_WARM_UP_MS))

    def due(self, now: datetime) -> list[Event]:
        """What has happened since the last question, in order of time; never anything after `now`."""
        if now - self._asked_at > _GAP:
            self._began_at += now - self._asked_at
        self._asked_at = now
        until_ms = (now - self._began_at) // timedelta(milliseconds=1)
        return list(self._until(until_ms))

    def _until(self, until_ms: int) -> Iterator[Event]:
        while (call_ms := self._call_ms()) <= until_ms or (self._streaming and self._streaming[0][0] <= until_ms):
            if self._streaming and self._streaming[0][0] <= call_ms:
                yield self._stream_on()
            else:
                yield self._start(call_ms)

    def _call_ms(self) -> int:
        """When the next call starts, in milliseconds of this run."""
        round_, position = divmod(self._next_call, len(self._calls))
        return round_ * self._length_ms + self._calls[position].offset_ms - SPARSE_MS

    def _start(self, at_ms: int) -> Event:
        number = self._next_call
        call = self._calls[number % len(self._calls)]
        self._next_call += 1
        if call.output_tokens:
            heappush(self._streaming, (at_ms + CHUNK_MS, number, 0, call))
        return request_event(f"live-{self._run_id}-{number}-in", self._instant(at_ms), call, part_of(call))

    def _stream_on(self) -> Event:
        at_ms, number, sent, call = heappop(self._streaming)
        tokens = min(CHUNK_TOKENS, call.output_tokens - sent)
        if sent + tokens < call.output_tokens:
            heappush(self._streaming, (at_ms + CHUNK_MS, number, sent + tokens, call))
        event_id = f"live-{self._run_id}-{number}-out-{sent}"
        return output_event(event_id, self._instant(at_ms), tokens, call, part_of(call))

    def _instant(self, at_ms: int) -> datetime:
        return self._began_at + timedelta(milliseconds=at_ms)
