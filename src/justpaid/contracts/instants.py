"""The years in which subscriptions live."""

from datetime import datetime

from justpaid.kernel.errors import InvalidRequest

EARLIEST_YEAR = 2000
LATEST_YEAR = 2200


def check_instant(field: str, instant: datetime) -> None:
    """Raises: InvalidRequest."""
    if not EARLIEST_YEAR <= instant.year < LATEST_YEAR:
        raise InvalidRequest.of(field, f"must lie in the years {EARLIEST_YEAR} to {LATEST_YEAR - 1}")
