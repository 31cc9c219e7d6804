"""The sampler: few events, all counted, one organisation's alone."""

import pytest

from justpaid.ingest import Feed, Sampler
from justpaid.platform.journal import Refusal, Refused, Verdict
from tests.unit.ingest.test_feed import accepted, columns


def sampling(feed: Feed, most: int = 5, **filters: object) -> Sampler:
    sampler = Sampler("org_a", lambda: None, most=most, **filters)  # type: ignore[arg-type]
    feed.watch(sampler)
    return sampler


def taken(sampler: Sampler) -> tuple[list[int], int]:
    events, count = sampler.take()
    return [event.sequence for event in events], count


def test_of_a_large_group_a_few_are_shown_and_all_counted() -> None:
    feed = Feed()
    sampler = sampling(feed)
    feed.publish(columns(*[("org_a", "acme", "call")] * 50_000), accepted(50_000, first=7))
    assert taken(sampler) == ([7, 10_007, 20_007, 30_007, 40_007], 50_000)
    assert taken(sampler) == ([], 0)


def test_between_two_looks_no_more_are_kept() -> None:
    feed = Feed()
    sampler = sampling(feed)
    for group in range(100):
        feed.publish(columns(*[("org_a", "acme", "call")] * 3), accepted(3, first=3 * group))
    sequences, count = taken(sampler)
    assert (len(sequences), count) == (5, 300)


def test_other_organisations_events_are_neither_shown_nor_counted() -> None:
    feed = Feed()
    sampler = sampling(feed)
    feed.publish(columns(("org_b", "acme", "call"), ("org_a", "acme", "call"), ("org_b", "x", "call")), accepted(3, 10))
    feed.publish(columns(("org_b", "acme", "call")), accepted(1, 13))
    assert taken(sampler) == ([11], 1)


@pytest.mark.parametrize(("keys", "expected"), [({"acme"}, [0, 2]), ({"acme", "globex"}, [0, 1, 2]), ({"none"}, [])])
def test_a_customers_events_alone(keys: set[str], expected: list[int]) -> None:
    feed = Feed()
    sampler = sampling(feed, customer_keys=frozenset(keys))
    rows = [
        ("org_a", "acme", "call"),
        ("org_a", "globex", "call"),
        ("org_a", "acme", "call"),
        ("org_b", "acme", "call"),
    ]
    feed.publish(columns(*rows), accepted(4))
    assert taken(sampler) == (expected, len(expected))


def test_only_accepted_rows_count() -> None:
    feed = Feed()
    sampler = sampling(feed)
    rows = [
        ("org_a", "acme", "call"),
        ("org_b", "acme", "call"),
        ("org_a", "globex", "call"),
        ("org_a", "acme", "call"),
    ]
    feed.publish(columns(*rows), Verdict(5, [1, 2, 3], {0: Refused(Refusal.DUPLICATE, 2)}))
    events, count = sampler.take()
    assert [(event.sequence, event.id) for event in events] == [(6, "2"), (7, "3")]
    assert count == 2
