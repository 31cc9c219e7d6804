"""Problem documents (RFC 9457), the one form of every error."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from justpaid.api.database_errors import meaning
from justpaid.api.logged_requests import PROBLEM
from justpaid.kernel.errors import (
    EngineUnavailable,
    FieldError,
    InvalidRequest,
    JustPaidError,
    MalformedRequest,
    Overloaded,
    TooLarge,
    TooManyAttempts,
    Unauthenticated,
)

MEDIA_TYPE: Final = "application/problem+json"
_TOLD_AT_ONCE: Final = 20

log = structlog.get_logger(__name__)


def response_to(error: Exception) -> Response:
    """The answer to an error of any kind. One that we did not foresee is logged under an id, and tells only that id."""
    if isinstance(error, RequestValidationError):
        return _rendered(_invalid(error))
    if isinstance(error, HTTPException):
        return _of_framework(error)
    known = meaning(error) if isinstance(error, sa.exc.SQLAlchemyError) else error
    if isinstance(known, JustPaidError):
        return _rendered(known)
    incident_id = secrets.token_hex(8)
    log.error("request_failed", incident_id=incident_id, exc_info=error)
    detail = f"This is a fault of ours. It is in the server's log as incident {incident_id}."
    return problem(500, "internal_error", JustPaidError.title, detail, more={"incident_id": incident_id})


def problem(
    status: int,
    code: str,
    title: str,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Response:
    document: dict[str, Any] = {
        "type": f"urn:justpaid:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **(more or {}),
    }
    if errors:
        told = errors[:_TOLD_AT_ONCE]
        document["errors"] = [{"field": e.field, "message": e.message, "code": e.code} for e in told]
    # ASCII only: what is quoted from the request may hold text that no UTF-8 can carry.
    return _Problem(json.dumps(document), status, dict(headers or {}), MEDIA_TYPE, code=code)


class _Problem(Response):
    """Leaves its code for the request log."""

    def __init__(self, body: str, status: int, headers: dict[str, str], media_type: str, *, code: str) -> None:
        super().__init__(body, status, headers, media_type)
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[PROBLEM] = self._code
        await super().__call__(scope, receive, send)


def _rendered(error: JustPaidError) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Overloaded | TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, EngineUnavailable):
        headers["Retry-After"] = "5"
    if isinstance(error, TooLarge):
        # The rest of the body is not read, so the connection can carry no other request.
        headers["Connection"] = "close"
    return problem(error.status, error.code, error.title, error.detail, errors=error.errors, headers=headers)


def _of_framework(error: HTTPException) -> Response:
    match error.status_code:
        case 404:
            detail = "There is nothing at this address. /openapi.json lists what there is."
            return problem(404, "not_found", "Not found", detail)
        case 405:
            detail = f"This address does not take this method; it takes {(error.headers or {}).get('Allow')}."
            return problem(405, "method_not_allowed", "Method not allowed", detail, headers=error.headers)
        case 400:
            return _rendered(MalformedRequest("The request can't be read."))
        case status:
            return problem(status, f"http_{status}", str(error.detail), str(error.detail), headers=error.headers)


def _invalid(error: RequestValidationError) -> InvalidRequest:
    wrong = [_field_error(one, error.body) for one in error.errors()]
    return InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in wrong[:_TOLD_AT_ONCE]), errors=wrong)


def _field_error(error: Mapping[str, Any], body: Any) -> FieldError:
    where, *path = error["loc"]
    if where == "body":
        path = _as_sent(path, body, missing=error["type"] == "missing")
    field = ".".join(map(str, path)) or str(where)
    match error["type"]:
        case "missing":
            return FieldError(field, "is required", "missing")
        case "extra_forbidden":
            return FieldError(field, "is not known here: check its spelling, or leave it out", "unknown_field")
        case "model_attributes_type" | "model_type" | "dict_type":
            return FieldError(field, "must be an object")
        case _:
            message = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "must be")
            return FieldError(field, message)


def _as_sent(path: Sequence[str | int], body: Any, *, missing: bool) -> list[str | int]:
    """The path without what is no place in the body: the names of the members of a union that were tried."""
    kept: list[str | int] = []
    here = body
    for depth, step in enumerate(path):
        there = isinstance(here, dict) and step in here
        if there or (isinstance(here, list) and isinstance(step, int) and step < len(here)):
            here = here[step]
            kept.append(step)
        elif missing and depth == len(path) - 1:
            kept.append(step)
    return kept
