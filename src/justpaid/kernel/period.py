"""Time spans. A period is half-open, `[start, end)`, and lives in UTC; calendars enter where it is made."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class UnknownTimezone(ValueError):
    """Not an IANA time zone name such as Europe/Berlin."""


def timezone(name: str) -> ZoneInfo:
    """The IANA zone of this name.  Raises: UnknownTimezone."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise UnknownTimezone(f"{name!r} is not an IANA time zone such as Europe/Berlin") from None


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`start` belongs to it, `end` does not. Both are aware and kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a period needs instants with a time zone")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.end < self.start:
            raise ValueError(f"a period can't end ({self.end}) before it starts ({self.start})")

    @property
    def duration(self) -> timedelta:
        return self.end - self.start

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end
