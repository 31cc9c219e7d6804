"""Server-sent events: what every stream of them does.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from starlette.types import Receive, Send

#: Proxies close a connection that is silent for a minute or even half of one.
HEARTBEAT_S: Final = 15.0

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
]


@asynccontextmanager
async def answering(receive: Receive, send: Send) -> AsyncIterator["asyncio.Task[None]"]:
    """Begin the answer, and end it unless an error cuts it off; yields what is done once the client has left."""
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await write(send, b": connected\n\n")
    gone = asyncio.create_task(_until_gone(receive))
    try:
        yield gone
    finally:
        gone.cancel()
    await send({"type": "http.response.body", "body": b""})


async def write(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def waker(news: asyncio.Event) -> Callable[[], None]:
    """What sets `news` from any thread."""
    loop = asyncio.get_running_loop()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(news.set)

    return wake


async def first_of(news: asyncio.Event, gone: "asyncio.Task[None]", timeout_s: float) -> None:
    """Wait for either, and no longer than `timeout_s`; `news` is cleared."""
    arrived = asyncio.create_task(_forgetting(news))
    await asyncio.wait((arrived, gone), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    arrived.cancel()


async def _forgetting(news: asyncio.Event) -> None:
    await news.wait()
    news.clear()
