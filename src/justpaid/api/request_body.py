"""Reading a request's body: bounded, of a type that we read, exact."""

import re
from collections.abc import Awaitable
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope

from justpaid.api.exact_json import read_json
from justpaid.kernel.errors import TooLarge, UnsupportedMedia


class ReadRequest(Request):
    """A request whose body was read already; the framework gets it from here."""

    def __init__(self, scope: Scope, receive: Receive, body: bytes, document: Any) -> None:
        super().__init__(scope, receive)
        self._bytes = body
        self._document = document

    def body(self) -> Awaitable[bytes]:  # type: ignore[override]
        return _ready(self._bytes)

    def json(self) -> Awaitable[Any]:  # type: ignore[override]
        return _ready(self._document)


async def _ready(value: Any) -> Any:
    return value


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body, however it is framed.  Raises: TooLarge as soon as it is known to be over `limit_bytes`."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise _too_large(limit_bytes)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise _too_large(limit_bytes)
    return bytes(body)


async def read_request(request: Request, limit_bytes: int) -> ReadRequest:
    """The request with its body and, where there is one, the JSON document in it.

    Raises: TooLarge, UnsupportedMedia, and what `read_json` raises.
    """
    body = await read_body(request, limit_bytes)
    document = None
    if body:
        _require_json(request)
        document = read_json(body)
    return ReadRequest(request.scope, request.receive, body, document)


def _require_json(request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not re.fullmatch(r"application/(\S+\+)?json", media_type):
        raise UnsupportedMedia(
            f"The body's content type is {repr(media_type) if media_type else 'not given'}. "
            "Send JSON with Content-Type: application/json."
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("Only POST /v1/events takes a compressed body. Send this one without Content-Encoding.")


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit_bytes} bytes, the limit of this route. Send less at once.")
