"""The events of the history: unique ids, bodies that never change, exact sums."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from justpaid.demo.cast import CUSTOMERS
from justpaid.demo.history import History
from justpaid.demo.placing import first_start
from justpaid.demo.trace import load_trace
from justpaid.demo.usage import Event

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
STARTS = {customer.key: first_start(customer, NOW) for customer in CUSTOMERS}
#: Every twentieth call will do where nothing is summed.
SOME = load_trace()[::20]


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(History.of(load_trace(), NOW, STARTS).events)


def test_ids_are_unique_and_counted_beforehand(events: list[Event]) -> None:
    assert len({event["id"] for event in events}) == len(events) == History.of(load_trace(), NOW, STARTS).count


def test_last_month_carries_every_token_of_the_trace(events: list[Event]) -> None:
    october = [event["properties"] for event in events if event["id"].startswith("demo-2026-10")]
    assert sum(properties.get("input_tokens", 0) for properties in october) == 18_059_974 + 22_361_870
    assert sum(properties.get("output_tokens", 0) for properties in october) == 245_896 + 4_088_665


def test_a_later_start_sends_what_was_sent_before_unchanged() -> None:
    before = {event["id"]: event for event in History.of(SOME, NOW, STARTS).events}
    after = {event["id"]: event for event in History.of(SOME, NOW + timedelta(days=3), STARTS).events}
    assert before.items() <= after.items()


def test_next_month_sends_no_event_with_another_body() -> None:
    before = {event["id"]: event for event in History.of(SOME, NOW, STARTS).events}
    after = {event["id"]: event for event in History.of(SOME, NOW + timedelta(days=30), STARTS).events}
    shared = before.keys() & after.keys()
    assert len(shared) > 1000
    assert all(before[event_id] == after[event_id] for event_id in shared)


def test_a_day_of_prompts_becomes_one_cache_size_at_its_end(events: list[Event]) -> None:
    """Berlin, 12 October: that day's prompts at 327,680 bytes a token, told at 23:59:59 local, 21:59:59 UTC."""
    (cache,) = [event for event in events if event["id"] == "demo-2026-10-12-cache-umbrella"]
    assert cache["timestamp"] == "2026-10-12T21:59:59.000Z"
    tokens = sum(
        event["properties"]["input_tokens"]
        for event in events
        if event["event"] == "llm_request"
        and event["customer_id"] == "umbrella"
        and "2026-10-11T22:00" <= event["timestamp"] < "2026-10-12T22:00"
    )
    assert tokens > 0
    assert Decimal(cache["properties"]["gigabytes"]) == round(Decimal(tokens * 327_680).scaleb(-9), 3)


def test_a_customer_has_at_most_one_cache_size_a_day_and_none_for_today(events: list[Event]) -> None:
    caches = [event for event in events if event["event"] == "cache_size"]
    counted = Counter((event["customer_id"], event["timestamp"][:10]) for event in caches)
    assert set(counted.values()) == {1}
    assert max(event["timestamp"] for event in caches) < "2026-11-22T14:30"
