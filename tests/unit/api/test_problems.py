import json
from typing import Annotated, Any, Literal

import pytest
import sqlalchemy as sa
from fastapi.exceptions import RequestValidationError
from psycopg import errors as pg
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from justpaid.api.problems import response_to
from justpaid.kernel.errors import (
    Conflict,
    EngineUnavailable,
    InvalidRequest,
    JustPaidError,
    MalformedRequest,
    NotFound,
    Overloaded,
    TooLarge,
    Unauthenticated,
    UnsupportedMedia,
)


def answer(error: Exception) -> tuple[int, dict[str, Any], dict[str, str]]:
    response = response_to(error)
    assert response.media_type == "application/problem+json"
    return response.status_code, json.loads(bytes(response.body)), dict(response.headers)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (InvalidRequest.of("seats", "must be 1 or more"), 422, "invalid_request"),
        (MalformedRequest("no JSON"), 400, "malformed_request"),
        (Unauthenticated("no key"), 401, "unauthenticated"),
        (NotFound.of("customer", "x"), 404, "not_found"),
        (Conflict("taken"), 409, "conflict"),
        (TooLarge("too much"), 413, "too_large"),
        (UnsupportedMedia("xml"), 415, "unsupported_media_type"),
        (Overloaded("busy"), 503, "overloaded"),
        (EngineUnavailable("down"), 503, "engine_unavailable"),
    ],
)
def test_every_known_error_tells_its_code_and_its_detail(error: JustPaidError, status: int, code: str) -> None:
    got_status, document, _ = answer(error)
    assert (got_status, document["status"], document["code"], document["detail"]) == (
        status,
        status,
        code,
        error.detail,
    )
    assert document["type"] == f"urn:justpaid:problem:{code}"


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (Unauthenticated("no key"), "www-authenticate", "Bearer"),
        (Overloaded("busy", retry_after_s=7), "retry-after", "7"),
        (TooLarge("too much"), "connection", "close"),
        (EngineUnavailable("down"), "retry-after", "5"),
    ],
)
def test_headers_tell_what_to_do_next(error: JustPaidError, header: str, value: str) -> None:
    assert answer(error)[2][header] == value


def test_a_fault_of_ours_tells_an_incident_and_nothing_else() -> None:
    status, document, _ = answer(RuntimeError("password=hunter2"))
    assert status == 500
    assert document["incident_id"] in document["detail"]
    assert "hunter2" not in json.dumps(document)


@pytest.mark.parametrize(
    ("cause", "status", "code"),
    [
        (pg.UniqueViolation("k"), 409, "conflict"),
        (pg.ForeignKeyViolation("k"), 409, "conflict"),
        (pg.DeadlockDetected("k"), 503, "overloaded"),
        (pg.SerializationFailure("k"), 503, "overloaded"),
        (pg.NumericValueOutOfRange("k"), 422, "invalid_request"),
        (pg.AdminShutdown("k"), 503, "engine_unavailable"),
        (pg.OperationalError("connection refused"), 503, "engine_unavailable"),
        (pg.CheckViolation("k"), 500, "internal_error"),
        (pg.InsufficientPrivilege("row-level security"), 500, "internal_error"),
    ],
)
def test_database_errors_mean_something_to_the_client(cause: Exception, status: int, code: str) -> None:
    got_status, document, _ = answer(sa.exc.DBAPIError.instance("SELECT secret", None, cause, pg.Error))
    assert (got_status, document["code"]) == (status, code)
    assert "secret" not in json.dumps(document)


def test_a_full_pool_is_overload() -> None:
    assert answer(sa.exc.TimeoutError("QueuePool limit"))[0] == 503


def test_text_that_is_no_utf8_can_be_quoted() -> None:
    assert answer(NotFound.of("customer", "\ud800"))[1]["detail"].startswith("There is no customer")


class Flat(BaseModel):
    model_config = ConfigDict(extra="forbid")
    model: Literal["flat"]
    amount: int


class Tiered(BaseModel):
    model_config = ConfigDict(extra="forbid")
    model: Literal["tiered"]
    tiers: list[int]


class Plan(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prices: list[Annotated[Flat | Tiered, Field(discriminator="model")]]
    seats: int | list[int] = 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, [("prices", "missing")]),
        ({"prices": [], "sets": 1}, [("sets", "unknown_field")]),
        ({"prices": [{"model": "flat"}]}, [("prices.0.amount", "missing")]),
        ({"prices": [{"model": "flat", "amount": "x"}]}, [("prices.0.amount", "invalid")]),
        ({"prices": [{"model": "flat", "amount": 1, "x": 2}]}, [("prices.0.x", "unknown_field")]),
        ({"prices": [{"model": "tiered", "tiers": [1, None]}]}, [("prices.0.tiers.1", "invalid")]),
        ({"prices": [{"model": "cubic"}]}, [("prices.0", "invalid")]),
        ({"prices": [], "seats": "x"}, [("seats", "invalid"), ("seats", "invalid")]),
        ([], [("body", "invalid")]),
    ],
)
def test_a_field_is_named_as_the_client_wrote_it(body: Any, fields: list[tuple[str, str]]) -> None:
    with pytest.raises(ValidationError) as refusal:
        Plan.model_validate(body)
    errors = [{**error, "loc": ("body", *error["loc"])} for error in refusal.value.errors()]
    status, document, _ = answer(RequestValidationError(errors, body=body))
    assert status == 422
    assert [(error["field"], error["code"]) for error in document["errors"]] == fields


def test_a_parameter_is_named_without_where_it_was() -> None:
    error = {"type": "int_parsing", "loc": ("query", "limit"), "msg": "Input should be a valid integer"}
    assert answer(RequestValidationError([error]))[1]["errors"] == [
        {"field": "limit", "message": "must be a valid integer", "code": "invalid"}
    ]
