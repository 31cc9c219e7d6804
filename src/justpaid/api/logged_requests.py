"""Notes every request that came through the door in the request log, and gives each an id."""

import time
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from justpaid.accounts import Identity
from justpaid.api.request_log import RequestLog, asked_by
from justpaid.kernel.ids import new_id

#: Where the door leaves who asks and for which route, and a problem its code.
ADMITTED: Final = "justpaid.admitted"
PROBLEM: Final = "justpaid.problem"
#: Comes too fast for a row and an id each.
_COUNTED: Final = "POST /v1/events"
_HEADER: Final = b"x-request-id"


class LoggedRequests:
    def __init__(self, app: ASGIApp, log: RequestLog) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._log.is_on:
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request_id = "" if scope["path"] == "/v1/events" and scope["method"] == "POST" else new_id("req")
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if request_id:
                    message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            admitted: tuple[Identity, str] | None = scope.get(ADMITTED)
            if admitted is not None and status:
                asked = asked_by(*admitted, status, scope.get(PROBLEM))
                seconds = time.perf_counter() - began
                if request_id:
                    self._log.note(asked, request_id, seconds)
                else:
                    self._log.count(asked, seconds)
