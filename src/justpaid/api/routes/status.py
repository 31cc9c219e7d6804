"""Whether the server lives and is ready, and where to go from its root. No key needed."""

from typing import cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from justpaid import __version__
from justpaid.api.installation import Installation
from justpaid.kernel.errors import EngineUnavailable

router = APIRouter(tags=["status"])


class Status(BaseModel):
    status: str = Field(examples=["ok"])


class Index(BaseModel):
    name: str
    version: str
    links: dict[str, str]


# Not in the document: to a browser this address is the dashboard.
@router.get("/", include_in_schema=False)
def index() -> Index:
    """What this is, for programs."""
    links = {"openapi": "/openapi.json", "health": "/healthz", "readiness": "/readyz"}
    return Index(name="JustPaid", version=__version__, links=links)


# HEAD as well: load balancers ask with it.
@router.head("/healthz", include_in_schema=False)
@router.get("/healthz")
async def healthz() -> Status:
    """The process answers."""
    return Status(status="ok")


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz")
def readyz(request: Request) -> Status:
    """All engines answer; until then 503 with the reason."""
    ready = cast(Installation, request.app.state.installation).ready()
    if ready is not True:
        raise EngineUnavailable(f"Not ready: {ready or 'still starting'}.")
    return Status(status="ready")
