"""The group commit. A commit group is all that waits when the last commit ends; there is no timer.

One thread prepares, de-duplicates and writes; a request's receipt is given after the group's fsync. Large requests are
prepared by another process first, where there is one.
"""

import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from justpaid.ingest.block import Columns
from justpaid.ingest.commit import Outcome, commit_events
from justpaid.ingest.feed import Feed
from justpaid.ingest.pace import Pace
from justpaid.ingest.prepare import Prepared, Request
from justpaid.ingest.preparer import Preparer
from justpaid.ingest.receipt import Receipt
from justpaid.kernel.clock import Clock
from justpaid.kernel.errors import EngineUnavailable, JustPaidError, Overloaded
from justpaid.kernel.instants import microseconds_of
from justpaid.platform.journal import Entries, Journal, Refusal, Refused

log = structlog.get_logger(__name__)

_GROUP_BYTES: Final = 16 << 20
#: Smaller requests are prepared sooner than they are handed over.
_LARGE_BYTES: Final = 16 << 10
#: Prepared, a request takes many times its bytes: while the disk is slow, what goes beyond this waits as it came.
_AHEAD_BYTES: Final = _GROUP_BYTES
_FREE_KNOWN_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes are of decompressed bodies; `queued_bytes` and `backlog_bytes` bound memory and disk under overload.

    With less than `min_free_bytes` on the disk events are refused: what is left is for metering what was accepted, and
    for PostgreSQL, which ends itself when it can't write.
    """

    body_bytes: int = 64 << 20
    batch_events: int = 50_000
    queued_bytes: int = 256 << 20
    backlog_bytes: int = 8 << 30
    min_free_bytes: int = 0

    def check_backlog(self, journal: Journal) -> None:
        """Raises: Overloaded while more than `backlog_bytes` wait for the warehouse."""
        if journal.backlog_bytes() > self.backlog_bytes:
            raise Overloaded("The warehouse is far behind the journal; try again shortly.", retry_after_s=5)


@dataclass(slots=True)
class Submission:
    """One request as it came. `live`: its organisation bills for real, so its events can't lie in the future.

    `now`: the present by the organisation's own clock, where it has one; events without a timestamp happen then.
    """

    organisation_id: str
    live: bool
    body: bytes
    ndjson: bool = False
    encoding: str = ""
    now: datetime | None = None
    came_at: float = field(default_factory=time.monotonic)
    apart: bool = False
    prepared: Prepared | None = None
    result: "Future[Receipt]" = field(default_factory=Future)

    def request(self, now: datetime, limits: Limits) -> Request:
        """`now`: the present, where the organisation has no clock of its own."""
        return Request(
            self.organisation_id,
            self.live,
            self.body,
            self.ndjson,
            self.encoding,
            self.now or now,
            limits.body_bytes,
            limits.batch_events,
        )


class Committer:
    """Takes submissions from any thread; `start` and `stop` bound its own. `free_bytes` asks the journal's disk.

    `pace` tells how fast receipts are given; `preparer` prepares large requests, once it is there.
    """

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        limits: Limits,
        feed: Feed,
        *,
        free_bytes: Callable[[], int] = lambda: sys.maxsize,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._feed = feed
        self._free_bytes = free_bytes
        self._free_known, self._free_until = 0, 0.0
        self.pace = Pace()
        self.preparer: Preparer | None = None
        self._waiting: deque[Submission] = deque()
        self._preparing = self._ahead_bytes = 0
        self._queued_bytes = 0
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits, then end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def submit(self, submission: Submission) -> "Future[Receipt]":
        """Queue it; the future ends with its receipt or with the error that refused the whole request.

        Raises: Overloaded when too much waits already; nothing was kept.
        """
        self._limits.check_backlog(self._journal)
        if (free := self._free()) < self._limits.min_free_bytes:
            raise Overloaded(
                f"The disk has {free >> 20} MiB left; events are taken again from {self._limits.min_free_bytes >> 20} "
                "MiB on. Make room.",
                retry_after_s=30,
            )
        with self._changed:
            if self._stopping:
                raise Overloaded("The server is stopping; try again.", retry_after_s=2)
            if self._queued_bytes + len(submission.body) > self._limits.queued_bytes:
                raise Overloaded("Too many events wait for the disk; try again shortly.")
            self._queued_bytes += len(submission.body)
            preparer = self.preparer if len(submission.body) >= _LARGE_BYTES else None
            if preparer is None or not preparer.available() or self._ahead_bytes >= _AHEAD_BYTES:
                self._waiting.append(submission)
                self._changed.notify()
                return submission.result
            self._preparing += 1
            self._ahead_bytes += len(submission.body)
            submission.apart = True
        request = submission.request(self._clock.now(), self._limits)
        preparer.take(request, partial(self._take_over, submission))
        return submission.result

    def _free(self) -> int:
        """As of now or a tenth of a second ago: asking the disk is a twentieth of what a small request costs."""
        now = time.monotonic()
        if now > self._free_until:
            self._free_known, self._free_until = self._free_bytes(), now + _FREE_KNOWN_S
        return self._free_known

    def _take_over(self, submission: Submission, prepared: Prepared | None) -> None:
        submission.prepared = prepared
        with self._changed:
            self._preparing -= 1
            self._waiting.append(submission)
            self._changed.notify()

    def _run(self) -> None:
        while group := self._next_group():
            self._commit(group)

    def _next_group(self) -> list[Submission]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or (self._stopping and not self._preparing))
            group: list[Submission] = []
            taken = 0
            while self._waiting and taken < _GROUP_BYTES:
                submission = self._waiting.popleft()
                taken += len(submission.body)
                self._ahead_bytes -= len(submission.body) if submission.apart else 0
                group.append(submission)
            self._queued_bytes -= taken
            return group

    def _commit(self, group: list[Submission]) -> None:
        now = self._clock.now()
        # A request that was given up before this is left out; after it, its future can't be cancelled under our hands.
        wanted = [submission for submission in group if submission.result.set_running_or_notify_cancel()]
        prepared = [(submission, ready) for submission in wanted if (ready := self._prepared(submission, now))]
        columns, entries = Columns(), Entries()
        for _, ready in prepared:
            columns.extend(ready.columns)
            entries.extend(ready.entries)
        received_at = microseconds_of(now)
        try:
            outcome = commit_events(self._journal, columns, entries, received_at)
        except Exception as error:
            log.error("journal.commit_failed", error=str(error), requests=len(prepared))
            failure = error if isinstance(error, JustPaidError) else EngineUnavailable(f"The journal failed: {error}")
            for submission, _ in prepared:
                submission.result.set_exception(failure)
            return
        row = 0
        for submission, ready in prepared:
            receipt = receipt_of(ready, outcome, row)
            submission.result.set_result(receipt)
            self.pace.note(submission.organisation_id, receipt.accepted, submission.came_at)
            row += len(ready.entries)
        try:
            for verdict in outcome.written:
                self._feed.publish(columns, verdict)
        except Exception:
            log.exception("ingest.publish_failed")  # watchers miss a group; receipts must go on

    def _prepared(self, submission: Submission, now: datetime) -> Prepared | None:
        """The valid events of a request, or None after its future was told why there are none."""
        try:
            return submission.prepared or submission.request(now, self._limits).prepared()
        except JustPaidError as error:
            submission.result.set_exception(error)
        except Exception as error:
            log.exception("ingest.prepare_failed")
            submission.result.set_exception(error)
        return None


def receipt_of(prepared: Prepared, outcome: Outcome, first_row: int) -> Receipt:
    """The receipt of a request whose valid events are the group's rows from `first_row` on."""
    receipt = prepared.receipt
    receipt.accepted = count = len(prepared.entries)
    if outcome.refused:
        for row in range(count):
            refused = outcome.refused.get(first_row + row)
            if refused is None:
                continue
            receipt.accepted -= 1
            if first_row + row in outcome.held:
                receipt.rejected += 1
                receipt.refuse(prepared.index(row), prepared.columns.id[row], "held", _held(prepared, row, refused))
                continue
            if refused.why is Refusal.DUPLICATE:
                receipt.duplicates += 1
                continue
            event_id = prepared.columns.id[row]
            receipt.conflicts += 1
            receipt.refuse(
                prepared.index(row),
                event_id,
                "conflict",
                f"id: {event_id!r} was accepted before with other content (as record {refused.sequence}); the first "
                "stays counted. Send a change as a new event, or amend the first",
            )
        receipt.errors.sort(key=lambda error: error["index"])
    return receipt


def _held(prepared: Prepared, row: int, refused: Refused) -> str:
    """Not a duplicate: should the backfill be given up, its sender would believe that the event counts."""
    return (
        f"id: {prepared.columns.id[row]!r} is in backfill {refused.unit.decode()}, which is open; close or revert it, "
        "then send the event again"
    )
