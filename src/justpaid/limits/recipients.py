"""Whom alerts are sent to: addresses that can't be more than one, nor anything else."""

import re
from collections.abc import Sequence
from email.errors import MessageError
from email.headerregistry import Address
from typing import Final

from justpaid.accounts import normalised_email
from justpaid.kernel.errors import InvalidRequest

MAX_RECIPIENTS: Final = 10
_LOCAL_LENGTH: Final = 64  # RFC 5321, 4.5.3.1.1
_DOMAIN: Final = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def read_recipients(sent: Sequence[str]) -> list[str]:
    """Each once, in one spelling.  Raises: InvalidRequest."""
    if len(sent) > MAX_RECIPIENTS:
        raise InvalidRequest.of("recipients", f"must be at most {MAX_RECIPIENTS} addresses")
    return list(dict.fromkeys(_read(text, f"recipients.{place}") for place, text in enumerate(sent)))


def _read(text: str, field: str) -> str:
    email = normalised_email(text, field)
    local, _, domain = email.rpartition("@")
    try:
        single = Address(addr_spec=email).addr_spec == email
    except (MessageError, ValueError, IndexError):
        single = False
    if not single or not email.isascii() or len(local) > _LOCAL_LENGTH or '"' in local or not _DOMAIN.fullmatch(domain):
        raise InvalidRequest.of(field, "must be one e-mail address in ASCII, such as ann@acme.example")
    return email
