"""The route class of what people do with their own account: signing in and out, sessions, organisations.

It is not bound to one organisation, so its handlers, plain functions with a `visit: Visit` parameter, open transactions
of their own. The body is read as strictly as everywhere, and what another site's page sends is refused.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from justpaid.accounts import Client, Identity, NotSignedIn, SignedIn
from justpaid.api.admission import require_csrf, require_same_site
from justpaid.api.callers import client_of
from justpaid.api.cookie import identify_person, session_token_in
from justpaid.api.installation import Installation
from justpaid.api.request_body import read_request
from justpaid.kernel.errors import Unauthenticated
from justpaid.platform.database import Database


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a person, or of somebody who wants to be one. `identity` is None before they are signed in."""

    installation: Installation
    request: Request
    client: Client
    token: str | None
    identity: Identity | None

    @property
    def database(self) -> Database:
        return self.installation.database

    @property
    def person(self) -> SignedIn:
        """Raises: NotSignedIn."""
        if self.identity is None or self.identity.person is None:
            raise NotSignedIn
        return self.identity.person

    def now(self) -> datetime:
        """The real time: sessions and links know no test clock."""
        return self.installation.clock.now()


def person_router(prefix: str) -> APIRouter:
    return APIRouter(prefix=prefix, tags=["people"], route_class=PersonRoute)


class PersonRoute(APIRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def with_visit(request: Request) -> Response:
            installation = cast(Installation, request.app.state.installation)
            if request.method != "GET":
                require_same_site(request.headers)
            token = session_token_in(request.headers)
            identity = None
            if token is not None:
                identity = await _identify(installation, token)
            read = await read_request(request, installation.settings.max_body_bytes)
            if identity is not None and not getattr(self.endpoint, "signs_in", False):
                require_csrf(request.method, request.headers, token or "")
            read.state.visit = Visit(installation, request, client_of(request), token, identity)
            return await handle(read)

        return with_visit


def signs_in(handler: Any) -> Any:
    """Marks a handler that gives a new session, which the old one's CSRF token has no part in: its proof, a password or
    a token, is in the body."""
    handler.signs_in = True
    return handler


async def _identify(installation: Installation, token: str) -> Identity | None:
    try:
        return await identify_person(installation, token)
    except Unauthenticated:
        return None


async def _of_request(request: Request) -> Visit:
    visit = request.state.visit
    assert isinstance(visit, Visit)
    return visit


#: The parameter type by which a handler asks for its visit.
Visiting = Annotated[Visit, Depends(_of_request)]
