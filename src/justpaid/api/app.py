"""Putting the API together."""

from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from justpaid import __version__
from justpaid.api import openapi
from justpaid.api.boundary import ProblemBoundary, SafeHeaders
from justpaid.api.event_routes import EventsFirst, event_routes
from justpaid.api.events import EventIntake
from justpaid.api.installation import Installation
from justpaid.api.logged_requests import LoggedRequests
from justpaid.api.problems import response_to
from justpaid.api.request_log import RequestLog
from justpaid.api.routes import ROUTERS
from justpaid.api.web import BUILT, WebUI

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def create_app(installation: Installation, *, web: Path = BUILT) -> FastAPI:
    """The ASGI application over an installation. `web`: the folder with the built UI, which need not be there."""
    app = EventsFirst(
        title="JustPaid API",
        version=__version__,
        # The stock pages load scripts from another host.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=openapi.operation_id,
    )
    app.state.installation = installation
    app.router.routes.extend(event_routes(installation))
    for router in ROUTERS:
        app.include_router(router)
    app.openapi = lambda: openapi.document(app)  # type: ignore[method-assign]
    app.add_exception_handler(HTTPException, _answer)
    app.add_exception_handler(RequestValidationError, _answer)
    app.state.request_log = log = RequestLog(installation)
    app.intake = SafeHeaders(LoggedRequests(ProblemBoundary(EventIntake(installation)), log))
    app.add_middleware(ProblemBoundary)
    app.add_middleware(LoggedRequests, log=log)
    app.add_middleware(SafeHeaders)
    app.add_middleware(WebUI, folder=web)
    return app


async def _answer(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == 405:
        # A path's methods are routes of their own; the framework names only those of the first.
        allowed = ", ".join(_methods_at(request.scope, request.app.routes))
        error = HTTPException(405, headers={"Allow": allowed})
    return response_to(error)


def _methods_at(scope: Scope, routes: list[BaseRoute]) -> list[str]:
    return [
        method
        for method in _METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
