"""Stage 2 as one running thing: the drainer that fills the warehouse, and the readers that answer from it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from justpaid.kernel.errors import Overloaded
from justpaid.metering.active import customers_since
from justpaid.metering.backfills import BackfillReader
from justpaid.metering.backlog import Backlog, backlog_of
from justpaid.metering.changes import ChangeReader
from justpaid.metering.drainer import Drainer
from justpaid.metering.effects import Effects
from justpaid.metering.events import EventReader
from justpaid.metering.expired import Expired, held_as_levels
from justpaid.metering.filling import SLICE_EVENTS, Filling
from justpaid.metering.line_events import CountedEvents
from justpaid.metering.meter import MeterDefinition
from justpaid.metering.quantity import Quantity
from justpaid.metering.recount import Difference, Recount
from justpaid.metering.replay import Replay
from justpaid.metering.roller import Roller
from justpaid.metering.rollups import Rollups
from justpaid.metering.schema import month_of, prepare_warehouse
from justpaid.metering.tail import Tail
from justpaid.metering.traffic import Traffic
from justpaid.metering.unbilled import UnbilledReader
from justpaid.metering.usage import Question, RolledUp, UsageReader
from justpaid.metering.voids import Voids
from justpaid.platform.journal import Journal
from justpaid.platform.warehouse import Warehouse

_CATCH_UP_S = 60.0
# A question is planned on one core; as many again are left to the drainer, the roller and others' questions.
_ASKED_AT_ONCE = 2


class Metering:
    """Owns the warehouse of this node. `load_definitions` gives every meter of every organisation."""

    def __init__(
        self,
        journal: Journal,
        warehouse: Warehouse,
        load_definitions: Callable[[], list[MeterDefinition]],
        *,
        max_rows: int,
        slice_events: int = SLICE_EVENTS,
    ) -> None:
        prepare_warehouse(warehouse)
        self._journal = journal
        self._warehouse = warehouse
        self.rollups = Rollups(journal, warehouse)
        self._voids = Voids(warehouse)
        self._load_definitions = load_definitions
        self.effects = Effects(warehouse)
        self.expired = Expired(warehouse, self.effects)
        self._filling = Filling(
            warehouse,
            self.rollups,
            self.expired,
            self.effects,
            lambda: self._roller.meters_changed(),
            slice_events=slice_events,
        )
        self._roller = Roller(
            journal,
            warehouse,
            self.rollups,
            self.effects,
            load_definitions,
            self._filling.add,
            max_rows=max_rows,
        )
        self.drainer = Drainer(
            journal,
            warehouse,
            self._voids,
            self.effects,
            self._roller,
            max_rows=max_rows,
            moved=lambda records: self.traffic.take(records),
        )
        self.traffic: Traffic = Traffic(warehouse, self.drainer.paused)
        self.events = EventReader(journal, warehouse, self.effects)
        self.backfills = BackfillReader(journal, warehouse, self.effects)
        self.replay = Replay(journal, warehouse)
        self.unbilled = UnbilledReader(warehouse, self.effects)
        self.counted_events = CountedEvents(warehouse, self.effects, self.expired)
        self.changes = ChangeReader(warehouse, self.effects)
        self._usage = UsageReader(warehouse, self.rollups, self._voids, self.effects)
        self._recount = Recount(warehouse, self.rollups, self.expired, self.effects, self.snapshot)
        self._asking = ThreadPoolExecutor(_ASKED_AT_ONCE, "asking")

    def start(self) -> None:
        self.expired.load()
        self._filling.start()
        self.drainer.start()
        self._roller.start(self.drainer.position)

    def stop(self) -> None:
        self.drainer.stop()
        self._roller.stop()
        self._filling.stop()
        self._asking.shutdown()

    @property
    def running(self) -> bool:
        return self.drainer.running and self._roller.running

    def meters_changed(self) -> None:
        """A meter was made or changed."""
        self._roller.meters_changed()

    def usage(self, question: Question) -> list[Quantity]:
        """What `UsageReader.answer` says, as of now.

        Raises: EventsExpired where only events could tell that are gone.
        """
        answer = self._answer(question)
        # Afterwards: events are announced as gone before the first of them goes.
        self.expired.require_for(question, self.rollups.of(question.meter))
        return answer

    def usage_of_each(self, questions: Sequence[Question]) -> list[list[Quantity]]:
        """The answer to each, some asked at once; each is as of its own moment, unless in a `snapshot`."""
        if len(questions) < 2:  # not worth a change of threads
            return [self.usage(question) for question in questions]
        return list(self._asking.map(self.usage, questions))

    def _answer(self, question: Question) -> list[Quantity]:
        if question.cutoff is not None:  # what was then does not change
            return self._usage.answer(question, question.cutoff, Tail(question.cutoff))
        rolled = self._roller.position
        while True:
            try:
                # Its start is read after `rolled`, which follows it, and so never less.
                return self._usage.answer(question, rolled, self.drainer.tail())
            except RolledUp as meanwhile:
                rolled = meanwhile.upto

    def customers_since(self, organisation_id: str, since: int) -> set[str]:
        """The customer keys of the events that came at or after this journal sequence.  Raises: EngineUnavailable."""
        return customers_since(self._warehouse, organisation_id, since)

    def catch_up(self, timeout_s: float) -> bool:
        """Wait until usage counts every event acknowledged before the call, as it mostly does at once; False if that
        takes longer."""
        head = self._journal.head
        return self.drainer.tail().end >= head or self.drainer.wait_until(head, timeout_s)

    def drain(self, timeout_s: float) -> bool:
        """Wait until the warehouse holds every event acknowledged before the call; False if that takes longer."""
        return self.drainer.wait_until(self._journal.head, timeout_s)

    @contextmanager
    def snapshot(self) -> Iterator[int]:
        """Hold metering still and yield the cut-off that usage now answers for: all events below that sequence, all of
        which are rolled up.

        It includes every event acknowledged before the call. Receipts go on meanwhile; only their metering waits.
        Raises: Overloaded if metering is more than a minute behind.
        """
        if not self.drain(_CATCH_UP_S):
            raise Overloaded(
                f"Metering is {self.lag()} events behind; bill again once it has caught up.", retry_after_s=30
            )
        with self.drainer.paused() as position:
            if not self._roller.wait_until(position, _CATCH_UP_S):
                raise Overloaded("The rollups can't follow; the server's log says why. Try again.", retry_after_s=30)
            yield position

    def expire(self, until: Mapping[str, datetime]) -> int:
        """Remove each organisation's events from before the month of `until`, as far as metering itself does not need
        them; how many. Nothing goes of an organisation with a meter that is still being built.

        Raises: Overloaded if metering is far behind; EngineUnavailable.
        """
        self.expired.remove()  # what a crash left undone
        meters = self._load_definitions()
        building = {meter.organisation_id for meter in meters if self.rollups.progress(meter) < 1}
        months = {key: month_of(at) for key, at in until.items() if key not in building}
        due = self.expired.due(months, held_as_levels(meters))
        if not due:
            return 0
        self.expired.publish(due)
        # Every correction that was let through before is taken up now, and none comes after.
        with self.snapshot() as position:
            removed = self.expired.record(due, position)
        self.expired.remove()
        return removed

    def recount(self, meters: Iterable[MeterDefinition]) -> list[Difference]:
        """Every difference between `usage` and `events`; `Recount.differences` says more."""
        return list(self._recount.differences(meters))

    def lag(self) -> int:
        """Events that are acknowledged but not yet metered."""
        return self._journal.head - self.drainer.position

    def backlog(self) -> Backlog:
        """How far metering is behind.  Raises: EngineUnavailable if the journal can't be read."""
        return backlog_of(self._journal, self.drainer.position)
