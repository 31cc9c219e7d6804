"""Events that have left the warehouse because nothing needs them any more, and what can't be answered without them.

Per organisation and event name there is an instant, the first of a month in UTC, before which raw events are gone.
Usage goes on from rollups, which hold them all; what only raw events can tell raises `EventsExpired` instead of
counting what is left. Kept are: the events of every bucket that holds a withdrawn one or is cut by the range of a
backfill that replaces, because such buckets are answered from events; and all events that a weighted_sum meter takes,
because a level is the sum of all changes ever.

The table `expired` says what was removed, and is written before the removal: whatever dies in between, the removal is
repeated until nothing is left that it names, and checks count as if it were done.
"""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from justpaid.ingest import Backfill
from justpaid.kernel.errors import EventsExpired
from justpaid.kernel.instants import EPOCH, floor_to
from justpaid.metering.effects import Effects
from justpaid.metering.meter import Aggregation, MeterDefinition
from justpaid.metering.rollups import Rollup
from justpaid.metering.schema import BUCKET, BUCKET_OF_EVENT
from justpaid.metering.usage import Question
from justpaid.platform.failpoints import failpoint
from justpaid.platform.warehouse import Warehouse, quote, quote_instant

log = structlog.get_logger(__name__)

_Name = tuple[str, str]
"""Organisation id and event name."""


