"""One spelling of an e-mail address, so that one person has one account."""

import re
import unicodedata
from typing import Final

from justpaid.kernel.errors import InvalidRequest

_MAX: Final = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
_FORM: Final = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def normalised_email(text: str, field: str = "email") -> str:
    """Without space around it, composed, in lower case.  Raises: InvalidRequest.

    RFC 5321 lets a host tell `Ann@` from `ann@`; none that people use does, and two accounts of one person would be
    worse.
    """
    email = unicodedata.normalize("NFKC", text).strip().lower()
    if len(email) > _MAX or _FORM.fullmatch(email) is None:
        raise InvalidRequest.of(field, "must be an e-mail address, such as ann@acme.example")
    return email
