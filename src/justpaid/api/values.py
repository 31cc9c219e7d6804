"""How values look in the API: decimals as exact strings, instants as RFC 3339 in UTC; and the base of all schemas."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from justpaid.kernel.decimals import parse_decimal, plain

_INSTANT: Final = re.compile(r"(\d{4})-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
_YEARS: Final = range(1970, 2200)


class Input(BaseModel):
    """Base of what clients send: a field that is not declared is refused by name."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """Base of what we send."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, serialize_by_alias=True, json_schema_serialization_defaults_required=True
    )


def read_instant(value: object) -> datetime:
    """An instant in UTC, to the microsecond, from RFC 3339 text.  Raises: ValueError."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be an instant with its offset, such as 2026-04-17T15:19:02Z")
    if int(found[1]) not in _YEARS:
        raise ValueError(f"must be in the years {_YEARS.start} to {_YEARS.stop - 1}")
    try:
        return datetime.fromisoformat(found[0].upper().replace(" ", "T")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an instant that exists, such as 2026-04-17T15:19:02Z") from None


def write_instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


_DECIMAL_TEXT: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": r"^-?\d+(\.\d+)?$",
    "description": "An exact decimal.",
    "examples": ["0.002"],
}

#: A decimal of at most 20 digits before the point and 12 after it.
ExactDecimal = Annotated[
    Decimal,
    BeforeValidator(parse_decimal),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"anyOf": [_DECIMAL_TEXT, {"type": "number"}]}, mode="validation"),
    WithJsonSchema(_DECIMAL_TEXT, mode="serialization"),
]

#: A decimal that we computed: a sum or a product has more digits than what a client may send.
PlainDecimal = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(_DECIMAL_TEXT),
]

#: An instant; microseconds at most.
Instant = Annotated[
    datetime,
    BeforeValidator(read_instant),
    PlainSerializer(write_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-04-17T15:19:02Z"]}),
]
