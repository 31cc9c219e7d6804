"""Tokens that act for a person: 32 random bytes, given once, kept as a SHA-256 digest."""

import hmac
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def csrf_token(session_token: str) -> str:
    """The token that a session's page sends back in a header. It follows from the session's own, which it does not
    reveal, so that it is bound to the session and nothing has to be kept."""
    mac = hmac.digest(session_token.encode("utf-8", "replace"), b"justpaid csrf", "sha256")
    return urlsafe_b64encode(mac).decode().rstrip("=")


def is_csrf_token(session_token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(session_token).encode(), given.encode("utf-8", "replace"))
