"""Backfills at work: events come in under one, it is closed, it is reverted.

Like corrections they go past the group commit, which large imports would hold up; the journal lets one writer in at a
time. A lock keeps a close from coming between the look at a backfill's stage and the commit of events under it.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from justpaid.ingest.backfill import Backfill, Stage, Steps, steps_of
from justpaid.ingest.block import Columns, encode_step
from justpaid.ingest.commit import commit_events
from justpaid.ingest.committer import Limits, Submission, receipt_of
from justpaid.ingest.event import EventIn, EventRejected, latest_timestamp, scope_of
from justpaid.ingest.prepare import Prepared, prepare
from justpaid.ingest.reading import decompress, read_events
from justpaid.ingest.receipt import Receipt
from justpaid.ingest.versions import close_key, revert_key
from justpaid.kernel.clock import Clock
from justpaid.kernel.errors import Conflict, Overloaded
from justpaid.kernel.instants import microseconds_of
from justpaid.platform.failpoints import failpoint
from justpaid.platform.journal import Entries, Journal

#: Bodies that may wait in memory at once.
_SENDERS: Final = 4
_NO_DIGEST: Final = bytes(8)

Replaced = Callable[[Backfill, Sequence[int]], frozenset[int]]
"""Of the events sent as these records, those that stop counting when the backfill is closed."""


class Backfills:
    """Of all organisations; used by many threads at once."""

    def __init__(self, journal: Journal, clock: Clock, limits: Limits, replaced: Replaced) -> None:
        self._journal = journal
        self._clock = clock
        self._limits = limits
        self._replaced = replaced
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(_SENDERS)

    def steps(self, backfill: Backfill) -> Steps:
        return steps_of(self._journal, backfill.organisation_id, backfill.id)

    def send(self, backfill: Backfill, submission: Submission) -> Receipt:
        """Keep events under a backfill; they count from its close on. The receipt comes after they are on disk.

        Raises: Conflict if it is not open; what a submission can be refused for; Overloaded.  Then nothing was kept.
        """
        self._limits.check_backlog(self._journal)
        if not self._places.acquire(blocking=False):
            raise Overloaded(f"{_SENDERS} requests to backfills are at work; try again shortly.")
        try:
            return self._send(backfill, submission)
        finally:
            self._places.release()

    def close(self, backfill: Backfill) -> None:
        """From here on its events count. Of one that is closed already, nothing happens.  Raises: Conflict."""
        with self._lock:
            stage = self.steps(backfill).stage
            if stage is Stage.REVERTED:
                raise Conflict(f"Backfill {backfill.id} was reverted, which is final. Open another one.")
            if stage is Stage.OPEN:
                self._step(backfill, Stage.CLOSED)

    def revert(self, backfill: Backfill) -> None:
        """From here on its events don't count, and what it replaced does again. Its ids may be sent anew."""
        with self._lock:
            if self.steps(backfill).stage is not Stage.REVERTED:
                self._step(backfill, Stage.REVERTED)

    def _send(self, backfill: Backfill, submission: Submission) -> Receipt:
        body = decompress(submission.body, submission.encoding, self._limits.body_bytes)
        events = read_events(body, ndjson=submission.ndjson, max_events=self._limits.batch_events)
        now = self._clock.now()
        prepared = prepare(
            [_dated(event) for event in events],
            body,
            organisation_id=backfill.organisation_id,
            now=microseconds_of(now),
            latest=latest_timestamp(now, live=submission.live),
        )
        _keep_fitting(prepared, backfill)
        entries = replace(prepared.entries, unit=backfill.unit)
        with self._lock:
            if (stage := self.steps(backfill).stage) is not Stage.OPEN:
                raise Conflict(f"Backfill {backfill.id} is {stage} and takes no more events. Open another one.")
            outcome = commit_events(
                self._journal,
                prepared.columns,
                entries,
                microseconds_of(now),
                backfill=backfill,
                replaced=(lambda records: self._replaced(backfill, records)) if backfill.replace else None,
            )
        failpoint("backfill.after_events")
        return receipt_of(prepared, outcome, 0)

    def _step(self, backfill: Backfill, stage: Stage) -> None:
        key = {Stage.CLOSED: close_key, Stage.REVERTED: revert_key}[stage]
        received_at = microseconds_of(self._clock.now())

        def encode(accepted: Sequence[int], first: int) -> bytes:
            return encode_step(_record(backfill), received_at, stage)

        failpoint(f"backfill.before_{stage}")
        self._journal.commit(Entries([key(scope_of(backfill.organisation_id), backfill.id)], [_NO_DIGEST]), encode)
        failpoint(f"backfill.after_{stage}")


def _dated(event: EventIn | EventRejected) -> EventIn | EventRejected:
    """The time of arrival, which stands in for a missing timestamp elsewhere, makes no sense for history."""
    if isinstance(event, EventIn) and event.timestamp is None:
        return EventRejected("missing_field", "timestamp: is required in a backfill and missing", event.id)
    return event


def _keep_fitting(prepared: Prepared, backfill: Backfill) -> None:
    """Refuse the events that are not in the scope of the backfill."""
    columns, receipt = prepared.columns, prepared.receipt
    fitting = []
    for row, about in enumerate(zip(columns.customer, columns.event, columns.timestamp, strict=True)):
        misfit = backfill.misfit(*about)
        if misfit is None:
            fitting.append(row)
            continue
        receipt.rejected += 1
        receipt.refuse(
            prepared.index(row),
            columns.id[row],
            "outside_backfill",
            f"{misfit} of backfill {backfill.id}; send it without the backfill, or under one that covers it",
        )
    if len(fitting) == len(columns.id):
        return
    receipt.errors.sort(key=lambda error: error["index"])
    prepared.indexes = [prepared.index(row) for row in fitting]
    prepared.columns = columns.only(fitting)
    keys, digests = prepared.entries.keys, prepared.entries.digests
    prepared.entries = Entries([keys[row] for row in fitting], [digests[row] for row in fitting])


def _record(backfill: Backfill) -> Columns:
    """A step tells metering all that the backfill is, so that the warehouse needs nobody else to say what counts."""
    return Columns(
        organisation=[backfill.organisation_id],
        id=[backfill.id],
        customer=[""],
        event=[""],
        timestamp=[microseconds_of(backfill.start)],
        quantity=["0"],
        properties=[backfill.as_json()],
    )
