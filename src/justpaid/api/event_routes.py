"""Where the plain ASGI applications for events and streams are mounted. They go before the framework's routes, and as
routes, so that other methods at their paths reach the framework and 405 answers name theirs."""

from typing import Final

from fastapi import FastAPI
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from justpaid.api.events import EventIntake
from justpaid.api.import_upload import ImportUpload
from justpaid.api.installation import Installation
from justpaid.api.portal_stream import PortalStream
from justpaid.api.stream import EventStream

EVENTS: Final = "/v1/events"


class EventsFirst(FastAPI):
    """Hands `POST /v1/events` to `intake` before the framework and the layers around it see it: they cost as much as
    the rest of a request with one event."""

    intake: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == EVENTS and scope["method"] == "POST":
            await self.intake(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def event_routes(installation: Installation) -> list[BaseRoute]:
    return [
        _route("POST", EVENTS, EventIntake(installation)),
        _route("GET", "/v1/events/stream", EventStream(installation)),
        _route("POST", "/v1/imports", ImportUpload(installation)),
        _route("GET", "/v1/portal/stream", PortalStream(installation)),
    ]


def _route(method: str, path: str, app: ASGIApp) -> Route:
    route = Route(path, app, methods=[method], include_in_schema=False)
    route.methods = {method}  # without HEAD, which comes with GET: a stream would never end its empty answer
    return route
