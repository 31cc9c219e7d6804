"""How the installation fares, on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from justpaid.api.values import Output
from justpaid.metering import Backlog


class MeteringStatus(Output):
    """Accepted events are safe; these are not in usage yet."""

    lag_events: Annotated[int, Field(ge=0, description="Accepted, but not metered yet.")]
    backlog_bytes: Annotated[
        int, Field(ge=0, description="Their size in the journal. At a limit new events get 503 until it shrinks.")
    ]
    seconds_behind: Annotated[float, Field(ge=0, description="How long the oldest of them has waited.")]

    @classmethod
    def of(cls, backlog: Backlog, now: datetime) -> "MeteringStatus":
        waited_s = 0.0 if backlog.oldest_at is None else (now - backlog.oldest_at).total_seconds()
        # A clock that was set back must not make the wait negative.
        return cls(lag_events=backlog.events, backlog_bytes=backlog.bytes, seconds_behind=max(0.0, round(waited_s, 3)))


class StatusOut(Output):
    metering: MeteringStatus
