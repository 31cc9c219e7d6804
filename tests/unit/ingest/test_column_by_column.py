"""Preparing a request column by column comes to the same as preparing it event by event."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from justpaid.ingest import prepare as preparing
from justpaid.ingest.prepare import Prepared, prepare
from justpaid.ingest.reading import read_events

NOW = 1_780_000_000_000_000
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

seconds = st.decimals(946_800_000, 4_070_900_000, places=6)
spellings = st.sampled_from(
    ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%d %H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z"]
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=5)
leaves = st.none() | st.booleans() | texts | st.integers(-(10**21), 10**21) | st.floats(-1e9, 1e9)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2))
events = st.fixed_dictionaries(
    {"customer_id": texts.filter(bool), "event": st.sampled_from(["call", "build"])},
    optional={
        "id": texts.filter(bool),
        "quantity": st.integers(-(10**20), 10**20) | st.sampled_from(["1.50", 0.25, "x", True]),
        "properties": st.dictionaries(texts, values, max_size=3) | st.none(),
        "timestamp": st.integers(10**9, 2 * 10**9),
    },
)


def both(body: bytes) -> tuple[Prepared, Prepared]:
    def prepared() -> Prepared:
        found = read_events(body, ndjson=False, max_events=1000)
        return prepare(found, body, organisation_id="org_a", now=NOW, latest=LATEST)

    at_once = prepared()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparing, "_column_by_column", _never)
        return at_once, prepared()


def _never(*_: Any) -> Prepared:
    raise preparing._Unusual


def same(first: Prepared, second: Prepared) -> None:
    assert first.receipt.errors == second.receipt.errors
    assert len(first.receipt.ids) == len(second.receipt.ids)
    assert first.indexes == second.indexes
    made = set(first.receipt.ids)
    for name in first.columns.__slots__:
        ours, theirs = getattr(first.columns, name), getattr(second.columns, name)
        if name == "id":  # a made id is another each time
            assert [one for one in ours if one not in made] == [one for one in theirs if one not in second.receipt.ids]
        else:
            assert ours == theirs, name
    assert first.entries.digests == second.entries.digests
    if not made:
        assert first.entries.keys == second.entries.keys


@given(st.lists(events, min_size=1, max_size=12))
def test_of_any_events(sent: list[dict[str, Any]]) -> None:
    same(*both(json.dumps(sent).encode()))


@settings(deadline=None)  # the first column takes a second to load
@given(st.lists(st.tuples(seconds, spellings), min_size=8, max_size=20))
def test_of_any_spelling_of_instants(times: list[tuple[Decimal, str]]) -> None:
    instants = (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(at * 10**6)) for at, _ in times)
    sent = [
        {"id": f"e{n}", "customer_id": "acme", "event": "call", "timestamp": at.strftime(spelling)}
        for n, (at, (_, spelling)) in enumerate(zip(instants, times, strict=True))
    ]
    same(*both(json.dumps(sent).encode()))


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": "2026-02-30T00:00:00Z"},
        {"timestamp": "2026-04-17T15:19:60Z"},
        {"timestamp": "1999-04-17T15:19:02Z"},
        {"timestamp": "2026-04-17T15:19:02.1234567Z"},
        {"timestamp": "2026-04-17 15:19:02Z"},
        {"timestamp": "2026-04-17t15:19:02Z"},
        {"timestamp": "+026-04-17T15:19:0Z"},
        {"timestamp": None},
        {"quantity": 10**18},
        {"quantity": "1e400"},
        {"customer_id": "a\u0000b"},
        {"properties": {"deep": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}},
        {"properties": {"long": "x" * 70_000}},
        {"properties": {"n": 10**20}},
        {"surprise": 1},
    ],
)
def test_one_odd_event_among_many(odd: dict[str, Any]) -> None:
    sent = [
        {
            "id": f"e{n}",
            "customer_id": "acme",
            "event": "call",
            "timestamp": "2026-04-17T15:19:02Z",
            "properties": {"n": n},
        }
        for n in range(10)
    ]
    sent[7] |= odd
    same(*both(json.dumps(sent).encode()))
