"""The live feed: bounded, filtered, safe between threads, and honest about what it lost."""

import threading

import pytest

from justpaid.ingest import Columns, Feed, Watcher
from justpaid.platform.journal import Refusal, Refused, Verdict

QUEUE = 1000


def columns(*rows: tuple[str, str, str]) -> Columns:
    """Rows of (organisation, customer, event); the id is the row's number."""
    made = Columns()
    for number, (organisation, customer, name) in enumerate(rows):
        made.organisation.append(organisation)
        made.id.append(str(number))
        made.customer.append(customer)
        made.event.append(name)
        made.timestamp.append(0)
        made.quantity.append("1")
        made.properties.append(b"{}")
    return made


def accepted(count: int, first: int = 0) -> Verdict:
    return Verdict(first, range(count), {})


def watching(feed: Feed, **filters: object) -> Watcher:
    watcher = Watcher("org_a", lambda: None, **filters)  # type: ignore[arg-type]
    feed.watch(watcher)
    return watcher


def sequences(watcher: Watcher) -> tuple[list[int], int]:
    events, lost = watcher.take()
    return [event.sequence for event in events], lost


ROWS = columns(
    ("org_a", "acme", "call"),
    ("org_b", "acme", "call"),
    ("org_a", "acme-eu", "chat"),
    ("org_a", "globex", "call"),
)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [10, 12, 13]),
        ({"event": "call"}, [10, 13]),
        ({"customer_keys": frozenset({"acme", "acme-eu"})}, [10, 12]),
        ({"customer_keys": frozenset({"acme", "acme-eu"}), "event": "chat"}, [12]),
        ({"customer_keys": frozenset()}, []),
    ],
)
def test_a_watcher_gets_what_it_asked_for(filters: dict[str, object], expected: list[int]) -> None:
    feed = Feed()
    watcher = watching(feed, **filters)
    feed.publish(ROWS, accepted(4, first=10))
    assert sequences(watcher) == (expected, 0)
    assert sequences(watcher) == ([], 0)


def test_only_accepted_events_are_shown() -> None:
    feed = Feed()
    watcher = watching(feed)
    verdict = Verdict(5, [0, 3], {1: Refused(Refusal.DUPLICATE, 2), 2: Refused(Refusal.CONFLICT, 3)})
    feed.publish(ROWS, verdict)
    assert sequences(watcher) == ([5, 6], 0)


@pytest.mark.parametrize(
    ("groups", "shown", "lost"),
    [
        ([1000], range(1000), 0),
        ([1001], range(1, 1001), 1),
        ([2500], range(1500, 2500), 1500),
        ([600, 400], range(1000), 0),
        ([600, 500], range(100, 1100), 100),
        ([10, 2000, 5], range(1015, 2015), 1015),
    ],
)
def test_a_slow_watcher_loses_the_oldest_and_learns_how_many(groups: list[int], shown: range, lost: int) -> None:
    feed = Feed()
    watcher = watching(feed)
    first = 0
    for count in groups:
        feed.publish(columns(*[("org_a", "acme", "call")] * count), accepted(count, first))
        first += count
    assert sequences(watcher) == (list(shown), lost)


def test_a_watcher_that_left_gets_nothing() -> None:
    feed = Feed()
    watcher, other = watching(feed), watching(feed)
    feed.leave(watcher)
    feed.publish(ROWS, accepted(4))
    assert sequences(watcher) == ([], 0)
    assert len(sequences(other)[0]) == 3


def test_closing_wakes_every_watcher_present_and_future() -> None:
    feed = Feed()
    woken = threading.Event()
    watcher = Watcher("org_a", woken.set)
    feed.watch(watcher)
    assert not watcher.closed
    feed.close()
    assert watcher.closed
    assert woken.is_set()
    assert watching(feed).closed


def test_nothing_is_lost_uncounted_between_two_threads() -> None:
    feed = Feed()
    watcher = watching(feed)
    group, rounds = columns(*[("org_a", "acme", "call")] * 700), 300
    done = threading.Event()

    def publish() -> None:
        for _ in range(rounds):
            feed.publish(group, accepted(700))
        done.set()

    publisher = threading.Thread(target=publish)
    publisher.start()
    total = 0
    while True:
        last = done.is_set()
        shown, lost = sequences(watcher)
        total += len(shown) + lost
        if last:
            break
    publisher.join()
    assert total == rounds * 700
