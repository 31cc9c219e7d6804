"""API keys: `sk_test_` or `sk_live_` and 32 random bytes, shown once, kept as a digest.

The digest is one SHA-256. A slow hash protects a secret that can be guessed; 256 random bits can't. A bootstrap key is
chosen by a person and kept the same way, so it has to be random as well: `openssl rand -hex 32` is a good source.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from justpaid.accounts.recent import forget_key
from justpaid.accounts.tables import ApiKey, Mode, Organisation
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import newest_first

MAX_NAME = 100
_RANDOM_BYTES = 32
_SECRET = re.compile(r"sk_(test|live)_[A-Za-z0-9_-]{4,200}")


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `secret` exists nowhere else: show it once and let go of it."""

    id: str
    organisation_id: str
    name: str
    mode: Mode
    created_at: datetime
    secret: str = field(repr=False)


def is_secret(text: str) -> bool:
    return _SECRET.fullmatch(text) is not None


def mode_of(secret: str) -> Mode:
    return "live" if secret.startswith("sk_live_") else "test"


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def issue_key(session: Session, organisation: Organisation, name: str, *, secret: str | None = None) -> IssuedKey:
    """Make a key of the organisation's mode.

    Raises: InvalidRequest for an unusable name or `secret`; Conflict if the `secret` is in use already.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidRequest.of("name", f"must have 1 to {MAX_NAME} characters")
    secret = secret or f"sk_{organisation.mode}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    if not is_secret(secret) or mode_of(secret) != organisation.mode:
        start = f"sk_{organisation.mode}_"
        raise InvalidRequest.of("secret", f"must be {start} and 4 to 200 of the characters A-Z a-z 0-9 _ -")
    if session.scalar(sa.select(ApiKey.id).where(ApiKey.digest == digest_of(secret))):
        raise Conflict("This secret is a key already, in use or revoked. Choose another.")
    key = ApiKey(
        id=new_id("key"),
        organisation_id=organisation.id,
        name=name,
        digest=digest_of(secret),
        hint=secret[-4:],
    )
    session.add(key)
    session.flush()
    return IssuedKey(key.id, organisation.id, name, organisation.mode, key.created_at, secret)


def list_keys(session: Session, *, limit: int = 100, before_id: str | None = None) -> Sequence[ApiKey]:
    """Newest first, revoked ones too; those older than `before_id` where it is given."""
    return newest_first(session, sa.select(ApiKey), ApiKey.id, limit, before_id)


def revoke_key(session: Session, key_id: str) -> ApiKey:
    """Stop a key, for good. Acts at once in this process and within seconds in others; repeating it changes nothing.

    Raises: NotFound.
    """
    key = session.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound.of("API key", key_id)
    if key.revoked_at is None:
        key.revoked_at = datetime.now(UTC)
        session.flush()
        # Only after the commit: forgotten before it, the key would be read again as valid.
        event.listen(session, "after_commit", lambda _session: forget_key(key_id), once=True)
    return key
