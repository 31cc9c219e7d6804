"""Where calls are put: the same every time, in the customer's own months, never in the future."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from justpaid.demo.cast import CUSTOMERS, GROWTH_PERCENT
from justpaid.demo.placing import Placed, first_start, last_month, place, this_month
from justpaid.demo.trace import load_trace

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
BY_KEY = {customer.key: customer for customer in CUSTOMERS}


def starts_at(now: datetime) -> dict[str, datetime]:
    return {customer.key: first_start(customer, now) for customer in CUSTOMERS}


@pytest.fixture(scope="module")
def placed() -> list[Placed]:
    return place(load_trace(), NOW, starts_at(NOW))


def identity(one: Placed) -> tuple[str, str, int, int]:
    return one.month, one.call.service, one.call.number, one.copy


def test_the_same_question_has_the_same_answer(placed: list[Placed]) -> None:
    assert place(load_trace(), NOW, starts_at(NOW)) == placed


def test_no_call_is_placed_twice_in_one_month(placed: list[Placed]) -> None:
    assert len(set(map(identity, placed))) == len(placed)


def test_last_month_has_the_whole_trace_once(placed: list[Placed]) -> None:
    last = [one.call for one in placed if one.month == "2026-10"]
    assert len(last) == 28_185
    assert sum(call.input_tokens for call in last) == 18_059_974 + 22_361_870
    assert sum(call.output_tokens for call in last) == 245_896 + 4_088_665


def test_every_call_lies_in_its_customers_month_after_its_start_and_before_now(placed: list[Placed]) -> None:
    starts = starts_at(NOW)
    for one in placed:
        customer = one.part.customer
        month = last_month(customer, NOW) if one.month == "2026-10" else this_month(customer, NOW)
        assert one.at in month
        assert starts[customer.key] <= one.at < NOW


def test_a_later_start_moves_nothing_and_only_adds(placed: list[Placed]) -> None:
    later = place(load_trace(), NOW + timedelta(days=2), starts_at(NOW))
    before = {identity(one): one.at for one in placed}
    after = {identity(one): one.at for one in later}
    assert before.items() <= after.items()
    assert all(after[key] >= NOW for key in after.keys() - before.keys())
    assert len(after) > len(before)


def test_next_month_finds_this_months_calls_where_they_were(placed: list[Placed]) -> None:
    next_month = place(load_trace(), datetime(2026, 12, 20, tzinfo=UTC), starts_at(NOW))
    places = {identity(one): one.at for one in next_month}
    november = [one for one in placed if one.month == "2026-11" and one.copy == 1]
    assert november
    assert all(places[identity(one)] == one.at for one in november)


def test_this_month_grows(placed: list[Placed]) -> None:
    late = datetime(2026, 11, 30, 12, tzinfo=UTC)  # still November everywhere
    november = [one for one in place(load_trace(), late, starts_at(NOW)) if one.month == "2026-11"]
    copies = Counter(one.copy for one in november)
    assert copies[2] * 100 == pytest.approx(copies[1] * GROWTH_PERCENT, rel=0.05)
    assert not [one for one in placed if one.month == "2026-10" and one.copy == 2]


def test_office_hours_are_busier_than_nights_and_weekdays_than_weekends(placed: list[Placed]) -> None:
    locals_ = [one.at.astimezone(ZoneInfo(one.part.customer.timezone)) for one in placed if one.month == "2026-10"]
    by_hour = Counter(local.hour for local in locals_)
    by_day = Counter(local.weekday() for local in locals_)
    assert by_hour[10] > 10 * by_hour[3] > 0
    assert min(by_day[day] for day in range(5)) > 2 * max(by_day[5], by_day[6]) > 0


@pytest.mark.parametrize(
    ("customer", "now", "month_start", "start"),
    [
        # Whose month it is depends on the zone: in New York it is still October.
        ("acme", "2026-11-01T02:00:00+00:00", "2026-10-01T04:00:00+00:00", "2026-09-01T04:00:00+00:00"),
        ("soylent", "2026-11-01T02:00:00+00:00", "2026-10-31T15:00:00+00:00", "2026-09-30T15:00:00+00:00"),
        # The first instant of a month belongs to it.
        ("umbrella", "2026-10-31T23:00:00+00:00", "2026-10-31T23:00:00+00:00", "2026-09-30T22:00:00+00:00"),
        # In the middle of last month, across a year's end.
        ("stark", "2026-01-05T12:00:00+00:00", "2026-01-01T05:00:00+00:00", "2025-12-15T05:00:00+00:00"),
    ],
)
def test_months_and_starts_are_local(customer: str, now: str, month_start: str, start: str) -> None:
    who, at = BY_KEY[customer], datetime.fromisoformat(now)
    assert this_month(who, at).start == datetime.fromisoformat(month_start)
    assert last_month(who, at).end == datetime.fromisoformat(month_start)
    assert first_start(who, at) == datetime.fromisoformat(start)


def test_on_the_first_instant_of_a_month_there_is_no_usage_in_it() -> None:
    berlin = datetime(2026, 11, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    placed = place(load_trace()[:2000], berlin, starts_at(berlin))
    umbrella = [one for one in placed if one.part.customer.key == "umbrella"]
    assert umbrella
    assert {one.month for one in umbrella} == {"2026-10"}
