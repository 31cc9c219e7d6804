"""Whatever a subscription goes through: its periods tile it, and its fees are what time and terms make them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from justpaid.contracts import PriceBook, Timeline, edits
from tests.unit.contracts.billing import Life, begin, fee, plan, seat, utc

START = utc("2026-01-31 10:30:00")
PLANS = {
    version.id: version
    for version in (
        plan("ahead", fee("31", "advance"), seat("7.10", "advance")),
        plan("behind", fee("59.99", "arrears"), seat("3", "arrears")),
        plan("mixed", fee("1000", "advance"), seat("12.5", "arrears")),
        plan("weekly", fee("9", "advance"), seat("2", "arrears"), interval="week"),
        plan("yearly", fee("365", "advance"), interval="year"),
    )
}
BOOK = PriceBook(PLANS)


@dataclass(frozen=True)
class Step:
    """After `days` of further billing, do `what` at `after_us` beyond the last billed boundary."""

    what: str
    days: int
    after: timedelta
    plan: str
    seats: int


steps = st.builds(
    Step,
    what=st.sampled_from(["change", "seats", "pause", "resume", "bill"]),
    days=st.integers(0, 70),
    after=st.sampled_from([timedelta(0), timedelta(microseconds=1)]) | st.timedeltas(timedelta(0), timedelta(days=40)),
    plan=st.sampled_from(list(PLANS)),
    seats=st.integers(1, 9),
)


def live(first: str, zone: str, life: list[Step], end: timedelta) -> Life:
    lived = begin(BOOK, PLANS[first], START, zone=zone)
    now = START
    settled: set[datetime] = set()
    for step in life:
        now += timedelta(days=step.days)
        lived.bill_until(now)
        at = (lived.billed_to or START) + step.after
        before = lived.timeline
        _edit(lived, step, at)
        if lived.billed_to is not None and lived.next_boundary() == lived.billed_to:
            # The contracts refuse to bill one boundary three times over; so does this life.
            if lived.billed_to in settled or len(lived.bills) == 1:
                lived.timeline = before
            else:
                settled.add(lived.billed_to)
    last = max((lived.billed_to or START) + end, START + end)
    lived.timeline = edits.ended(lived.timeline, last, "prorate")
    lived.bill_until(utc("2200-01-01"))
    return lived


def _edit(lived: Life, step: Step, at: datetime) -> None:
    timeline = lived.timeline
    match step.what:
        case "change":
            patch = edits.Patch(plan=(step.plan, PLANS[step.plan].interval))  # type: ignore[arg-type]
            lived.timeline = edits.changed(timeline, at, patch, "prorate", at)
        case "seats":
            lived.timeline = edits.changed(timeline, at, edits.Patch(seats=step.seats), "prorate", at)
        case "pause":
            until = at + timedelta(days=step.seats * 5) if step.seats % 2 else None
            lived.timeline = edits.paused(timeline, at, until, "prorate", lambda at: at)
        case "resume" if timeline.phase_at(at).kind == "paused":
            lived.timeline = edits.resumed(timeline, at, "prorate", at)


lives = given(
    first=st.sampled_from(list(PLANS)),
    zone=st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland", "Asia/Kolkata"]),
    life=st.lists(steps, max_size=6),
    end=st.timedeltas(timedelta(hours=1), timedelta(days=400)),
)


@lives
@settings(max_examples=150, deadline=None)
def test_periods_tile_the_subscription(first: str, zone: str, life: list[Step], end: timedelta) -> None:
    lived = live(first, zone, life, end)
    at = lived.timeline.start_at
    for agreement, _ in lived.bills:
        assert agreement.period.start in (at, agreement.period.end)
        at = agreement.period.end
    assert at == lived.timeline.end_at


@lives
@settings(max_examples=150, deadline=None)
def test_usage_is_asked_once_for_each_instant_that_is_charged(
    first: str, zone: str, life: list[Step], end: timedelta
) -> None:
    lived = live(first, zone, life, end)
    spans = [segment.period for agreement, _ in lived.bills for segment in agreement.usage]
    assert all(before.end <= after.start for before, after in pairwise(spans))
    charged = sum((span.duration for span in spans), timedelta())
    paid = sum(
        (end - start for phase, start, end in lived.timeline.spans() if phase.kind == "paid" and end), timedelta()
    )
    assert charged == paid


@lives
@settings(max_examples=300, deadline=None)
def test_prorated_fees_add_up_to_what_time_and_terms_make_them(
    first: str, zone: str, life: list[Step], end: timedelta
) -> None:
    """Each line is rounded once, by half a cent at most; the 12 places of its share are far below that."""
    lived = live(first, zone, life, end)
    exact = sum(_owed(lived.timeline), Fraction(0))
    off = abs(Fraction(lived.total) - exact)
    assert off <= Fraction(len(lived.lines)) * Fraction("0.00500001"), (float(exact), lived.total)


def _owed(timeline: Timeline) -> Iterator[Fraction]:
    """Of each phase, period by period: fees × elapsed ÷ the full period. It knows nothing of invoices."""
    for phase, start, end in timeline.spans():
        assert end is not None
        schedule = phase.agreed.schedule(timeline.timezone)
        while phase.kind == "paid" and start < end:
            full = schedule.period_containing(start)
            until = min(full.end, end)
            share = Fraction((until - start) // datetime.resolution, full.duration // datetime.resolution)
            yield share * Fraction(_fees(PLANS[phase.agreed.plan_version_id].prices, phase.agreed.seats))
            start = until


def _fees(prices: list[dict[str, Any]], seats: int) -> Decimal:
    return sum(
        (Decimal(p["amount"]) if p["model"] == "flat" else Decimal(p["unit_amount"]) * seats for p in prices),
        Decimal(0),
    )
