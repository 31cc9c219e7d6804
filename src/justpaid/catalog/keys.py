"""The keys by which clients name plans and products."""

import re
from typing import Final

from justpaid.kernel.errors import InvalidRequest

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def check_key(key: str) -> None:
    """Raises: InvalidRequest."""
    if not _KEY.fullmatch(key):
        raise InvalidRequest.of("key", "1 to 64 of a-z, 0-9, _ . -, beginning with a letter or digit")
