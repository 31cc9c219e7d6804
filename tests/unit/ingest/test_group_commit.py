"""The group commit over a journal in memory: many requests, one batch, each its own receipt."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justpaid.ingest import Committer, Feed, Limits, Receipt, Submission, Watcher
from justpaid.kernel.clock import FixedClock
from justpaid.kernel.errors import EngineUnavailable, MalformedRequest, Overloaded
from tests.unit.ingest.memory_journal import MemoryJournal

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
SOON = 10
LIMITS = Limits(body_bytes=1 << 20, batch_events=1000, queued_bytes=100_000, backlog_bytes=1000)


class Ingest:
    """A committer and its journal. `hold` keeps the running group from ending, so that what follows waits together."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.feed = Feed()
        self.committer = Committer(self.journal, FixedClock(NOW), LIMITS, self.feed)  # type: ignore[arg-type]
        self.committer.start()

    def submit(self, *events: Any, organisation_id: str = "org_a", live: bool = False) -> "Future[Receipt]":
        return self.committer.submit(Submission(organisation_id, live, json.dumps(events).encode()))

    def send(self, *events: Any, **more: Any) -> Receipt:
        return self.submit(*events, **more).result(SOON)

    def hold(self) -> "Future[Receipt]":
        self.journal.open.clear()
        self.journal.entered.clear()
        held = self.submit(event("held"))
        assert self.journal.entered.wait(SOON)  # in a group of its own
        return held

    def release(self) -> None:
        self.journal.open.set()


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    ingest = Ingest()
    yield ingest
    ingest.release()
    ingest.committer.stop()


def event(event_id: str | None, **more: Any) -> dict[str, Any]:
    return {"id": event_id, "customer_id": "acme", "event": "call", **more}


def counts(receipt: Receipt) -> tuple[int, int, int, int]:
    return receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected


def test_each_of_many_requests_gets_its_own_receipt(ingest: Ingest) -> None:
    # Request n: one event of its own, one that is refused at place n, and one that it shares with every other.
    def request(n: int) -> Receipt:
        own = [event(f"own-{n}-{k}") for k in range(n)]
        return ingest.send(*own, {"id": f"bad-{n}"}, event(f"own-{n}"), event("shared"), event(None))

    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(request, range(64)))
    for n, receipt in enumerate(receipts):
        assert receipt.rejected == 1
        assert [(error["index"], error["id"]) for error in receipt.errors] == [(n, f"bad-{n}")]
        assert receipt.accepted + receipt.duplicates == n + 3
        assert len(receipt.ids) == 1
    assert sum(receipt.duplicates for receipt in receipts) == 63
    assert len({receipt.ids[0] for receipt in receipts}) == 64
    assert sorted(ingest.journal.ids()).count("shared") == 1
    assert len(ingest.journal.ids()) == sum(receipt.accepted for receipt in receipts)


def test_what_waits_while_a_group_commits_is_the_next_group(ingest: Ingest) -> None:
    held = ingest.hold()
    waiting = [ingest.submit(event(f"e{n}"), event("same")) for n in range(10)]
    ingest.release()
    assert held.result(SOON).accepted == 1
    assert [counts(future.result(SOON)) for future in waiting] == [(2, 0, 0, 0)] + [(1, 1, 0, 0)] * 9
    assert ingest.journal.groups == [1, 20]


def test_a_request_that_is_refused_leaves_its_neighbours_alone(ingest: Ingest) -> None:
    held = ingest.hold()
    before = ingest.submit(event("a"))
    broken = ingest.committer.submit(Submission("org_a", False, b"{"))
    after = ingest.submit(event("b"))
    ingest.release()
    assert held.result(SOON).accepted == before.result(SOON).accepted == after.result(SOON).accepted == 1
    with pytest.raises(MalformedRequest):
        broken.result(SOON)


def test_a_failed_journal_fails_the_group_and_not_the_next(ingest: Ingest) -> None:
    held = ingest.hold()
    ingest.journal.failing = True
    group = [ingest.submit(event(f"e{n}")) for n in range(3)]
    ingest.release()
    for future in [held, *group]:
        with pytest.raises(EngineUnavailable, match="the disk is full"):
            future.result(SOON)
    ingest.journal.failing = False
    assert ingest.send(event("e0")).accepted == 1
    assert ingest.journal.ids() == ["e0"]


