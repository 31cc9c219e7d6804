"""The route class of everything below /v1/portal: it lets in by a portal token, to the data of one customer.

API keys and sessions open nothing here, and a portal token nothing elsewhere.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, cast

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import Headers

from justpaid.accounts import Identity
from justpaid.api.idempotency import Claim, claim_in
from justpaid.api.installation import Installation
from justpaid.api.rate_limit import RateLimit
from justpaid.api.request_body import read_request
from justpaid.api.route import UnitOfWorkRoute, check_parameters
from justpaid.api.unit_of_work import UnitOfWork
from justpaid.customers import Customer, find_customer
from justpaid.kernel.errors import Unauthenticated
from justpaid.portal import Visitor, open_portal

#: One page asks some ten questions when it opens, and a few whenever usage moves.
_RATE: Final = RateLimit(per_second=10, burst=100)


@dataclass
class PortalUnit(UnitOfWork):
    """A unit of work of a visitor of the portal. `customer` is the only one that it may look at."""

    visitor: Visitor | None = None

    @property
    def customer_id(self) -> str:
        assert self.visitor is not None
        return self.visitor.customer_id

    def customer(self) -> Customer:
        return find_customer(self.session, self.customer_id)


class PortalRoute(UnitOfWorkRoute):
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = APIRoute.get_route_handler(self)

        async def with_unit(request: Request) -> Response:
            installation = cast(Installation, request.app.state.installation)
            visitor = await let_in(installation, request.headers)
            check_parameters(request, self._parameters)
            read = await read_request(request, installation.settings.max_body_bytes)
            claim = claim_in(read, await read.json())
            asked = f"{request.method} {request.scope['path']}"
            read.state.unit = PortalUnit(
                installation, identity_of(visitor), asked, claim and _own(claim, visitor), visitor=visitor
            )
            return await handle(read)

        return with_unit


def portal_router() -> APIRouter:
    return APIRouter(prefix="/v1/portal", tags=["portal"], route_class=PortalRoute)


async def let_in(installation: Installation, headers: Headers) -> Visitor:
    """Raises: Unauthenticated, TooManyAttempts."""
    visitor = await run_sync(open_portal, installation.database, _token_in(headers), installation.clock.now())
    _RATE.take(visitor.link_id)
    return visitor


def identity_of(visitor: Visitor) -> Identity:
    """The audit trail knows what a visitor changes by the id of the link."""
    return Identity(visitor.organisation_id, visitor.mode, visitor.link_id, visitor.clock_at)


def _token_in(headers: Headers) -> str:
    given = headers.getlist("authorization")
    scheme, _, token = given[0].strip().partition(" ") if len(given) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("There is no portal token in this request. Send it as Authorization: Bearer pt_….")
    return token.strip()


def _own(claim: Claim, visitor: Visitor) -> Claim:
    """Two customers that choose the same key must not get each other's answers."""
    return replace(claim, key=f"{visitor.customer_id} {claim.key}")


async def _of_request(request: Request) -> PortalUnit:
    unit = request.state.unit
    assert isinstance(unit, PortalUnit)
    return unit


#: The parameter type by which a handler of the portal asks for its unit of work.
Visit = Annotated[PortalUnit, Depends(_of_request)]
