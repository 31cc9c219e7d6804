"""The OpenAPI document. What holds for every route is added here, once, and not at each route."""

from copy import deepcopy
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from justpaid import __version__
from justpaid.api.cookie import NAME as COOKIE
from justpaid.api.event_operations import EVENT_PATHS, event_schemas
from justpaid.api.idempotency import HEADER, MAX_LENGTH, METHODS
from justpaid.api.problems import MEDIA_TYPE

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). `code` is stable; `detail` says what to do.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "examples": ["invalid_request"]},
        "incident_id": {"type": "string", "description": "On a fault of ours: where to find it in the server's log."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message", "code"],
                "properties": {
                    "field": {"type": "string", "examples": ["prices.0.tiers.2.up_to"]},
                    "message": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}

_MEANINGS: Final = {
    "400": "The request can't be read",
    "401": "No valid API key or session",
    "403": "The role, or another site's page, forbids it",
    "404": "No such record in this organisation",
    "409": "The record's state, or a key already taken, forbids it",
    "413": "The body is over the size limit",
    "415": "The content type is not read",
    "429": "Too many attempts; `Retry-After` tells when to come back",
    "422": "A field's value can't be used; `errors` names it",
    "default": "Any other error",
}

#: Operations that know a repeated request by what is in it.
_REPEATABLE: Final = frozenset({"send_events", "create_import"})
_PORTAL: Final = "/v1/portal/"

#: Whose caller is a person, signed in or about to be.
_OF_PERSONS: Final = ("/v1/auth/", "/v1/organisations")
_OPEN: Final = frozenset({"get_auth_state", "set_up_installation", "sign_in", "use_one_time_link"})


def operation_id(route: APIRoute) -> str:
    """The handler's name, so that generated clients get `create_customer` and not the address of it."""
    return route.name


def document(app: FastAPI) -> dict[str, Any]:
    """The document of `app`, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title="JustPaid API",
            version=__version__,
            summary="Usage-based billing: usage events in, revenue out.",
            routes=app.routes,
        )
        components = made.setdefault("components", {})
        components.setdefault("schemas", {}).update(event_schemas(), Problem=_PROBLEM)
        components["securitySchemes"] = {
            "api_key": {"type": "http", "scheme": "bearer", "description": "An API key: sk_test_… or sk_live_…"},
            "session": {
                "type": "apiKey",
                "in": "cookie",
                "name": COOKIE,
                "description": "A person's session, from signing in. With it, every request that is not GET carries "
                "the session's csrf_token in the header X-CSRF-Token.",
            },
            "portal_token": {"type": "http", "scheme": "bearer", "description": "A portal link's token: pt_…"},
        }
        for path, operations in EVENT_PATHS.items():
            made["paths"].setdefault(path, {}).update(deepcopy(operations))
        for path, operations in made["paths"].items():
            for method, operation in operations.items():
                _complete(operation, method.upper(), path)
        for path, operations in made["paths"].items():
            if path.startswith(_PORTAL):
                for operation in operations.values():
                    _of_portal(operation)
        for unused in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(unused, None)
        app.openapi_schema = made
    return app.openapi_schema


def _complete(operation: dict[str, Any], method: str, path: str) -> None:
    statuses = {"default"}
    if path.startswith("/v1/"):
        of_person = path.startswith(_OF_PERSONS)
        operation["security"] = [{"session": []}] if of_person else [{"api_key": []}, {"session": []}]
        statuses |= {"401", "403", "422"}
        if of_person:
            statuses.add("429")
            if operation["operationId"] in _OPEN:
                operation["security"] = []
        if any(parameter["in"] == "path" for parameter in operation.get("parameters", ())):
            statuses.add("404")
        if method != "GET":
            statuses |= {"400", "409", "413", "415"}
        if method in METHODS and operation["operationId"] not in _REPEATABLE and not of_person:
            operation.setdefault("parameters", []).append(_idempotency_key())
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted(statuses):
        operation["responses"][status] = {"description": _MEANINGS[status], "content": content}


def _of_portal(operation: dict[str, Any]) -> None:
    """Other callers, and fewer requests."""
    operation["security"] = [{"portal_token": []}]
    operation["responses"]["429"] = {
        **operation["responses"]["default"],
        "description": "More than 10 requests a second; `Retry-After` tells when to come back",
    }


def _idempotency_key() -> dict[str, Any]:
    return {
        "name": HEADER,
        "in": "header",
        "required": False,
        "description": "A name for this request, such as a UUID: repeated with it, the request acts once "
        "and gets its first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH},
    }
