"""What a backfill is: a range of history that is sent as a unit, counts as a unit, and can be taken out as one.

It is open until it is closed or reverted, and closed until it is reverted. Both steps are records of the journal under
permanent keys, so that they have a place in the order of everything: a cut-off says what counted, for ever.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from justpaid.ingest.event import scope_of
from justpaid.ingest.versions import close_key, on_disk, revert_key
from justpaid.kernel.instants import EPOCH
from justpaid.platform.journal import Journal


@dataclass(frozen=True, slots=True)
class Backfill:
    """Its events have a timestamp in [start, end) and, where these are given, this name and one of these customer keys.

    `replace`: from its close on, nothing in that scope counts that counted before it.
    """

    id: str
    organisation_id: str
    start: datetime
    end: datetime
    event: str | None = None
    customer_keys: tuple[str, ...] | None = None
    replace: bool = False

    @property
    def unit(self) -> bytes:
        """What the journal keeps beside the keys of its events."""
        return self.id.encode()

    def misfit(self, customer_key: str, event: str, timestamp: int) -> str | None:
        """Why an event (`timestamp` in microseconds since 1970 UTC) can't be part of it; None if it can."""
        at = EPOCH + timedelta(microseconds=timestamp)
        if not self.start <= at < self.end:
            return f"timestamp: {at.isoformat()} is not in [{self.start.isoformat()}, {self.end.isoformat()})"
        if self.event is not None and event != self.event:
            return f"event: {event[:80]!r} is not {self.event!r}"
        if self.customer_keys is not None and customer_key not in self.customer_keys:
            return f"customer_id: {customer_key[:80]!r} is no key that its customer had when it was opened"
        return None

    def as_json(self) -> bytes:
        return msgspec.json.encode(asdict(self))

    @classmethod
    def from_json(cls, kept: str | bytes) -> "Backfill":
        return msgspec.json.decode(kept, type=cls)


class Stage(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    REVERTED = "reverted"


@dataclass(frozen=True, slots=True)
class Steps:
    """The journal's sequences at which a backfill was closed and reverted; None for what has not happened."""

    closed: int | None
    reverted: int | None

    @property
    def stage(self) -> Stage:
        if self.reverted is not None:
            return Stage.REVERTED
        return Stage.OPEN if self.closed is None else Stage.CLOSED


def steps_of(journal: Journal, organisation_id: str, backfill_id: str) -> Steps:
    scope = scope_of(organisation_id)
    return Steps(on_disk(journal, close_key(scope, backfill_id)), on_disk(journal, revert_key(scope, backfill_id)))
