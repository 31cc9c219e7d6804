"""The outermost layers: no exception passes them, and every response carries the headers that keep browsers safe."""

from typing import Final

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from justpaid.api.problems import response_to
from justpaid.kernel.errors import MalformedRequest

log = structlog.get_logger(__name__)

_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)

_CUT_SHORT: Final = MalformedRequest("The body broke off before its end. Nothing was kept; send it again, in full.")


class ProblemBoundary:
    """Turns whatever an application raises, of any framework or none, into a problem document."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def noting_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting_start)
        except ClientDisconnect:
            if not started:
                # Mostly nobody is left to read it; but a client whose chunks are malformed is.
                await response_to(_CUT_SHORT)(scope, receive, send)
        except Exception as error:
            if started:
                log.exception("response_broken_off", path=scope["path"])
                raise
            await response_to(error)(scope, receive, send)


class SafeHeaders:
    """Adds the headers that a route did not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                message["headers"] = given + [header for header in _HEADERS if header[0] not in names]
            await send(message)

        await self.app(scope, receive, with_headers)
