"""JSON read so that nothing is lost and nothing slips in: decimals stay exact, and what we could not keep is refused.

Python's own reader turns 0.1 into a float, takes NaN, keeps the last of two equal keys and lets pass text that no
database stores (NUL, half a surrogate pair).
"""

import json
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from justpaid.kernel.errors import FieldError, InvalidRequest, MalformedRequest

MAX_DEPTH: Final = 32
_MAX_DIGITS: Final = 100
_MAX_EXPONENT: Final = 38
_TOLD_AT_ONCE: Final = 10

#: Stands for a number that can't be used until its place is known; no other float comes out of the reader.
_UNUSABLE: Final = float("nan")


def read_json(body: bytes) -> Any:
    """The document: objects, lists, str, int, Decimal, bool, None.

    Raises: MalformedRequest if it is no JSON, is nested deeper than MAX_DEPTH or has a key twice in one object;
    InvalidRequest, naming the fields, for numbers that are not finite or have a magnitude beyond 10^±38, and for text
    with NUL or a lone surrogate.
    """
    try:
        document = json.loads(
            body.decode("utf-8"),
            parse_float=_number,
            parse_int=_number,
            parse_constant=lambda _name: _UNUSABLE,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The body is not UTF-8: byte {error.start} can't be read.") from None
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        raise MalformedRequest(f"The body is not JSON: {error.msg.lower()} at {at}.") from None
    except RecursionError:
        raise _too_deep() from None
    errors: list[FieldError] = []
    _inspect(document, (), errors)
    if errors:
        raise InvalidRequest("; ".join(f"{e.field}: {e.message}" for e in errors), errors=errors)
    return document


def _number(text: str) -> int | Decimal | float:
    if len(text) > _MAX_DIGITS:
        return _UNUSABLE
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal holds
        return _UNUSABLE
    if abs(number.adjusted()) > _MAX_EXPONENT:
        return _UNUSABLE
    return int(text) if text.lstrip("-").isdigit() else number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        message = f"The key {twice!r} is twice in one object. Send it once."
        raise MalformedRequest(message, errors=[FieldError(twice, "is there twice", "duplicate")])
    return made


def _inspect(value: Any, path: tuple[str, ...], errors: list[FieldError]) -> None:
    if len(path) > MAX_DEPTH:
        raise _too_deep()
    if len(errors) >= _TOLD_AT_ONCE:
        return
    if isinstance(value, dict):
        for key, member in value.items():
            _inspect(key, (*path, key), errors)
            _inspect(member, (*path, key), errors)
    elif isinstance(value, list):
        for i, member in enumerate(value):
            _inspect(member, (*path, str(i)), errors)
    elif isinstance(value, str):
        if not is_storable(value):
            errors.append(FieldError(_dotted(path), "must not hold NUL or half of a surrogate pair"))
    elif isinstance(value, float):
        bounds = f"must be a finite number of at most {_MAX_DIGITS} digits, between 10^-38 and 10^38 in magnitude"
        errors.append(FieldError(_dotted(path), bounds))


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can keep this text."""
    if "\0" in text:
        return False
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _dotted(path: tuple[str, ...]) -> str:
    return ".".join(path) or "body"


def _too_deep() -> MalformedRequest:
    return MalformedRequest(f"The body is nested too deeply: at most {MAX_DEPTH} levels are read.")
