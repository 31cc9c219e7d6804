"""One tree of errors, each with a lasting code, an HTTP status and a message that says what to do.

    JustPaidError
    ├── InvalidRequest          422  a field's value can't be used
    │   └── MalformedRequest    400  the body or a parameter can't be read at all
    ├── Unauthenticated         401  no key, a wrong key, a revoked key
    ├── Forbidden               403  known, but not allowed to do this
    ├── NotFound                404  no such record in this organisation
    ├── Conflict                409  the record's state, or a key already taken, forbids it
    ├── EventsExpired           410  only raw events could tell, and they are gone
    ├── TooLarge                413  over a documented limit
    ├── UnsupportedMedia        415  a content type or encoding we don't read
    ├── TooManyAttempts         429  try again after `retry_after_s`
    ├── Overloaded              503  try again after `retry_after_s`; nothing was kept
    └── EngineUnavailable       503  PostgreSQL, the journal or the warehouse does not answer
        └── (at start)               says what is wrong and what to do

Faces render them (`application/problem+json`, an exit code); nothing below a face knows HTTP.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with one field. `field` is a dotted path as the client wrote it: `prices.0.tiers.2.up_to`."""

    field: str
    message: str
    code: str = "invalid"


class JustPaidError(Exception):
    """The root. `detail` tells a person what happened and what to do about it."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Something went wrong on our side"

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)


class InvalidRequest(JustPaidError):
    status = 422
    code = "invalid_request"
    title = "The request has fields that can't be used"

    @classmethod
    def of(cls, field: str, message: str, *, code: str = "invalid") -> "InvalidRequest":
        """The common case: one field, one reason."""
        return cls(f"{field}: {message}", errors=(FieldError(field, message, code),))


class MalformedRequest(InvalidRequest):
    status = 400
    code = "malformed_request"
    title = "The request can't be read"


class Unauthenticated(JustPaidError):
    status = 401
    code = "unauthenticated"
    title = "No valid API key"


class Forbidden(JustPaidError):
    status = 403
    code = "forbidden"
    title = "This is not allowed to you"


class NotFound(JustPaidError):
    status = 404
    code = "not_found"
    title = "Not found"

    @classmethod
    def of(cls, kind: str, key: str) -> "NotFound":
        return cls(f"There is no {kind} {key!r} in this organisation. Check the id, and that the key's mode is right.")


class Conflict(JustPaidError):
    status = 409
    code = "conflict"
    title = "The record's state does not allow this"


class EventsExpired(JustPaidError):
    status = 410
    code = "events_expired"
    title = "Raw events of this time are gone"

    @classmethod
    def before(cls, until: datetime) -> "EventsExpired":
        """`until`: the instant from which on they are there."""
        day = until.strftime("%Y-%m-%d")
        return cls(
            f"Raw events from before {day} (UTC) have expired, as JUSTPAID_EVENTS_RETENTION_DAYS says. What was "
            f"metered of them stays: ask from {day} on, or for whole five minutes of a meter that is older than that."
        )


class TooLarge(JustPaidError):
    status = 413
    code = "too_large"
    title = "The request is over the size limit"


class UnsupportedMedia(JustPaidError):
    status = 415
    code = "unsupported_media_type"
    title = "This content type or encoding is not read"


class TooManyAttempts(JustPaidError):
    """`retry_after_s`: whole seconds until the next attempt is looked at."""

    status = 429
    code = "too_many_attempts"
    title = "Too many attempts"

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class Overloaded(JustPaidError):
    """`retry_after_s`: whole seconds after which a retry is worth it. Nothing of the request was kept."""

    status = 503
    code = "overloaded"
    title = "Too busy to take this now"

    def __init__(self, detail: str, *, retry_after_s: int = 1) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class EngineUnavailable(JustPaidError):
    status = 503
    code = "engine_unavailable"
    title = "A storage engine is not available"
