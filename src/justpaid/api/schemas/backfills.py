"""Backfills on the wire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.ingest import BackfillRecord, Steps
from justpaid.metering import Extent


class BackfillIn(Input):
    """Its scope: events with a timestamp in [from, to) and, where they are given, this name and this customer."""

    start: Instant = Field(alias="from", description="The earliest timestamp of its events.")
    end: Instant = Field(alias="to", description="The end of the range; events at it are outside.")
    event: str | None = Field(default=None, min_length=1, max_length=255, description="Only events of this name.")
    customer_id: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="Only events of this customer: its id, external id or alias, or any key that events came with.",
    )
    replace: bool = Field(
        default=False,
        strict=True,
        description="From its close on, its events count instead of those that counted in its scope until then.",
    )
    reason: str | None = Field(default=None, min_length=1, max_length=500, description="For people.")


class BackfillOut(Output):
    """Open, its events don't count yet; closed, they do; reverted, they don't any more, and what it replaced does."""

    id: str
    status: Literal["open", "closed", "reverted"]
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    event: str | None
    customer_id: str | None
    replace: bool
    reason: str | None
    events: int = Field(ge=0, description="Sent under it, and not voided.")
    replaced: int = Field(ge=0, description="What its close kept from counting; while it is open, what it would now.")
    created_at: Instant
    closed_at: Instant | None
    reverted_at: Instant | None

    @classmethod
    def of(cls, record: BackfillRecord, steps: Steps, extent: Extent, times: Mapping[int, datetime]) -> "BackfillOut":
        """`times`: when the steps were taken."""
        kept = ("id", "event", "customer_id", "replace", "reason", "created_at")
        return cls.model_validate(
            {
                **{name: getattr(record, name) for name in kept},
                "status": steps.stage.value,
                "from": record.start_at,
                "to": record.end_at,
                "events": extent.events,
                "replaced": extent.replaced,
                "closed_at": None if steps.closed is None else times[steps.closed],
                "reverted_at": None if steps.reverted is None else times[steps.reverted],
            }
        )
