"""What Pydantic finds wrong, in our words: a dotted path as the client wrote it, a reason, a lasting code."""

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
_CODES: Final = {"missing": REQUIRED, "extra_forbidden": UNKNOWN}


def field_errors(
    invalid: ValidationError, *, at: str = "", kind: str = "record", known: Iterable[str] = ()
) -> list[FieldError]:
    """Each wrong field. `at` goes before each path; a surplus field is told the `known` ones of this `kind`."""
    errors = invalid.errors(include_url=False, include_input=False)
    found = []
    # A default that follows from another field is not wrong itself where that field is.
    for error in [error for error in errors if error["type"] != "default_factory_not_called"][:MAX_REPORTED]:
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


def _reason(error: ErrorDetails) -> str:
    """Pydantic writes "Value error, must be …" and "Input should be …"; a field's message goes on from its path."""
    message = error["msg"].removeprefix("Value error, ")
    message = message.replace("Input should", "must").replace("String should", "must")
    return message[:1].lower() + message[1:]
