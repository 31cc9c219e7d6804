"""The field types that prices are made of: keys, names and exact decimals, each with its bounds."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from justpaid.kernel.decimals import INTEGER_DIGITS, PLACES, parse_decimal, plain

MAX_NAME_LENGTH: Final = 200
KEY_PATTERN: Final = "[a-z0-9][a-z0-9_.-]{0,63}"


def _not_negative(number: Decimal) -> Decimal:
    if number < 0:
        raise ValueError("must be 0 or more")
    return number


def _positive(number: Decimal) -> Decimal:
    if number <= 0:
        raise ValueError("must be greater than 0")
    return number


def _described(bounds: dict[str, int], sign: str = "") -> WithJsonSchema:
    """As clients may write it: a decimal string or a JSON number. It goes out as a string, which needs no word here."""
    text = {"type": "string", "pattern": rf"^{sign}\d{{1,{INTEGER_DIGITS}}}(\.\d{{1,{PLACES}}})?$"}
    return WithJsonSchema({"anyOf": [text, {"type": "number", **bounds}]}, mode="validation")


def _key(text: str) -> str:
    if not re.fullmatch(KEY_PATTERN, text):
        raise ValueError("must be 1 to 64 of a-z, 0-9, '_', '.' and '-', and start with a letter or a digit")
    return text


def _storable(text: str) -> str:
    """Control characters and lone surrogates can't be stored as JSON in PostgreSQL nor printed on an invoice."""
    if not text.strip():
        raise ValueError("must not be blank")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("must not contain control characters")
    return text


Key = Annotated[str, AfterValidator(_key), WithJsonSchema({"type": "string", "pattern": f"^{KEY_PATTERN}$"})]
Name = Annotated[str, Field(max_length=MAX_NAME_LENGTH), AfterValidator(_storable)]

#: Any exact decimal: at most 12 places, below 10^20 in magnitude.
Number = Annotated[
    Decimal,
    BeforeValidator(parse_decimal),
    PlainSerializer(plain, return_type=str, when_used="json"),
    _described({}, "-?"),
]
#: Money in major units of the plan's currency, or money a unit. Never negative.
Amount = Annotated[Number, AfterValidator(_not_negative), _described({"minimum": 0})]
#: Units of the meter.
Quantity = Annotated[Number, AfterValidator(_not_negative), _described({"minimum": 0})]
PositiveQuantity = Annotated[Number, AfterValidator(_positive), _described({"exclusiveMinimum": 0})]


def _count(value: object) -> int:
    number = _positive(parse_decimal(value, limit=_COUNT_LIMIT))
    if number != number.to_integral_value():
        raise ValueError("must be a whole number")
    return int(number)


_COUNT_LIMIT: Final = Decimal(10) ** 12
#: A number of things, at least one.
Count = Annotated[
    int,
    BeforeValidator(_count),
    WithJsonSchema({"type": "integer", "minimum": 1, "exclusiveMaximum": int(_COUNT_LIMIT)}),
]


class Strict(BaseModel):
    """A record that takes its fields as they are written: no coercion, no field it does not know, no later change."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