class Expired:
    """What is gone. Corrections and closes take turns with `publish`, so that none leaves out an event that is about to
    go."""

    def __init__(self, warehouse: Warehouse, effects: Effects) -> None:
        self._warehouse = warehouse
        self._effects = effects
        self._lock = threading.Lock()
        self._until: Mapping[_Name, datetime] = {}

    def load(self) -> None:
        rows = self._warehouse.query("SELECT organisation, event, max(until) AS until FROM expired GROUP BY ALL")
        self._until = {(row["organisation"], row["event"]): row["until"].astimezone(UTC) for row in rows.to_pylist()}

    def until(self, organisation_id: str, event: str) -> datetime | None:
        """Raw events of this name with earlier timestamps are gone, or may be."""
        return self._until.get((organisation_id, event))

    def require(self, organisation_id: str, start: datetime) -> None:
        """All raw events from `start` on are there, whatever their name.  Raises: EventsExpired."""
        until = max((at for (owner, _), at in self._until.items() if owner == organisation_id), default=EPOCH)
        if start < until:
            raise EventsExpired.before(until)

    def require_for(self, question: Question, rollup: Rollup | None) -> None:
        """The question was, or can be, answered without events that are gone.  Raises: EventsExpired."""
        meter = question.meter
        until = self.until(meter.organisation_id, meter.event)
        start, end = question.windows[0].start, question.windows[-1].end
        if meter.aggregation is Aggregation.WEIGHTED_SUM:
            start = EPOCH
        if until is None or start >= until:
            return
        from_events = question.cutoff is not None or rollup is None or not rollup.complete
        unknown = rollup is not None and rollup.since is not None and start < rollup.since
        cut = floor_to(start, BUCKET) < start or floor_to(end, BUCKET) < min(end, until)
        if from_events or unknown or cut:
            raise EventsExpired.before(until)

    @contextmanager
    def correcting(self, organisation_id: str, event: str, timestamp: datetime) -> Iterator[None]:
        """Around the withdrawal of an event, whose bucket is answered from events afterwards.

        Raises: EventsExpired.
        """
        with self._lock:
            until = self.until(organisation_id, event)
            if until is not None and timestamp < until:
                raise EventsExpired.before(until)
            yield

    @contextmanager
    def replacing(self, backfill: Backfill) -> Iterator[None]:
        """Around the opening or the close of a backfill: one that replaces has to know what it takes the place of.

        Raises: EventsExpired.
        """
        with self._lock:
            gone = (
                at
                for (owner, event), at in self._until.items()
                if owner == backfill.organisation_id and backfill.event in (None, event) and backfill.start < at
            )
            if backfill.replace and (until := max(gone, default=None)) is not None:
                raise EventsExpired(
                    f"Raw events from before {until:%Y-%m-%d} (UTC) have expired, and so has what this backfill would "
                    "replace: let it begin on that day or later, or send it without replace."
                )
            yield

    def publish(self, until: Mapping[_Name, datetime]) -> None:
        """From now on, questions and corrections do without these events."""
        with self._lock:
            self._until = {**self._until, **until}

    def record(self, until: Mapping[_Name, datetime], upto: int) -> int:
        """Note what is to be removed, of events below sequence `upto`, all at once; how many events."""
        total = 0
        for instant in sorted(set(until.values())):
            names = [name for name, at in until.items() if at == instant]
            condition = f"({_in(names)}) AND {self._gone(instant, upto)}"
            counts = self._warehouse.query(
                f"SELECT organisation, event, count() AS events FROM events WHERE {condition} GROUP BY ALL"
            )
            if counts.num_rows:
                self._warehouse.execute(
                    f"""INSERT INTO expired SELECT organisation, event, {quote_instant(instant)}, {upto}, count()
                    FROM events WHERE {condition} GROUP BY organisation, event"""
                )
                total += sum(row["events"] for row in counts.to_pylist())
        return total

    def remove(self) -> None:
        """Remove what is noted and still there. Takes as long as rewriting the months that it touches."""
        for condition in self._conditions():
            if self._warehouse.query(f"SELECT count() AS n FROM events WHERE {condition}").to_pylist()[0]["n"]:
                failpoint("metering.before_expiry")
                self._warehouse.execute(f"ALTER TABLE events DELETE WHERE {condition} SETTINGS mutations_sync = 1")

    def still_there(self) -> str:
        """A condition on rows of `events`: not noted as removed, whether the removal has come to them or not."""
        return " AND ".join(f"NOT ({condition})" for condition in self._conditions()) or "1"

    def removed(self) -> int:
        """How many events are noted as removed."""
        rows = self._warehouse.query("SELECT sum(events) AS n FROM expired").to_pylist()
        return int(rows[0]["n"] or 0)

    def due(self, until: Mapping[str, datetime], spared: Collection[_Name]) -> dict[_Name, datetime]:
        """The names of which something would go, were each organisation's events kept from `until` on."""
        found: dict[_Name, datetime] = {}
        for organisation_id, instant in until.items():
            names = self._warehouse.query(
                f"""SELECT DISTINCT event FROM events
                WHERE organisation = {quote(organisation_id)} AND timestamp < {quote_instant(instant)}"""
            )
            for row in names.to_pylist():
                name = organisation_id, row["event"]
                if name not in spared and instant > self._until.get(name, EPOCH):
                    found[name] = instant
        return found

    def _conditions(self) -> list[str]:
        batches = self._warehouse.query("SELECT DISTINCT until, upto FROM expired ORDER BY upto, until").to_pylist()
        return [
            f"""(organisation, event) IN (SELECT organisation, event FROM expired
                WHERE until = {quote_instant(batch["until"])} AND upto = {batch["upto"]})
                AND {self._gone(batch["until"], batch["upto"])}"""
            for batch in batches
        ]

    def _gone(self, until: datetime, upto: int) -> str:
        """Events of a bucket that is answered from events stay: it holds a withdrawn one, or a range ends in it."""
        cut = "".join(f" AND NOT ({condition})" for condition in self._effects.cut(BUCKET_OF_EVENT, upto))
        return f"""timestamp < {quote_instant(until)} AND seq < {upto}{cut}
            AND (organisation, event, customer, {BUCKET_OF_EVENT}) NOT IN (
                SELECT organisation, event, customer, bucket FROM voids WHERE seq < {upto})"""


def held_as_levels(meters: Collection[MeterDefinition]) -> set[_Name]:
    return {(m.organisation_id, m.event) for m in meters if m.aggregation is Aggregation.WEIGHTED_SUM}


def _in(names: Collection[_Name]) -> str:
    pairs = ", ".join(f"({quote(organisation_id)}, {quote(event)})" for organisation_id, event in names)
    return f"(organisation, event) IN ({pairs})"
