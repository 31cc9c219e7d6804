"""Where the plain ASGI applications for events are mounted. They go before the framework's routes, and as routes, so
that other methods at their paths reach the framework and 405 answers name theirs."""

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from justpaid.api.events import EventIntake
from justpaid.api.installation import Installation
from justpaid.api.stream import EventStream


def event_routes(installation: Installation) -> list[BaseRoute]:
    return [
        _route("POST", "/v1/events", EventIntake(installation)),
        _route("GET", "/v1/events/stream", EventStream(installation)),
    ]


def _route(method: str, path: str, app: ASGIApp) -> Route:
    route = Route(path, app, methods=[method], include_in_schema=False)
    route.methods = {method}  # without HEAD, which comes with GET: a stream would never end its empty answer
    return route
