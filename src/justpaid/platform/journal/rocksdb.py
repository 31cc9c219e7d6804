"""The journal on one node, in RocksDB.

Three column families, written together in one batch: `keys` (key → digest, sequence and unit, for ever), `blocks`
(first sequence → count and payload, until released) and `marks` (readers' notes, and the head). A key's sequence has as
many bytes as it needs, since keys are what a journal of years consists of; all eight where a unit follows it.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompactionStyle,
    DBCompressionType,
    Env,
    Options,
    Rdict,
    ReadOptions,
    UniversalCompactOptions,
    WriteBatch,
    WriteOptions,
)

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.background import defer
from justpaid.platform.failpoints import failpoint
from justpaid.platform.journal.entries import Block, Entries, Refusal, Refused, Verdict

_HEAD: Final = b"journal.head"
_SEQUENCE_BYTES: Final = 8
_DIGEST_BYTES: Final = 8
_UNIT_FROM: Final = _DIGEST_BYTES + _SEQUENCE_BYTES
_COUNT_BYTES: Final = 4


class RocksJournal:
    """See `Journal`. One writer thread at a time; readers may be other threads."""

    def __init__(self, path: str) -> None:
        families = {"default": _options(), "keys": _key_options(), "blocks": _block_options(), "marks": _options()}
        try:
            self._db = Rdict(path, _database_options(), column_families=families)
        except Exception as error:
            raise EngineUnavailable(
                f"The journal in {path} can't be opened: {error}. If another JustPaid process uses this data "
                "directory, stop it first; if the disk is full, make room."
            ) from error
        defer("rocksdb:bottom")
        self._keys = self._db.get_column_family("keys")
        self._blocks = self._db.get_column_family("blocks")
        self._marks = self._db.get_column_family("marks")
        self._key_family = self._db.get_column_family_handle("keys")
        self._block_family = self._db.get_column_family_handle("blocks")
        self._mark_family = self._db.get_column_family_handle("marks")
        self._unsynced = WriteOptions()
        self._unsynced.sync = False
        self._unsynced.memtable_insert_hint_per_batch = True
        self._write_lock = threading.Lock()
        self._advanced = threading.Condition()
        self._wakes = 0
        self._head = _to_int(self._marks.get(_HEAD) or bytes(_SEQUENCE_BYTES))
        self._sizes = {block.start: len(block.payload) for block in self._scan(0)}
        self._backlog = sum(self._sizes.values())

    @property
    def head(self) -> int:
        return self._head

    def commit(self, entries: Entries, encode: Callable[[Sequence[int], int], bytes]) -> Verdict:
        with self._write_lock:
            verdict = self._judge(entries)
            if verdict.accepted:
                self._write(entries, verdict.accepted, encode(verdict.accepted, verdict.first))
        return verdict

    def find(self, key: bytes) -> int | None:
        value = self._keys.get(key)
        return None if value is None else _to_int(value[_DIGEST_BYTES:_UNIT_FROM])

    def read(self, start: int, *, max_records: int) -> list[Block]:
        blocks: list[Block] = []
        records = 0
        for block in self._scan(start):
            if block.end > self._head or (blocks and records + block.count > max_records):
                break
            blocks.append(block)
            records += block.count
        return blocks

    def block_of(self, sequence: int) -> Block | None:
        start = max((start for start in list(self._sizes) if start <= sequence), default=None)
        value: Any = None if start is None else self._blocks.get(_to_bytes(start))
        block = _block(_to_bytes(start or 0), value) if value else None
        return block if block and sequence < block.end else None

    def release(self, until: int) -> None:
        batch = self._batch()
        released = [start for start in self._sizes if start < until]
        for start in released:
            batch.delete(_to_bytes(start), self._block_family)
        with self._write_lock:
            self._db.write(batch, self._unsynced)
            for start in released:
                self._backlog -= self._sizes.pop(start)

    def mark(self, name: str) -> bytes | None:
        value: bytes | None = self._marks.get(name.encode())
        return value

    def marks(self, prefix: str) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for key, value in self._marks.items(from_key=prefix.encode()):
            name = bytes(key).decode()  # type: ignore[arg-type]  # raw mode: keys are bytes
            if not name.startswith(prefix):
                break
            found[name] = value
        return found

    def set_marks(self, marks: dict[str, bytes | None]) -> None:
        batch = self._batch()
        for name, value in marks.items():
            if value is None:
                batch.delete(name.encode(), self._mark_family)
            else:
                batch.put(name.encode(), value, self._mark_family)
        with self._write_lock:
            self._sync(batch, "marks")

    def wait_beyond(self, sequence: int, timeout_s: float) -> bool:
        with self._advanced:
            woken = self._wakes
            self._advanced.wait_for(lambda: self._head > sequence or self._wakes != woken, timeout_s)
            return self._head > sequence

    def wake(self) -> None:
        with self._advanced:
            self._wakes += 1
            self._advanced.notify_all()

    def backlog_bytes(self) -> int:
        return self._backlog

    def key_bytes(self) -> int:
        return int(self._keys.property_int_value("rocksdb.live-sst-files-size") or 0)

    def close(self) -> None:
        del self._key_family, self._block_family, self._mark_family
        for family in (self._keys, self._blocks, self._marks, self._db):
            family.close()

    def abandon(self) -> None:
        """Let go of the files without flushing: after a failed write RocksDB refuses to, and so never closes."""
        for name in ("_key_family", "_block_family", "_mark_family", "_keys", "_blocks", "_marks", "_db"):
            delattr(self, name)

    def _judge(self, entries: Entries) -> Verdict:
        """Each row's fate against the log and against the rows before it."""
        keys, digests, first = entries.keys, entries.digests, self._head
        stored: Any = self._keys.get(keys)  # type: ignore[arg-type]  # raw mode: keys are bytes
        alone = len(keys) == len(set(keys))
        if alone and stored.count(None) == len(keys):
            return Verdict(first, range(len(keys)), {})
        if alone:
            refused = {row: _refusal(value, digests[row]) for row, value in enumerate(stored) if value is not None}
            return Verdict(first, [row for row, value in enumerate(stored) if value is None], refused)
        accepted: list[int] = []
        refused = {}
        seen: dict[bytes, bytes] = {}
        for row, (key, digest, value) in enumerate(zip(keys, digests, stored, strict=True)):
            there = value or seen.get(key)
            if there is None:
                seen[key] = digest + _to_bytes(first + len(accepted)) + entries.unit
                accepted.append(row)
            else:
                refused[row] = _refusal(there, digest)
        return Verdict(first, accepted, refused)

    def _write(self, entries: Entries, accepted: Sequence[int], payload: bytes) -> None:
        first, count = self._head, len(accepted)
        batch = self._batch()
        put, family, unit = batch.put, self._key_family, entries.unit
        keys, digests = ([column[row] for row in accepted] for column in (entries.keys, entries.digests))
        width = _SEQUENCE_BYTES if unit else ((first + count).bit_length() + 7) // 8
        # In the order of the keys: neighbours in the memtable, which makes inserting them more than twice as fast.
        for place in sorted(range(count), key=keys.__getitem__):
            put(keys[place], digests[place] + (first + place).to_bytes(width, "big") + unit, family)
        batch.put(_to_bytes(first), count.to_bytes(_COUNT_BYTES, "big") + payload, self._block_family)
        batch.put(_HEAD, _to_bytes(first + count), self._mark_family)
        self._sync(batch, "journal")
        self._sizes[first] = len(payload)
        self._backlog += len(payload)
        # Readers see a block only now that it is on disk: a reader that went ahead of a lost write would meet its
        # sequence numbers again, with other records.
        with self._advanced:
            self._head = first + count
            self._advanced.notify_all()

    def _sync(self, batch: WriteBatch, what: str) -> None:
        """Write, then fsync. Two calls, because rocksdict holds Python's lock in `write` but not in `flush_wal`."""
        try:
            failpoint(f"{what}.before_write")
            self._db.write(batch, self._unsynced)
            failpoint(f"{what}.before_sync")
            self._db.flush_wal(True)
            failpoint(f"{what}.after_sync")
        except Exception as error:
            raise EngineUnavailable(
                f"The journal can't write: {error}. Check the free space and health of the data directory's disk."
            ) from error

    def _scan(self, start: int) -> "_Blocks":
        return _Blocks(self._blocks, start)

    def _batch(self) -> WriteBatch:
        return WriteBatch(raw_mode=True)


