"""Large requests are prepared by another process, to the same receipts, and by the committer where that can't."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from justpaid.ingest import Committer, Feed, Limits, Preparer, Receipt, Submission
from justpaid.ingest.prepare import Prepared, Request
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.errors import JustPaidError, MalformedRequest, TooLarge
from tests.unit.ingest.memory_journal import MemoryJournal

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LARGE = 500


@pytest.fixture(scope="module")
def preparer() -> Iterator[Preparer]:
    preparer = Preparer()
    preparer.start()
    until(preparer.available)
    yield preparer
    preparer.stop()


@pytest.fixture
def committer(preparer: Preparer) -> Iterator[Committer]:
    limits = Limits(body_bytes=4 << 20, batch_events=5000, queued_bytes=64 << 20, backlog_bytes=1 << 30)
    committer = Committer(MemoryJournal(), FixedClock(NOW), limits, Feed())  # type: ignore[arg-type]
    committer.preparer = preparer
    committer.start()
    yield committer
    committer.stop()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def event(n: int, **more: Any) -> dict[str, Any]:
    return {"id": f"evt-{n}", "customer_id": "acme", "event": "call", "properties": {"n": n, "text": "x" * 40}, **more}


def request(body: bytes, **more: Any) -> Request:
    given = {"ndjson": False, "encoding": "", "live": True, "now": NOW, "body_bytes": 4 << 20, "batch_events": 5000}
    return Request("org_a", body=body, **(given | more))


def asked(preparer: Preparer, asked: Request) -> Prepared | None:
    answer: Future[Prepared | None] = Future()
    preparer.take(asked, answer.set_result)
    return answer.result(20)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "one",
    [
        request(json.dumps([event(n) for n in range(LARGE)]).encode()),
        request(json.dumps([event(n, timestamp=1_773_000_000.5, quantity="0.25") for n in range(LARGE)]).encode()),
        request(b"\n".join(json.dumps(event(n)).encode() for n in range(LARGE)), ndjson=True),
        request(gzip.compress(json.dumps([event(n) for n in range(LARGE)]).encode()), encoding="gzip"),
        request(json.dumps([event(n) if n % 7 else {"id": f"bad-{n}"} for n in range(LARGE)]).encode()),
        request(b'[{"customer_id":"a","event":"e","id":"i","properties":{"n":0.1000000000000000055}}]', live=False),
    ],
    ids=["usual", "unusual", "ndjson", "gzip", "some are bad", "a long number"],
)
def test_it_prepares_as_the_committer_does(preparer: Preparer, one: Request) -> None:
    assert asked(preparer, one) == one.prepared()


@pytest.mark.parametrize(
    "one",
    [request(b"[not json"), request(b"x", encoding="gzip"), request(b"[{}]", batch_events=0), request(b"1")],
    ids=["no json", "no gzip", "too many", "no event"],
)
def test_what_has_to_be_refused_it_leaves_to_the_committer(preparer: Preparer, one: Request) -> None:
    assert asked(preparer, one) is None
    with pytest.raises(JustPaidError):
        one.prepared()


def test_ids_that_the_server_gives_reach_their_sender(committer: Committer) -> None:
    body = json.dumps([event(n, id=None) for n in range(LARGE)]).encode()
    receipt = committer.submit(Submission("org_a", True, body)).result(20)
    assert receipt.accepted == len(set(receipt.ids)) == LARGE


def test_large_and_small_requests_among_each_other_are_counted_once(committer: Committer) -> None:
    def sent(*numbers: int) -> "Future[Receipt]":
        return committer.submit(Submission("org_a", True, json.dumps([event(n) for n in numbers]).encode()))

    futures = [sent(*range(start, start + size)) for start in range(0, 3000, 150) for size in (300, 1, 300)]
    receipts = [future.result(20) for future in futures]
    assert sum(receipt.accepted for receipt in receipts) == 3000 - 150 + 300
    assert sum(receipt.duplicates for receipt in receipts) == sum(
        len(range(size)) for _ in range(20) for size in (300, 1, 300)
    ) - (3000 - 150 + 300)


def test_little_is_prepared_ahead_while_the_disk_is_slow(committer: Committer, monkeypatch: pytest.MonkeyPatch) -> None:
    body = [json.dumps([event(1000 * k + n) for n in range(LARGE)]).encode() for k in range(20)]
    monkeypatch.setattr("justpaid.ingest.committer._AHEAD_BYTES", 2 * len(body[-1]))
    journal: Any = committer._journal
    journal.open.clear()
    sent = [Submission("org_d", True, one) for one in body]
    futures = [committer.submit(one) for one in sent[:1]]
    assert journal.entered.wait(20)
    futures += [committer.submit(one) for one in sent[1:]]
    assert sum(one.apart for one in sent[1:]) <= 3
    journal.open.set()
    assert sum(future.result(20).accepted for future in futures) == 20 * LARGE
    assert committer._ahead_bytes == 0


def test_a_request_that_is_refused_says_why_to_its_sender(committer: Committer) -> None:
    body = b"[" + b" " * 20_000 + b"not json"
    with pytest.raises(MalformedRequest):
        committer.submit(Submission("org_a", True, body)).result(20)
    with pytest.raises(TooLarge):
        committer.submit(Submission("org_a", True, gzip.compress(b" " * (5 << 20)) * 4, encoding="gzip")).result(20)


def test_requests_larger_than_the_pipe_go_through(preparer: Preparer) -> None:
    large = request(json.dumps([event(n, properties={"text": "x" * 1000}) for n in range(4000)]).encode())
    assert len(large.body) > 4_000_000 or len(large.body) > 1 << 20
    large = request(large.body, body_bytes=64 << 20)
    answers: list[Future[Prepared | None]] = [Future() for _ in range(5)]
    for answer in answers:
        preparer.take(large, answer.set_result)
    assert [answer.result(60) == large.prepared() for answer in answers] == [True] * 5


def test_when_it_is_killed_the_committer_goes_on_and_another_starts(committer: Committer, preparer: Preparer) -> None:
    first = preparer.pid
    assert first is not None
    bodies = [json.dumps([event(1000 * k + n) for n in range(LARGE)]).encode() for k in range(40)]
    futures = [committer.submit(Submission("org_b", True, body)) for body in bodies]
    os.kill(first, signal.SIGKILL)
    futures += [committer.submit(Submission("org_b", True, body)) for body in bodies]
    receipts = [future.result(20) for future in futures]
    assert sum(receipt.accepted for receipt in receipts) == 40 * LARGE
    assert sum(receipt.duplicates for receipt in receipts) == 40 * LARGE
    until(preparer.available)
    assert preparer.pid != first
    assert asked(preparer, request(bodies[0])) is not None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_it_ends_with_the_server_however_that_ends() -> None:
    code = (
        "from justpaid.ingest import Preparer; import time; p = Preparer(); p.start()\n"
        "while not p.available(): time.sleep(0.01)\n"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        child = int(server.stdout.readline())
        assert running(child)
        server.kill()
    until(lambda: not running(child))


def test_a_preparer_that_is_stopped_leaves_everything_to_the_committer(committer: Committer) -> None:
    stopped = Preparer()
    stopped.start()
    until(stopped.available)
    committer.preparer = stopped
    bodies = [json.dumps([event(1000 * k + n) for n in range(LARGE)]).encode() for k in range(10)]
    futures = [committer.submit(Submission("org_c", True, body)) for body in bodies]
    stopped.stop()
    futures += [committer.submit(Submission("org_c", True, body)) for body in bodies]
    assert sum(future.result(20).accepted for future in futures) == 10 * LARGE
