"""Live traffic: at the recording's pace, every token once, nothing before its time, nothing made up after a gap."""

from datetime import UTC, datetime, timedelta

from justpaid.demo.live import CHUNK_MS, SPARSE_MS, LiveTraffic
from justpaid.demo.onair import Rate
from justpaid.demo.trace import Call, load_trace
from justpaid.demo.usage import Event

BEGAN = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
# A second of silence before the recording comes round again follows from the last call's place.
CALLS = [
    Call("conversation", 0, SPARSE_MS - 1, 999, 999),
    Call("conversation", 1, SPARSE_MS + 60_500, 374, 16),
    Call("conversation", 2, SPARSE_MS + 120_000, 396, 0),
]


def after(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def summary(events: list[Event]) -> list[tuple[str, str, int]]:
    return [
        (
            event["timestamp"][17:],
            event["event"],
            event["properties"].get("input_tokens", event["properties"].get("output_tokens")),
        )
        for event in events
    ]


def test_a_call_is_a_request_and_then_its_answer_piece_by_piece() -> None:
    """16 tokens in pieces of 7 are 7, 7 and 2, one each 200 ms."""
    traffic = LiveTraffic(CALLS, "run", BEGAN)
    assert traffic.due(after(0.4)) == []
    assert summary(traffic.due(after(0.7))) == [("00.500Z", "llm_request", 374), ("00.700Z", "llm_output", 7)]
    assert summary(traffic.due(after(2))) == [("00.900Z", "llm_output", 7), ("01.100Z", "llm_output", 2)]
    assert traffic.due(after(2)) == []


def test_it_goes_round_for_ever_without_using_an_id_twice() -> None:
    traffic = LiveTraffic(CALLS, "run", BEGAN)
    events = [event for second in range(0, 600, 5) for event in traffic.due(after(second))]
    # Rounds of 120 s, of which the first minute was before the beginning: 5 answers of 3 pieces, 10 requests.
    assert [event["event"] for event in events].count("llm_request") == 10
    assert [event["event"] for event in events].count("llm_output") == 15
    assert len({event["id"] for event in events}) == len(events)


def test_another_run_has_other_ids() -> None:
    first, second = (LiveTraffic(CALLS, run_id, BEGAN).due(after(5)) for run_id in ("a", "b"))
    assert not {event["id"] for event in first} & {event["id"] for event in second}


def test_after_a_long_silence_it_does_not_catch_up() -> None:
    traffic = LiveTraffic(CALLS, "run", BEGAN)
    assert traffic.due(after(3600)) == []
    assert summary(traffic.due(after(3600.5))) == [("00.500Z", "llm_request", 374)]


def test_the_real_trace_gives_some_eleven_thousand_events_a_minute() -> None:
    traffic = LiveTraffic(load_trace(), "run", BEGAN)
    minutes = [sum(len(traffic.due(after(60 * m + s))) for s in range(5, 65, 5)) for m in range(5)]
    assert 10_000 <= sum(minutes) / 5 <= 13_500
    assert min(minutes) > 8_000  # from the first minute on


def test_events_come_in_order_and_never_from_the_future() -> None:
    traffic = LiveTraffic(load_trace(), "run", BEGAN)
    before = BEGAN
    for step in range(1, 21):
        events = traffic.due(after(step))
        times = [datetime.fromisoformat(event["timestamp"]) for event in events]
        assert times == sorted(times)
        assert all(before <= at <= after(step) for at in times)
        before = times[-1]
    assert CHUNK_MS == 200


def test_the_rate_is_of_the_last_minute() -> None:
    rate = Rate(began_s=100.0)
    rate.add(110.0, 50)
    assert rate.per_minute(110.0) == 300  # 50 in 10 s
    rate.add(165.0, 120)
    assert rate.per_minute(165.0) == 170
    rate.add(171.0, 30)
    assert rate.per_minute(171.0) == 150  # the 50 are more than a minute old
    assert rate.total == 200