class _Blocks:
    """Iterate over stored blocks from a sequence on."""

    def __init__(self, family: Rdict, start: int) -> None:
        self._items = family.items(from_key=_to_bytes(start), read_opt=ReadOptions())

    def __iter__(self) -> "_Blocks":
        return self

    def __next__(self) -> Block:
        return _block(*next(self._items))


def _refusal(stored: bytes, digest: bytes) -> Refused:
    """Of a row with this digest whose key has the value `stored` already."""
    why = Refusal.DUPLICATE if stored[:_DIGEST_BYTES] == digest else Refusal.CONFLICT
    return Refused(why, _to_int(stored[_DIGEST_BYTES:_UNIT_FROM]), stored[_UNIT_FROM:])


def _block(key: Any, value: Any) -> Block:
    return Block(_to_int(key), int.from_bytes(value[:_COUNT_BYTES], "big"), value[_COUNT_BYTES:])


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.create_missing_column_families(True)
    options.set_max_background_jobs(2)
    options.set_max_total_wal_size(256 << 20)
    options.set_keep_log_file_num(4)
    return options


def _database_options() -> Options:
    """Compactions of everything have a thread of their own: of a hundred million keys one takes minutes, and the small
    ones, without which look-ups go through ever more tables, must not wait for it."""
    environment = Env()
    environment.set_bottom_priority_background_threads(1)
    options = _options()
    options.set_env(environment)
    return options


