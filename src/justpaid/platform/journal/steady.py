"""A journal that does not go on after a failed write before it knows what is on disk.

After a write or an fsync failed nobody can tell whether the batch is there: it may be in part in the log, in memory
only, or on disk. RocksDB refuses all writes from then on until it is opened anew, and a batch that it wrote but could
not sync is visible to look-ups, so that a retry of a refused event would pass for a duplicate and be lost. So the first
failure closes the journal, and whoever needs it next opens it again: recovery replays the log into files of its own,
fsyncs them, and what it then holds is the truth.
Source: RocksDB wiki, "Background Error Handling"; "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TypeVar

import structlog

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.journal.entries import Block, Entries, Verdict
from justpaid.platform.journal.rocksdb import RocksJournal

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: Between two attempts to open it: on a disk that stays full each would fail, after a while.
_RETRY_S: Final = 0.5


class SteadyJournal:
    """See `Journal`. `open` opens the journal on disk; called again after each failure."""

    def __init__(self, open: Callable[[], RocksJournal], *, retry_s: float = _RETRY_S) -> None:
        self._open = open
        self._retry_s = retry_s
        self._journal: RocksJournal | None = open()
        self._users = 0
        self._suspect = False
        self._reopen_at = 0.0
        self._state = threading.Condition()
        self._head = self._journal.head
        self._backlog = self._journal.backlog_bytes()

    def commit(self, entries: Entries, encode: Callable[[Sequence[int], int], bytes]) -> Verdict:
        return self._write(lambda journal: journal.commit(entries, encode))

    def set_marks(self, marks: dict[str, bytes | None]) -> None:
        self._write(lambda journal: journal.set_marks(marks))

    def release(self, until: int) -> None:
        def release(journal: RocksJournal) -> None:
            try:
                journal.release(until)
            except Exception as error:
                raise EngineUnavailable(f"The journal can't release what is metered: {error}.") from error

        self._write(release)

    def find(self, key: bytes) -> int | None:
        with self._using() as journal:
            return journal.find(key)

    def read(self, start: int, *, max_records: int) -> list[Block]:
        with self._using() as journal:
            return journal.read(start, max_records=max_records)

    def block_of(self, sequence: int) -> Block | None:
        with self._using() as journal:
            return journal.block_of(sequence)

    def mark(self, name: str) -> bytes | None:
        with self._using() as journal:
            return journal.mark(name)

    def marks(self, prefix: str) -> dict[str, bytes]:
        with self._using() as journal:
            return journal.marks(prefix)

    @property
    def head(self) -> int:
        journal = self._journal
        return self._head if journal is None or self._suspect else journal.head

    def backlog_bytes(self) -> int:
        journal = self._journal
        return self._backlog if journal is None else journal.backlog_bytes()

    def key_bytes(self) -> int:
        with self._using() as journal:
            return journal.key_bytes()

    def wait_beyond(self, sequence: int, timeout_s: float) -> bool:
        journal = self._journal
        if journal is None or self._suspect:
            with self._using() as journal:
                pass
        return journal.wait_beyond(sequence, timeout_s)

    def wake(self) -> None:
        if (journal := self._journal) is not None:
            journal.wake()

    def close(self) -> None:
        with self._state:
            self._state.wait_for(lambda: self._users == 0)
            if self._journal is not None:
                self._journal.close()

    def _write(self, action: Callable[[RocksJournal], T]) -> T:
        with self._using() as journal:
            try:
                return action(journal)
            except EngineUnavailable as error:
                detail = error.detail
            self._suspect_it(journal, detail)
        # Another exception, because the traceback of the first holds the journal's parts, and so its lock on the files.
        raise EngineUnavailable(detail)

    def _suspect_it(self, journal: RocksJournal, detail: str) -> None:
        with self._state:
            if self._journal is journal and not self._suspect:
                # What was acknowledged until now stays what readers may know of until the disk has been asked.
                self._head, self._backlog = journal.head, journal.backlog_bytes()
                self._suspect = True
                log.error("journal.write_failed", error=detail, head=self._head)
        journal.wake()

    @contextmanager
    def _using(self) -> Iterator[RocksJournal]:
        with self._state:
            if self._suspect or self._journal is None:
                self._reopen()
            journal = self._journal
            assert journal is not None
            self._users += 1
        try:
            yield journal
        finally:
            with self._state:
                self._users -= 1
                self._state.notify_all()

    def _reopen(self) -> None:
        """Once nobody uses it.  Raises: EngineUnavailable while it can't be opened."""
        self._state.wait_for(lambda: self._users == 0)
        if not self._suspect and self._journal is not None:
            return  # another thread did it while we waited
        if time.monotonic() < self._reopen_at:
            raise EngineUnavailable("The journal could not be written and is not open again yet. Nothing was kept.")
        if self._journal is not None:
            self._journal.abandon()
            self._journal, self._suspect = None, False
        self._reopen_at = time.monotonic() + self._retry_s
        opened = self._open()
        self._head, self._backlog, self._journal = opened.head, opened.backlog_bytes(), opened
        self._reopen_at = 0.0
        log.info("journal.opened_again", head=opened.head)
