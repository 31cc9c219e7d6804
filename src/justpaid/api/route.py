"""The route class of everything below /v1, and the router that makes them.

Order of checks, each before anything costly: key, or session and role; parameters' spelling, size, content type, JSON,
fields, transaction.
"""

import functools
import inspect
from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from justpaid.api.admission import admit
from justpaid.api.exact_json import is_storable
from justpaid.api.idempotency import claim_in
from justpaid.api.installation import Installation
from justpaid.api.request_body import read_request
from justpaid.api.unit_of_work import UnitOfWork
from justpaid.kernel.errors import FieldError, InvalidRequest

Handler = Callable[..., object]


def router(tag: str, prefix: str) -> APIRouter:
    """A router for one feature's routes; `prefix` starts with /v1."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=UnitOfWorkRoute)


class UnitOfWorkRoute(APIRoute):
    """Runs its handler, a plain function with a `unit: Unit` parameter, inside that unit of work."""

    def __init__(self, path: str, endpoint: Handler, **options: Any) -> None:
        super().__init__(path, _in_unit_of_work(endpoint, options.get("status_code") or 200), **options)
        self._parameters = frozenset(_parameters(self.dependant))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_unit(request: Request) -> Response:
            installation = cast(Installation, request.app.state.installation)
            identity = await admit(installation, request.scope, f"{request.method} {self.path_format}")
            check_parameters(request, self._parameters)
            read = await read_request(request, installation.settings.max_body_bytes)
            claim = claim_in(read, await read.json())
            read.state.unit = UnitOfWork(installation, identity, f"{request.method} {request.scope['path']}", claim)
            return await handle(read)

        return with_unit


def _in_unit_of_work(handler: Handler, status: int) -> Handler:
    if inspect.iscoroutinefunction(handler) or hasattr(handler, "__wrapped__"):
        raise TypeError(f"{handler.__name__} must be a plain function, not async and not wrapped")

    @functools.wraps(handler)
    def run(**given: Any) -> Response:
        unit = next(value for value in given.values() if isinstance(value, UnitOfWork))
        return unit.run(lambda: handler(**given), status)

    return run


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def check_parameters(request: Request, known: Iterable[str]) -> None:
    """A misspelt filter would silently show everything; what can't be stored can't be asked for."""
    errors = [
        FieldError(name, f"is no parameter here; there is {', '.join(sorted(known)) or 'none'}", "unknown_field")
        for name in request.query_params
        if name not in known
    ]
    texts = [*request.query_params.multi_items(), *request.path_params.items()]
    errors += [FieldError(name, "must not hold NUL") for name, text in texts if not is_storable(str(text))]
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
