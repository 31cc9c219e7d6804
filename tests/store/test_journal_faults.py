"""The journal when its disk fails: what was acknowledged is there once, and so is a retry of what was refused."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.failpoints import arm
from justpaid.platform.journal import Entries, Journal, Refusal, open_journal
from justpaid.platform.journal.rocksdb import RocksJournal
from justpaid.platform.journal.steady import SteadyJournal


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = open_journal(str(tmp_path / "journal"))
    yield journal
    journal.close()


def commit(journal: Journal, *names: str) -> list[str]:
    """The names that are new; an error refuses all."""

    def encode(accepted: Sequence[int], first: int) -> bytes:
        return ",".join(names[row] for row in accepted).encode()

    entries = Entries([name.encode().ljust(16, b".") for name in names], [b"8 bytes."] * len(names))
    verdict = journal.commit(entries, encode)
    assert {refused.why for refused in verdict.refused.values()} <= {Refusal.DUPLICATE}
    return [names[row] for row in verdict.accepted]


def kept(journal: Journal) -> list[str]:
    """The names in the log, block by block; sequences without a gap."""
    blocks = journal.read(0, max_records=1_000_000)
    assert [block.start for block in blocks] == [sum(b.count for b in blocks[:n]) for n in range(len(blocks))]
    assert sum(block.count for block in blocks) == journal.head
    return [name for block in blocks for name in block.payload.decode().split(",")]


@pytest.mark.parametrize(
    ("step", "is_there"),
    [("journal.before_write", False), ("journal.before_sync", True), ("journal.after_sync", True)],
)
def test_a_retry_of_what_was_refused_is_kept_once_wherever_the_write_failed(
    journal: Journal, step: str, is_there: bool
) -> None:
    commit(journal, "a")
    arm(f"{step}=error")
    with pytest.raises(EngineUnavailable, match="can't write"):
        commit(journal, "b", "c")
    assert journal.head == 1  # nobody may read on into what is not known to be there
    # Other records first: had the failed batch stayed half there, they would take its places.
    assert commit(journal, "d") == ["d"]
    assert commit(journal, "b", "c", "e") == (["e"] if is_there else ["b", "c", "e"])
    assert sorted(kept(journal)) == ["a", "b", "c", "d", "e"]


def test_a_reader_finds_out_by_itself_what_is_there(journal: Journal) -> None:
    commit(journal, "a")
    arm("journal.before_sync=error")
    with pytest.raises(EngineUnavailable):
        commit(journal, "b")
    assert journal.wait_beyond(1, 5)
    assert kept(journal) == ["a", "b"]


def test_marks_and_releases_fail_like_commits(journal: Journal) -> None:
    commit(journal, "a")
    journal.set_marks({"drained": b"0"})
    arm("marks.before_write=error")
    with pytest.raises(EngineUnavailable):
        journal.set_marks({"drained": b"1"})
    assert journal.mark("drained") == b"0"
    journal.release(1)
    assert journal.backlog_bytes() == 0
    assert commit(journal, "a") == []


class Disk:
    """Opens the journal, or fails as a full disk does."""

    def __init__(self, folder: Path) -> None:
        self.full = False
        self.attempts = 0
        self._folder = folder

    def open(self) -> RocksJournal:
        self.attempts += 1
        if self.full:
            raise EngineUnavailable("no space left")
        return RocksJournal(str(self._folder / "journal"))


def test_as_long_as_it_cant_be_opened_everything_is_refused(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    journal = SteadyJournal(disk.open, retry_s=0)
    commit(journal, "a")
    arm("journal.before_sync=error")
    disk.full = True
    for _ in range(2):
        with pytest.raises(EngineUnavailable):
            commit(journal, "b")
    for ask in (lambda: journal.find(b"a" * 16), lambda: journal.wait_beyond(0, 1), lambda: journal.marks("")):
        with pytest.raises(EngineUnavailable, match="no space left"):
            ask()
    assert journal.head == 1
    assert journal.backlog_bytes() == 1
    journal.wake()
    disk.full = False
    assert commit(journal, "b", "c") == ["c"]
    assert kept(journal) == ["a", "b", "c"]
    journal.close()


def test_attempts_to_open_it_keep_their_distance(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    journal = SteadyJournal(disk.open, retry_s=3600)
    arm("journal.before_write=error")
    disk.full = True
    for _ in range(20):
        with pytest.raises(EngineUnavailable):
            commit(journal, "a")
    assert disk.attempts == 2  # at the start, and once after the failure
    journal.close()


FULL_DISK = """
import json, resource, sys
from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.journal import Entries, open_journal

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def commit(n):
    block = lambda accepted, first: n.to_bytes(4, "big") * 10_000
    try:
        return len(journal.commit(Entries([f"{n:016d}".encode()], [b"8 bytes."]), block).accepted)
    except EngineUnavailable:
        return None

journal = open_journal(sys.argv[1])
told = {n: commit(n) for n in range(10)}
limit(1_000)
told |= {n: commit(n) for n in range(10, 15)}
limit(resource.RLIM_INFINITY)
while commit(100) is None:
    pass
retried = {n: commit(n) for n in range(15)}
there = [int.from_bytes(b.payload[:4], "big") for b in journal.read(0, max_records=1000)]
print(json.dumps([list(told.values()), list(retried.values()), there]))
"""


def test_no_room_for_another_byte(tmp_path: Path) -> None:
    """By a limit on the size of files, which the kernel enforces: writes fail in their middle as on a full disk."""
    command = [sys.executable, "-c", FULL_DISK, str(tmp_path / "journal")]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    told, retried, there = json.loads(ended.stdout.splitlines()[-1])
    assert told[:10] == [1] * 10
    assert told[10:] == [None] * 5
    assert sorted(there) == [*range(15), 100]
    # What was acknowledged is a duplicate; what was refused may have reached the disk all the same, and is there once.
    assert retried[:10] == [0] * 10
    assert set(retried[10:]) <= {0, 1}
