"""Whose usage to look at, for whoever looks again and again: at little cost, only where there is something new.

Between whole looks, which come once an hour, only those customers are looked at that have sent events since the look
before. So an hour may pass until something is seen that needs no event: a level that goes on, a backfill that was
closed. Where a test clock stands, hours are by it, and after it is moved back all is looked at.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from justpaid.metering.metering import Metering

_WHOLE_EVERY: Final = timedelta(hours=1)
#: Beyond so many active customers, asking for them by name costs more than looking at all.
_MANY: Final = 10_000


@dataclass(frozen=True, slots=True)
class Look:
    """`customer_keys`: look at those whom events name so; None: at all."""

    organisation_id: str
    customer_keys: Collection[str] | None
    position: int
    whole_at: datetime

    @property
    def is_empty(self) -> bool:
        return self.customer_keys is not None and not self.customer_keys


class UsageWatch:
    """Remembers for each organisation up to which journal sequence it was looked at, and when at all customers."""

    def __init__(self, metering: Metering) -> None:
        self._metering = metering
        self._seen: dict[str, tuple[int, datetime]] = {}

    def begin(self, organisation_id: str, now: datetime) -> Look:
        """What there is to look at; what comes from here on is part of the next look.  Raises: EngineUnavailable."""
        position = self._metering.drainer.position
        since, whole_at = self._seen.get(organisation_id, (0, None))
        if whole_at is not None and timedelta(0) <= now - whole_at < _WHOLE_EVERY:
            keys = self._metering.customers_since(organisation_id, since) if position > since else set()
            if len(keys) <= _MANY:
                return Look(organisation_id, keys, position, whole_at)
        return Look(organisation_id, None, position, now)

    def done(self, look: Look) -> None:
        """It went well, so that the next goes on from here."""
        self._seen[look.organisation_id] = look.position, look.whole_at
