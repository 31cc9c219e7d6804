"""`Idempotency-Key`: a repeated request gets the first one's answer and acts once.

The key's row is the first statement of the request's own transaction. A second request with the key waits on the row
until the first commits, and then finds the answer; or until it rolls back, and then acts itself. So a key is never
kept for a request that failed, and no key is left behind by a crash.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from psycopg.errors import LockNotAvailable
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from justpaid.api.tables import IdempotencyKey
from justpaid.kernel.errors import Conflict, InvalidRequest

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
METHODS: Final = frozenset({"POST", "PATCH"})
MAX_LENGTH: Final = 255


class IdempotencyInProgress(Conflict):
    code: ClassVar[str] = "idempotency_in_progress"
    title: ClassVar[str] = "The first request with this key is still at work"


class IdempotencyMismatch(InvalidRequest):
    code: ClassVar[str] = "idempotency_mismatch"
    title: ClassVar[str] = "This key belongs to another request"


@dataclass(frozen=True, slots=True)
class Claim:
    """A key, and what tells its request from others: the fingerprint of method, address and document."""

    key: str
    fingerprint: str


def claim_in(request: Request, document: Any) -> Claim | None:
    """The claim that a request makes, if it makes one.  Raises: InvalidRequest."""
    key = request.headers.get(HEADER)
    if key is None or request.method not in METHODS:
        return None
    if not 0 < len(key) <= MAX_LENGTH or not (key.isascii() and key.isprintable()):
        raise InvalidRequest.of(HEADER, f"must be 1 to {MAX_LENGTH} printable ASCII characters, such as a UUID")
    # By meaning, not by bytes: a client that builds its request again may order the fields otherwise.
    canonical = json.dumps(document, sort_keys=True, default=str)
    whole = f"{request.method} {request.scope['path']}?{request.scope['query_string'].decode('latin-1')}\n{canonical}"
    return Claim(key, sha256(whole.encode()).hexdigest())


def take(session: Session, organisation_id: str, claim: Claim, *, wait_ms: int = 5000) -> Response | None:
    """Take the key for this transaction, or give the answer to the request that had it.

    Raises: IdempotencyMismatch if that was another request; IdempotencyInProgress if it does not end within `wait_ms`.
    """
    row = {"organisation_id": organisation_id, "key": claim.key, "fingerprint": claim.fingerprint}
    session.execute(sa.text(f"SET LOCAL lock_timeout = '{wait_ms}ms'"))
    try:
        statement = insert(IdempotencyKey).values(row).on_conflict_do_nothing().returning(IdempotencyKey.key)
        taken = session.scalar(statement)
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise IdempotencyInProgress("Wait for its answer, or repeat this one: it is given then.") from None
        raise
    session.execute(sa.text("SET LOCAL lock_timeout TO DEFAULT"))
    if taken is not None:
        return None
    first = session.scalars(_of(organisation_id, claim)).one()
    if first.fingerprint != claim.fingerprint:
        raise IdempotencyMismatch.of(HEADER, "was used for another request. Send a new key with a new request.")
    return Response(first.body, first.status or 200, {REPLAYED: "true"}, first.media_type)


def remember(session: Session, organisation_id: str, claim: Claim, answer: Response) -> None:
    """Keep the answer under the key that this transaction took."""
    first = session.scalars(_of(organisation_id, claim)).one()
    first.status = answer.status_code
    first.media_type = answer.media_type
    first.body = bytes(answer.body)
    session.flush()


def forget_before(session: Session, instant: datetime) -> int:
    """Drop the answers given before `instant`; a key that is forgotten may be used anew."""
    dropped = session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < instant))
    return int(getattr(dropped, "rowcount", 0))


def _of(organisation_id: str, claim: Claim) -> sa.Select[IdempotencyKey]:
    return sa.select(IdempotencyKey).where(
        IdempotencyKey.organisation_id == organisation_id, IdempotencyKey.key == claim.key
    )
