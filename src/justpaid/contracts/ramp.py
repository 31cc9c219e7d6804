"""Ramps: what a subscription agrees on at its start for later, phase by phase."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from justpaid.catalog import PlanVersion
from justpaid.contracts.instants import check_instant
from justpaid.contracts.phases import AddOn
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.schedule import Interval, Schedule


@dataclass(frozen=True, slots=True)
class Duration:
    """`count` intervals on the customer's calendar."""

    interval: Interval
    count: int


@dataclass(frozen=True, slots=True)
class NewPhase:
    """A part of a ramp. What is None is as in the phase before it. Each but the last has a duration or an end."""

    version: PlanVersion | None = None
    seats: int | None = None
    overrides: dict[str, Any] | None = None
    add_ons: tuple[AddOn, ...] | None = None
    duration: Duration | None = None
    end_at: datetime | None = None


def ramp(phases: Sequence[NewPhase], start: datetime, zone: str) -> Iterator[tuple[NewPhase, datetime]]:
    """Each phase with the instant at which it begins.

    Durations of the same interval are counted from the same instant, so that a ramp of months from the 31st has its
    steps where the billing periods of the 31st have theirs.
    Raises: InvalidRequest.
    """
    counted_from, interval, passed = start, None, 0
    for position, phase in enumerate(phases):
        yield phase, start
        at, is_last = f"phases.{position}", position == len(phases) - 1
        if is_last and (phase.duration or phase.end_at):
            raise InvalidRequest.of(f"{at}.duration", "the last phase lasts to the subscription's end: give that")
        if not is_last and (phase.duration is None) == (phase.end_at is None):
            raise InvalidRequest.of(f"{at}.duration", "give either a duration or an end_at, in each phase but the last")
        if phase.end_at is not None:
            check_instant(f"{at}.end_at", phase.end_at)
            if phase.end_at <= start:
                raise InvalidRequest.of(f"{at}.end_at", "must be after the phase's start")
            counted_from, interval, start = phase.end_at, None, phase.end_at
        elif phase.duration is not None:
            if phase.duration.interval != interval:
                counted_from, interval, passed = start, phase.duration.interval, 0
            passed += phase.duration.count
            start = Schedule(phase.duration.interval, counted_from, zone).boundary(passed)
