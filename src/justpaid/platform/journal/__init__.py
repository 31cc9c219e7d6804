"""The durable log that every accepted record goes through, with permanent de-duplication.

One atomic, fsynced commit holds both the new records and their keys, so a record whose commit returned is on disk, and
a key is in the log exactly once or not at all. Whatever reads the log (metering) keeps its place in it as a mark.

On one node this is RocksDB (`rocksdb.py`); the interface is what another log (Kafka) has to offer to take its place.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from justpaid.platform.journal.entries import Block, Entries, Refusal, Refused, Verdict
from justpaid.platform.journal.rocksdb import RocksJournal
from justpaid.platform.journal.steady import SteadyJournal

__all__ = ["Block", "Encode", "Entries", "Journal", "Refusal", "Refused", "Verdict", "open_journal"]

Encode = Callable[[Sequence[int], int], bytes]
"""Given the accepted rows and the sequence of the first, the bytes of their block."""


class Journal(Protocol):
    """An append-only log of records, numbered without gaps from 0 by `sequence`."""

    def commit(self, entries: Entries, encode: Encode) -> Verdict:
        """Write what is new among `entries` as one atomic batch and return once it is on disk.

        A row whose key the log holds already, or that repeats an earlier one of the same call, is not written: it is a
        duplicate if its digest is the same and a conflict if it differs.
        Raises: EngineUnavailable if the disk refuses; then nothing was kept.
        """
        ...

    def find(self, key: bytes) -> int | None:
        """The sequence number of the record with this key, if the log ever held it."""
        ...

    def read(self, start: int, *, max_records: int) -> list[Block]:
        """Committed blocks from sequence `start` on, in order; at least one if there is any, else as many as fit."""
        ...

    def block_of(self, sequence: int) -> Block | None:
        """The block that holds this record, unless it was released."""
        ...

    def release(self, until: int) -> None:
        """Drop blocks that lie wholly before sequence `until`; their keys stay for ever."""
        ...

    def mark(self, name: str) -> bytes | None:
        """A small durable note of a reader of this log, such as how far it has read."""
        ...

    def set_marks(self, marks: dict[str, bytes | None]) -> None:
        """Write (None: delete) several marks as one atomic, fsynced change."""
        ...

    def marks(self, prefix: str) -> dict[str, bytes]:
        """All marks whose name starts with `prefix`."""
        ...

    @property
    def head(self) -> int:
        """The sequence number that the next record will get: everything below it is committed."""
        ...

    def wait_beyond(self, sequence: int, timeout_s: float) -> bool:
        """Block until `head` is above `sequence`; False when the time ran out or `wake` was called first."""
        ...

    def wake(self) -> None:
        """End every `wait_beyond`: there is something else to look at."""
        ...

    def backlog_bytes(self) -> int:
        """Size of the blocks not yet released."""
        ...

    def key_bytes(self) -> int:
        """Size of the keys on disk; those of the last moments, which are still in memory and in the log, left out."""
        ...

    def close(self) -> None: ...


def open_journal(path: str) -> Journal:
    """Open, or make, the journal in this folder.  Raises: EngineUnavailable."""
    return SteadyJournal(lambda: RocksJournal(path))
