"""The run through a file: one thread that sends the rows of started imports as events, batch by batch.

What it has done is stored after each batch, in the transaction that also says how long the file of rejected rows is. A
run that dies goes on from there at the next start.
"""

import csv
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
import structlog

from justpaid.accounts import Organisation
from justpaid.imports.csv_file import rows_of
from justpaid.imports.mapping import ColumnMapping, RowReader, RowRejected
from justpaid.imports.rejected import RejectedRows
from justpaid.imports.store import column_names, layout_of, rejected_path, upload_path
from justpaid.imports.tables import ImportRecord
from justpaid.ingest import Committer, Receipt, Submission
from justpaid.kernel.clock import Clock
from justpaid.kernel.errors import EngineUnavailable, Overloaded
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

log = structlog.get_logger(__name__)

BATCH_ROWS: Final = 1000
_IDLE_S: Final = 30.0
_RETRY_S: Final = 5.0
_ANSWER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Job:
    record: ImportRecord
    live: bool
    clock_at: datetime | None


class Importer:
    """`folder` has the files. `wake` it when an import was started."""

    def __init__(self, database: Database, ingest: Committer, clock: Clock, folder: Path) -> None:
        self.folder = folder
        self._database = database
        self._ingest = ingest
        self._clock = clock
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._thread = threading.Thread(target=self._run, name="importer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        self._news.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            wait_s = _IDLE_S
            try:
                self.run_started()
            except Exception as error:
                log.error("imports.run_failed", error=str(error), retry_s=_RETRY_S)
                wait_s = _RETRY_S
            self._news.wait(wait_s)

    def run_started(self) -> int:
        """Run every import that was started, oldest first; how many were finished."""
        finished = 0
        while not self._stopping.is_set() and (job := self._next()):
            self._import(job)
            finished += 1
        return finished

    def _next(self) -> _Job | None:
        query = (
            sa.select(ImportRecord, Organisation.mode, Organisation.clock_at)
            .join(Organisation, Organisation.id == ImportRecord.organisation_id)
            .where(ImportRecord.status == "running")
            .order_by(ImportRecord.started_at, ImportRecord.id)
            .limit(1)
        )
        with self._database.system() as session:
            row = session.execute(query).one_or_none()
        return None if row is None else _Job(row[0], row[1] == "live", row[2])

    def _import(self, job: _Job) -> None:
        """Raises: EngineUnavailable, Overloaded: to be gone on with later."""
        record = job.record
        path = upload_path(self.folder, record.id)
        assert record.mapping is not None
        try:
            reader = RowReader(ColumnMapping.from_json(record.mapping), column_names(record), record.digest)
            with RejectedRows(
                rejected_path(self.folder, record.id), column_names(record), record.rejected_bytes
            ) as rejected:
                for first, batch in self._batches(path, record):
                    if self._stopping.is_set():
                        return
                    self._send(job, reader, first, batch, rejected)
        except (OSError, UnicodeError, csv.Error) as error:
            self._end(record, "failed", f"The file can't be read beyond row {record.rows_done}: {error}")
            return
        self._end(record, "completed", None)

    def _batches(self, path: Path, record: ImportRecord) -> Iterator[tuple[int, Sequence[list[str]]]]:
        """With the number of the first row of each, from 1."""
        number = record.rows_done + 1
        rows = rows_of(path, layout_of(record), skip=record.rows_done)
        while batch := list(islice(rows, BATCH_ROWS)):
            yield number, batch
            number += len(batch)

    def _send(
        self, job: _Job, reader: RowReader, first: int, batch: Sequence[list[str]], rejected: "RejectedRows"
    ) -> None:
        lines: list[bytes] = []
        places: list[int] = []
        reasons: dict[int, tuple[str, str]] = {}
        for place, cells in enumerate(batch):
            try:
                lines.append(reader.event(first + place, cells))
                places.append(place)
            except RowRejected as error:
                reasons[place] = error.code, error.message
        receipt = self._submitted(job, b"\n".join(lines)) if lines else Receipt()
        failpoint("import.after_commit")
        for refused in receipt.errors:
            reasons[places[refused["index"]]] = refused["code"], refused["message"]
        for place in sorted(reasons):
            rejected.add(first + place, batch[place], *reasons[place])
        unread = len(batch) - len(lines)
        self._store(job.record, receipt, len(batch), unread, rejected.flush())

    def _submitted(self, job: _Job, body: bytes) -> Receipt:
        while True:
            try:
                submission = Submission(job.record.organisation_id, job.live, body, ndjson=True, now=job.clock_at)
                return self._ingest.submit(submission).result(_ANSWER_S)
            except Overloaded as error:
                if self._stopping.wait(error.retry_after_s):
                    raise
            except TimeoutError as error:
                raise EngineUnavailable("The journal does not answer.") from error

    def _store(self, record: ImportRecord, receipt: Receipt, rows: int, unread: int, rejected_bytes: int) -> None:
        changes: dict[str, Any] = {
            "rows_done": record.rows_done + rows,
            "accepted": record.accepted + receipt.accepted,
            "duplicates": record.duplicates + receipt.duplicates,
            "conflicts": record.conflicts + receipt.conflicts,
            "rejected": record.rejected + receipt.rejected + unread,
            "rejected_bytes": rejected_bytes,
        }
        self._update(record, changes)

    def _end(self, record: ImportRecord, status: str, error: str | None) -> None:
        self._update(record, {"status": status, "error": error, "finished_at": self._clock.now()})
        upload_path(self.folder, record.id).unlink(missing_ok=True)
        log.info(
            "imports.ended", status=status, id=record.id, rows=record.rows_done, accepted=record.accepted, error=error
        )

    def _update(self, record: ImportRecord, changes: dict[str, Any]) -> None:
        with self._database.tenant(record.organisation_id) as session:
            session.execute(sa.update(ImportRecord).where(ImportRecord.id == record.id).values(changes))
        for name, value in changes.items():
            setattr(record, name, value)
