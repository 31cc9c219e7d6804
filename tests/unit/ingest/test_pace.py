"""How fast receipts are given: counts of the last minute, quantiles of the last minutes, by organisation."""

import pytest

from justpaid.ingest import Pace


class Watch:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def pace(watch: Watch) -> Pace:
    return Pace(watch)


def test_events_of_the_last_sixty_seconds_are_counted(pace: Pace, watch: Watch) -> None:
    for _ in range(3):
        pace.note("org_a", 10, watch.at)
    watch.at += 30
    pace.note("org_a", 5, watch.at)
    pace.note("org_b", 1, watch.at)
    assert pace.events_per_minute("org_a") == 35
    assert pace.events_per_minute("org_b") == 1
    assert pace.events_per_minute("org_c") == 0
    watch.at += 30
    assert pace.events_per_minute("org_a") == 5
    watch.at += 30
    assert pace.events_per_minute("org_a") == 0


def test_latencies_are_exact_to_a_tenth(pace: Pace, watch: Watch) -> None:
    for milliseconds in range(1, 101):
        pace.note("org_a", 1, watch.at - milliseconds / 1000)
    p50, p99 = pace.latency_ms("org_a", (0.5, 0.99))
    assert p50 is not None
    assert p99 is not None
    assert 50 <= p50 <= 50 * 1.1
    assert 99 <= p99 <= 99 * 1.1
    assert pace.latency_ms("org_b", (0.5,)) == [None]


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, 0.1), (10_000.0, 83_000)])
def test_what_is_outside_of_the_histogram_is_at_its_ends(
    pace: Pace, watch: Watch, seconds: float, shown: float
) -> None:
    pace.note("org_a", 1, watch.at - seconds)
    (median,) = pace.latency_ms("org_a", (0.5,))
    assert median == pytest.approx(shown, rel=0.01)


def test_old_latencies_are_forgotten(pace: Pace, watch: Watch) -> None:
    pace.note("org_a", 1, watch.at - 1)
    watch.at += 301
    pace.note("org_a", 1, watch.at - 0.01)
    assert pace.latency_ms("org_a", (1.0,))[0] == pytest.approx(1000, rel=0.1)
    watch.at += 301
    assert pace.latency_ms("org_a", (1.0,))[0] == pytest.approx(10, rel=0.1)
    watch.at += 1000
    assert pace.latency_ms("org_a", (1.0,)) == [None]
