"""The public API as the demo uses it: nothing that a customer of JustPaid could not do."""

import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx
import msgspec

from justpaid.kernel.errors import (
    Conflict,
    EngineUnavailable,
    FieldError,
    InvalidRequest,
    JustPaidError,
    NotFound,
    Overloaded,
    Unauthenticated,
)

Json = dict[str, Any]

_ATTEMPTS: Final = 10
_ERRORS: Final[Mapping[int, type[JustPaidError]]] = {
    401: Unauthenticated,
    404: NotFound,
    409: Conflict,
    422: InvalidRequest,
    503: EngineUnavailable,
}


class Stopped(Exception):
    """The demo was asked to end while it waited."""


class Api:
    """Blocking; repeats what met an overloaded or unreachable server, which is safe: every write has a lasting key.

    All methods raise the server's problem as the kernel's error of its status, EngineUnavailable when no answer comes,
    and Stopped once `stop` is set while waiting for another attempt.
    """

    def __init__(
        self, address: str, secret: str, stop: threading.Event, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._http = httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {secret}"},
            timeout=httpx.Timeout(60, connect=5),
            transport=transport,
        )
        self._stop = stop

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **parameters: str | int) -> Json:
        return self._send("GET", path, parameters=parameters)

    def pages(self, path: str, **parameters: str | int) -> Iterator[Json]:
        """Every item of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=100, **parameters, **cursor)
            yield from page["data"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def post(self, path: str, body: object) -> Json:
        return self._send("POST", path, body, {"Idempotency-Key": str(uuid.uuid4())})

    def send_events(self, events: list[Json]) -> Json:
        """The receipt. An event's own id makes a repetition safe."""
        return self._send("POST", "/v1/events", events)

    def ensure(self, collection: str, key: str, body: Json) -> tuple[Json, bool]:
        """The record named `key`, and whether this call made it."""
        try:
            return self.post(collection, body), True
        except Conflict:
            return self.get(f"{collection}/{key}"), False

    def _send(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        parameters: Mapping[str, str | int] | None = None,
    ) -> Json:
        content = None if body is None else msgspec.json.encode(body)
        sent = {"Content-Type": "application/json", **(headers or {})} if content is not None else {}
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                answer = self._http.request(method, path, content=content, headers=sent, params=parameters)
            except httpx.TransportError as error:
                problem: JustPaidError = EngineUnavailable(f"{self._http.base_url} does not answer: {error}")
                wait_s = min(0.1 * 2**attempt, 5.0)
            else:
                if answer.is_success:
                    return _object(answer)
                problem = _problem(answer)
                if answer.status_code != Overloaded.status:
                    raise problem
                wait_s = _retry_after_s(answer)
            if self._stop.wait(wait_s):
                raise Stopped
        raise problem


def _object(answer: httpx.Response) -> Json:
    decoded: Json = msgspec.json.decode(answer.content)
    return decoded


def _retry_after_s(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), 30.0) if text.isascii() and text.isdigit() else 1.0


def _problem(answer: httpx.Response) -> JustPaidError:
    """The error that the server meant, from its problem document."""
    kind = _ERRORS.get(answer.status_code, JustPaidError)
    try:
        document = _object(answer)
        errors = [FieldError(e["field"], e["message"], e.get("code", "invalid")) for e in document.get("errors", ())]
        return kind(document["detail"], errors=errors)
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return kind(f"{answer.request.method} {answer.request.url.path} was answered with {answer.status_code}.")