def test_a_request_given_up_while_it_waits_is_not_kept_and_harms_nobody(ingest: Ingest) -> None:
    held = ingest.hold()
    given_up, kept = ingest.submit(event("given up")), ingest.submit(event("kept"))
    assert given_up.cancel()
    ingest.release()
    assert held.result(SOON).accepted == kept.result(SOON).accepted == 1
    with pytest.raises(CancelledError):
        given_up.result(SOON)
    assert ingest.journal.ids() == ["held", "kept"]
    assert ingest.committer.running


def test_a_request_can_no_longer_be_given_up_while_it_commits(ingest: Ingest) -> None:
    entered = threading.Event()
    commit = ingest.journal.commit

    def slow(entries: Any, encode: Any) -> Any:
        entered.set()
        return commit(entries, encode)

    ingest.journal.commit = slow  # type: ignore[method-assign]
    held = ingest.hold()
    assert entered.wait(SOON)
    assert not held.cancel()
    ingest.release()
    assert held.result(SOON).accepted == 1


def test_a_watcher_that_fails_costs_no_receipt(ingest: Ingest) -> None:
    def fail() -> None:
        raise RuntimeError("its loop is closed")

    ingest.feed.watch(Watcher("org_a", fail))
    assert ingest.send(event("a")).accepted == 1
    assert ingest.send(event("b")).accepted == 1
    assert ingest.committer.running


def test_overload_is_told_before_anything_is_kept(ingest: Ingest) -> None:
    held = ingest.hold()
    large = {"customer_id": "acme", "event": "call", "properties": {"text": "x" * 40_000}}
    taken = [ingest.submit(large), ingest.submit(large)]
    with pytest.raises(Overloaded, match="wait for the disk"):
        ingest.submit(large)
    ingest.release()
    assert [future.result(SOON).accepted for future in [held, *taken]] == [1, 1, 1]
    assert ingest.send(large).accepted == 1  # what waited is gone
    ingest.journal.backlog = 1001
    with pytest.raises(Overloaded) as raised:
        ingest.submit(event("late"))
    assert raised.value.retry_after_s == 5


def test_a_stop_commits_what_waits_and_takes_no_more() -> None:
    ingest = Ingest()
    held = ingest.hold()
    waiting = ingest.submit(event("waiting"))
    stopping = threading.Thread(target=ingest.committer.stop)
    stopping.start()
    ingest.release()
    stopping.join(SOON)
    assert held.result(0).accepted == waiting.result(0).accepted == 1
    with pytest.raises(Overloaded, match="stopping"):
        ingest.submit(event("late"))


@pytest.mark.parametrize(("live", "accepted"), [(True, 0), (False, 1)])
def test_only_a_test_organisation_may_send_from_the_future(ingest: Ingest, live: bool, accepted: int) -> None:
    in_two_days = event("a", timestamp="2026-03-17T12:00:00Z")
    assert ingest.send(in_two_days, live=live).accepted == accepted
    assert ingest.send(event("b", timestamp="2026-03-16T11:00:00Z"), live=live).accepted == 1  # clocks may be wrong


def test_organisations_have_ids_of_their_own(ingest: Ingest) -> None:
    assert counts(ingest.send(event("a"), organisation_id="org_a")) == (1, 0, 0, 0)
    assert counts(ingest.send(event("a", quantity=2), organisation_id="org_b")) == (1, 0, 0, 0)
    assert counts(ingest.send(event("a", quantity=2), organisation_id="org_a")) == (0, 0, 1, 0)


anything = st.one_of(
    st.builds(event, st.sampled_from(["a", "b", "c", None]), quantity=st.sampled_from([1, "1.0", 2, "x", None])),
    st.builds(lambda name: {name: 1}, st.text(max_size=5)),
    st.sampled_from([None, 1, "x", [], {}]),
)


@settings(max_examples=60)
@given(st.lists(st.lists(anything, max_size=8), min_size=1, max_size=4), st.booleans())
def test_the_counts_of_a_receipt_sum_to_the_events_of_its_request(requests: list[list[Any]], lines: bool) -> None:
    ingest = Ingest()
    try:
        for events in requests:
            if lines:
                body = "\n".join(json.dumps(one) for one in events).encode()
                receipt = ingest.committer.submit(Submission("org_a", False, body, ndjson=True)).result(SOON)
            else:
                receipt = ingest.send(*events)
            assert sum(counts(receipt)) == len(events)
            assert len(receipt.errors) == receipt.conflicts + receipt.rejected
            assert [error["index"] for error in receipt.errors] == sorted({e["index"] for e in receipt.errors})
            assert len(receipt.ids) <= receipt.accepted
        assert len(ingest.journal.ids()) == len(ingest.journal.kept)
    finally:
        ingest.committer.stop()
