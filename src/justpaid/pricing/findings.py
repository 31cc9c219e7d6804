"""What Pydantic finds wrong, in our words: a dotted path as the client wrote it, a reason, a lasting code."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from justpaid.kernel.errors import FieldError, InvalidRequest

REQUIRED: Final = "required"
UNKNOWN: Final = "unknown_field"
#: A list of a thousand wrong tiers is answered with the first of them.
MAX_REPORTED: Final = 50

_REASONS: Final = {
    "missing": "is required",
    "extra_forbidden": "is not a known field here",
    "tuple_type": "must be a list",
    "model_type": "must be an object",
}
_SUBJECT: Final = re.compile(r"(Input|String|Tuple|List|Dictionary) should")
_CODES: Final = {"missing": REQUIRED, "extra_forbidden": UNKNOWN}


def field_errors(
    invalid: ValidationError, *, at: str = "", kind: str = "record", known: Iterable[str] = ()
) -> list[FieldError]:
    """Each wrong field. `at` goes before each path; a surplus field is told the `known` ones of this `kind`."""
    errors = invalid.errors(include_url=False, include_input=False)
    found = []
    for error in [error for error in errors if not _follows(error, errors)][:MAX_REPORTED]:
        reason = _REASONS.get(error["type"]) or _reason(error)
        if error["type"] == "extra_forbidden" and len(error["loc"]) == 1 and known:
            reason = f"is not a field of a {kind}, which takes {', '.join(known)}"
        found.append(FieldError(dotted(at, *error["loc"]) or "body", reason, _CODES.get(error["type"], "invalid")))
    return found


def invalid_request(errors: Sequence[FieldError]) -> InvalidRequest:
    """One error for them all; its detail names the first."""
    first = f"{errors[0].field}: {errors[0].message}"
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidRequest(first + more, errors=errors)


def dotted(*parts: str | int) -> str:
    return ".".join(str(part) for part in parts if part != "")


def _follows(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether it is but another error's consequence: a default that follows from a wrong field, a list that is too
    short without its wrong items."""
    if error["type"] == "too_short":
        place = error["loc"]
        return any(other["loc"][: len(place)] == place for other in errors if other is not error)
    return error["type"] == "default_factory_not_called"


def _reason(error: ErrorDetails) -> str:
    """Pydantic writes "Value error, must be …" and "Input should be …"; a field's message goes on from its path."""
    message = error["msg"].removeprefix("Value error, ").removesuffix(" after validation")
    message = _SUBJECT.sub("must", message).replace(" after validation,", ",")
    return message[:1].lower() + message[1:]
