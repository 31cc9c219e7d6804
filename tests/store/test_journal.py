"""The journal on the real RocksDB: exactly once, in order, on disk before the answer."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from rocksdict import Options

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.journal import Entries, Journal, Refusal, Refused, open_journal


def key(name: str) -> bytes:
    return name.encode().ljust(16, b".")


def entry(name: str, body: str = "body") -> tuple[bytes, bytes]:
    return key(name), body.encode().ljust(8, b".")


def commit(journal: Journal, *rows: tuple[bytes, bytes]) -> list[tuple[str, int]]:
    """Row by row its fate, and the sequence that it got or that holds its key."""

    def encode(accepted: Sequence[int], first: int) -> bytes:
        return b",".join(rows[row][0].rstrip(b".") for row in accepted)

    verdict = journal.commit(Entries([key for key, _ in rows], [digest for _, digest in rows]), encode)
    fates = {row: ("accepted", sequence) for sequence, row in enumerate(verdict.accepted, verdict.first)}
    fates |= {row: (refused.why.value, refused.sequence) for row, refused in verdict.refused.items()}
    return [fates[row] for row in range(len(rows))]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return open_journal(str(tmp_path / "journal"))


def test_new_keys_get_consecutive_sequences_and_one_block(journal: Journal) -> None:
    assert commit(journal, entry("a"), entry("b")) == [("accepted", 0), ("accepted", 1)]
    assert commit(journal, entry("c")) == [("accepted", 2)]
    assert [(b.start, b.count, b.payload) for b in journal.read(0, max_records=10)] == [(0, 2, b"a,b"), (2, 1, b"c")]
    assert journal.head == 3


def test_the_same_key_is_a_duplicate_or_a_conflict_within_a_batch_and_across_batches(journal: Journal) -> None:
    assert commit(journal, entry("a"), entry("a"), entry("a", "other"), entry("b")) == [
        ("accepted", 0),
        ("duplicate", 0),
        ("conflict", 0),
        ("accepted", 1),
    ]
    assert commit(journal, entry("b", "other"), entry("a")) == [("conflict", 1), ("duplicate", 0)]
    assert [b.payload for b in journal.read(0, max_records=10)] == [b"a,b"]


def test_keys_and_blocks_and_marks_outlive_a_restart(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    first = open_journal(path)
    commit(first, entry("a"), entry("b"))
    first.set_marks({"drain.done": b"1", "drain.gone": b"x"})
    first.set_marks({"drain.gone": None})
    first.close()
    again = open_journal(path)
    assert again.head == 2
    assert commit(again, entry("a"), entry("c")) == [("duplicate", 0), ("accepted", 2)]
    assert again.marks("drain.") == {"drain.done": b"1"}
    assert again.find(key("b")) == 1
    assert again.find(key("z")) is None


def test_keys_that_were_compacted_by_levels_are_still_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "journal")
    names = [f"{n * 7919 % 5003}" for n in range(5000)]

    def by_levels() -> Options:
        options = Options(raw_mode=True)
        options.set_write_buffer_size(64 << 10)
        options.set_max_bytes_for_level_base(64 << 10)
        options.set_target_file_size_base(32 << 10)
        options.create_if_missing(True)
        return options

    with monkeypatch.context() as earlier:
        earlier.setattr("justpaid.platform.journal.rocksdb._key_options", by_levels)
        journal = open_journal(path)
        for start in range(0, 4000, 100):
            commit(journal, *map(entry, names[start : start + 100]))
        journal.close()
    journal = open_journal(path)
    fates = [fate for start in range(0, 5000, 100) for fate in commit(journal, *map(entry, names[start : start + 100]))]
    assert fates == [("duplicate", n) for n in range(4000)] + [("accepted", n) for n in range(4000, 5000)]
    journal.close()


def test_released_blocks_are_gone_but_their_keys_stay(journal: Journal) -> None:
    commit(journal, entry("a"))
    commit(journal, entry("b"))
    before = journal.backlog_bytes()
    journal.release(1)
    assert [b.start for b in journal.read(0, max_records=10)] == [1]
    assert 0 < journal.backlog_bytes() < before
    assert commit(journal, entry("a")) == [("duplicate", 0)]
    journal.release(2)
    assert journal.backlog_bytes() == 0


def test_a_read_returns_whole_blocks_up_to_the_limit(journal: Journal) -> None:
    for name in "abcdef":
        commit(journal, entry(name + "1"), entry(name + "2"))
    assert [b.start for b in journal.read(4, max_records=5)] == [4, 6]
    assert [b.start for b in journal.read(4, max_records=1)] == [4]


def test_a_second_process_is_refused_with_a_reason(tmp_path: Path, journal: Journal) -> None:
    with pytest.raises(EngineUnavailable, match="another JustPaid process"):
        open_journal(str(tmp_path / "journal"))


WRITER = """
import sys
from justpaid.platform.journal import Entries, open_journal
journal = open_journal(sys.argv[1])
n = 0
while True:
    batch = Entries([f"{n + i:016d}".encode() for i in range(3)], [b"8 bytes."] * 3)
    journal.commit(batch, lambda accepted, first: b"block")
    n += 3
    print(n, flush=True)
"""


def test_every_acknowledged_record_survives_kill_9(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = 0
        while acknowledged < 300:
            acknowledged = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = int((writer.stdout.read().split() or [acknowledged])[-1])
    journal = open_journal(path)
    assert journal.head >= acknowledged
    assert journal.head % 3 == 0
    keys = Entries([f"{n:016d}".encode() for n in range(journal.head)], [b"8 bytes."] * journal.head)
    again = journal.commit(keys, lambda accepted, first: b"")
    assert {refused.why for refused in again.refused.values()} == {Refusal.DUPLICATE}
    assert len(again.refused) == journal.head
    assert sum(block.count for block in journal.read(0, max_records=10**9)) == journal.head


def test_a_refusal_tells_the_unit_that_the_known_key_belongs_to(tmp_path: Path) -> None:
    path = str(tmp_path / "journal")
    journal = open_journal(path)
    commit(journal, entry("alone"))
    (first, digest), (again, _) = entry("of a unit"), entry("of a unit")
    verdict = journal.commit(Entries([first, again], [digest, digest], b"unit-1"), lambda accepted, first: b"x")
    assert verdict.refused == {1: Refused(Refusal.DUPLICATE, 1, b"unit-1")}
    journal.close()
    journal = open_journal(path)
    assert journal.find(first) == 1
    verdict = journal.commit(Entries([first, key("alone")], [digest, digest]), lambda accepted, first: b"x")
    assert verdict.refused == {0: Refused(Refusal.DUPLICATE, 1, b"unit-1"), 1: Refused(Refusal.DUPLICATE, 0)}
    journal.close()
