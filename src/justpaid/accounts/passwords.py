"""Passwords: their rules, and argon2id over them."""

import unicodedata
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from justpaid.kernel.errors import InvalidRequest

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 256

#: 19 MiB and two passes. Source: OWASP Password Storage Cheat Sheet, argon2id.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
#: What an unknown user's password is compared with, so that the answer takes as long as a known one's.
_nobodys: Final = _hasher.hash("nobody has this password")
#: Hashing is slow on purpose; a flood of sign-ins must leave processor and memory to events.
_at_once: Final = BoundedSemaphore(2)


def hashed(password: str, email: str, field: str = "password") -> str:
    """What to keep of it.  Raises: InvalidRequest for one that can be guessed."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise InvalidRequest.of(field, f"must have {MIN_LENGTH} to {MAX_LENGTH} characters; several words are best")
    if password.strip().lower() == email:
        raise InvalidRequest.of(field, "must not be the e-mail address")
    if len(set(password)) < 4:
        raise InvalidRequest.of(field, "must not be the same few characters again and again")
    with _at_once:
        return _hasher.hash(_composed(password))


def matches(password_hash: str | None, password: str) -> bool:
    """Whether it is the password. Takes as long where there is none (`password_hash` is None)."""
    with _at_once:
        try:
            return _hasher.verify(password_hash or _nobodys, _composed(password)) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(password_hash)


def rehashed(password: str) -> str:
    """A known password once more, with the parameters of today."""
    with _at_once:
        return _hasher.hash(_composed(password))


def _composed(password: str) -> str:
    """The same characters however the keyboard makes them."""
    return unicodedata.normalize("NFKC", password)