def _key_options() -> Options:
    """Random 16-byte keys, looked up once each and almost always absent: bloom filters answer most from memory, for
    the memtable too (a quarter of the time of a look-up without). A small memtable is faster to insert into, and
    Python's lock is held meanwhile: 1.1 us a key at 16 MiB, 1.6 at 32.

    Any two tables overlap in their keys. Compacted by levels, a key was written again ten times and more, 5 us of CPU
    and growing with what is stored; universal compaction joins tables of like size, so a key is written again three
    times at a hundred million. It leaves more tables to look into, hence 12 bits of filter a key. Old ones are six by
    then: with six allowed in all, the newest two were joined again and again, for 6 us a key in place of 0.5.

    Keys and digests can't be compressed, but what RocksDB adds to each can: ZSTD takes 40 bytes a key to 32. Only at
    the bottom level, where nearly all keys lie and each comes once in a while.
    """
    table = BlockBasedOptions()
    table.set_bloom_filter(12, False)
    table.set_block_cache(Cache(128 << 20))
    table.set_cache_index_and_filter_blocks(False)
    options = _options()
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(16 << 20)
    options.set_compaction_style(DBCompactionStyle.universal())
    by_size = UniversalCompactOptions()
    by_size.min_merge_width = 4
    options.set_universal_compaction_options(by_size)
    options.set_level_zero_file_num_compaction_trigger(12)
    options.set_level_zero_slowdown_writes_trigger(36)
    options.set_level_zero_stop_writes_trigger(60)
    options.set_memtable_whole_key_filtering(True)
    options.set_memtable_prefix_bloom_ratio(0.2)
    options.set_compression_type(DBCompressionType.none())
    options.set_bottommost_compression_type(DBCompressionType.zstd())
    return options


def _block_options() -> Options:
    """Large values that live for seconds: kept out of the sorted tables, so that compaction does not copy them."""
    options = _options()
    options.set_write_buffer_size(32 << 20)
    options.set_enable_blob_files(True)
    options.set_min_blob_size(4096)
    options.set_enable_blob_gc(True)
    options.set_blob_gc_age_cutoff(1.0)
    return options


def _to_bytes(sequence: int) -> bytes:
    return sequence.to_bytes(_SEQUENCE_BYTES, "big")


def _to_int(value: Any) -> int:
    return int.from_bytes(value, "big")
