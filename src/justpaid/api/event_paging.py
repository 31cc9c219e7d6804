"""Pages of events, by their timestamps and sequences."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from justpaid.api.paging import PageRequest
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.instants import EPOCH, instant_of, microseconds_of

_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


class Placed(Protocol):
    @property
    def timestamp(self) -> datetime: ...

    @property
    def sequence(self) -> int: ...


class EventPageRequest(PageRequest):
    """A cursor of this list is the timestamp and the sequence of the last event shown."""

    def place(self) -> tuple[datetime, int] | None:
        """Where the page before ended.  Raises: InvalidRequest."""
        if self._cursor is None:
            return None
        try:
            microseconds, sequence = urlsafe_b64decode(self._cursor.encode("ascii") + b"==").decode("ascii").split(".")
            position = instant_of(int(microseconds)), int(sequence)
        except (ValueError, OverflowError):
            position = _LATEST, -1
        if not (EPOCH <= position[0] < _LATEST and 0 <= position[1] < 2**63):
            raise InvalidRequest.of("cursor", "is none of this list's: send next_cursor as it came, or leave it out")
        return position

    def next_cursor(self, found: Sequence[Placed]) -> str | None:
        if len(found) <= self.limit:
            return None
        last = found[self.limit - 1]
        position = f"{microseconds_of(last.timestamp)}.{last.sequence}"
        return urlsafe_b64encode(position.encode()).decode().rstrip("=")
