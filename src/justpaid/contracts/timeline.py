"""A subscription's life as a list of phases, its billing periods, and what each boundary bills. Pure.

Phases that share a schedule share its periods: a change inside a period splits it into segments. A phase with another
interval or anchor, and the end of a trial, cut the period: there is a boundary at the cut, and a new run of periods.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from justpaid.contracts.agreement import Agreement
from justpaid.contracts.phases import Phase, Proration, Segment
from justpaid.kernel.period import Period
from justpaid.kernel.schedule import Schedule

_INSTANT = datetime.resolution


@dataclass(frozen=True, slots=True)
class Run:
    """Phases one after the other on one schedule. `whole`: its last period is owed whole, though it is cut short."""

    schedule: Schedule
    phases: tuple[Phase, ...]
    end: datetime | None
    whole: bool

    @property
    def start(self) -> datetime:
        return self.phases[0].start_at

    def cut(self, end: datetime) -> datetime:
        return end if self.end is None else min(end, self.end)

    def fees_end(self, period: Period) -> datetime:
        """Up to where the fees of `period` are owed: beyond its end if it is cut short and owed whole."""
        if self.whole and period.end == self.end:
            return self.schedule.boundary_after(max(period.start, period.end - _INSTANT))
        return period.end

    def fee_spans(self, until: datetime) -> Iterator[tuple[Phase, Period]]:
        """From when to when each phase sets the fees, up to `until`: a later phase takes over from `fees_from`."""
        end = until
        spans = []
        for phase in reversed(self.phases):
            start = phase.start_at if phase is self.phases[0] else phase.fees_from
            if start < end:
                spans.append((phase, Period(start, end)))
                end = start
        return reversed(spans)


@dataclass(frozen=True, slots=True)
class Timeline:
    """It runs `[start_at, end_at)`; the phases tile that. `end_proration`: whether the end prorates fees."""

    phases: tuple[Phase, ...]
    end_at: datetime | None
    timezone: str
    end_proration: Proration = "prorate"

    @property
    def start_at(self) -> datetime:
        return self.phases[0].start_at

    def spans(self) -> Iterator[tuple[Phase, datetime, datetime | None]]:
        """Each phase with its start and end."""
        ends = [*(phase.start_at for phase in self.phases[1:]), self.end_at]
        for phase, end in zip(self.phases, ends, strict=True):
            yield phase, phase.start_at, end

    def phase_at(self, instant: datetime) -> Phase:
        """The phase in force; before the start the first, after the end the last."""
        return next((phase for phase in reversed(self.phases) if phase.start_at <= instant), self.phases[0])

    def runs(self) -> list[Run]:
        groups: list[list[Phase]] = [[self.phases[0]]]
        for before, phase in zip(self.phases, self.phases[1:], strict=False):
            if self.is_cut(before, phase):
                groups.append([])
            groups[-1].append(phase)
        runs = []
        for group, successor in zip(groups, [*groups[1:], None], strict=True):
            end, proration = self.end_at, self.end_proration
            if successor:
                end, proration = successor[0].start_at, successor[0].proration
            runs.append(Run(group[0].agreed.schedule(self.timezone), tuple(group), end, proration == "none"))
        return runs

    @staticmethod
    def is_cut(before: Phase, phase: Phase) -> bool:
        return (
            before.agreed.interval != phase.agreed.interval
            or before.agreed.billing_anchor != phase.agreed.billing_anchor
            or (before.kind == "trial" and phase.kind != "trial")
        )

    def period_from(self, start: datetime) -> Period | None:
        """The period that begins at `start`; None before the subscription's start and once it has ended."""
        run = self._run_at(start)
        return Period(start, run.cut(run.schedule.boundary_after(start))) if run else None

    def period_until(self, boundary: datetime) -> Period | None:
        """The period that ends at `boundary`, one of the subscription's; None at its start."""
        run = self._run_at(boundary - _INSTANT)
        if run is None:
            return None
        return Period(max(run.schedule.boundary_at_or_before(boundary - _INSTANT), run.start), boundary)

    def period_at(self, instant: datetime) -> Period | None:
        """The period that `instant` lies in; None before the start and after the end."""
        run = self._run_at(instant)
        return self.period_from(max(run.schedule.boundary_at_or_before(instant), run.start)) if run else None

    def boundary_following(self, billed_to: datetime, billed_ahead: Segment | None) -> datetime | None:
        """The boundary to bill after the one at `billed_to`; None when that was the last.

        The boundary at `billed_to` is billed once more where what it billed ahead has been cut off there since, by an
        end or a new schedule.
        """
        period = self.period_from(billed_to)
        if billed_ahead and billed_ahead.period.end > billed_to:
            run = self._run_at(billed_to)
            if run is None or run.schedule != billed_ahead.agreed.schedule(self.timezone):
                return billed_to
        return period.end if period else None

    def agreement(self, at: datetime, billed_to: datetime | None, billed_ahead: Segment | None) -> Agreement:
        """What the boundary `at` bills, after the boundary `billed_to` with what that one billed in advance."""
        past = Period(at, at) if at == billed_to else self.period_until(at)
        run = self._run_at(at - _INSTANT)
        return Agreement(
            at=at,
            past=past,
            next=self.period_from(at),
            timezone=self.timezone,
            usage=tuple(self._usage(past)) if past else (),
            fees=self._fees(run, past, billed_ahead) if run and past else (),
            billed_ahead=billed_ahead if past else None,
            ahead=self.ahead(at),
        )

    def ahead(self, at: datetime) -> Segment | None:
        """What fees in advance are billed by at the boundary `at`, and for which time; None where none are charged."""
        run, period = self._run_at(at), self.period_from(at)
        if run is None or period is None:
            return None
        end = run.fees_end(period)
        for phase, span in run.fee_spans(end):
            if at in span:
                return Segment(phase.agreed, Period(at, end)) if phase.kind == "paid" else None
        return None

    def _usage(self, past: Period) -> Iterator[Segment]:
        for phase, start, end in self.spans():
            span = _overlap(past, start, end)
            if span and phase.kind == "paid":
                yield Segment(phase.agreed, span)

    def _fees(self, run: Run, past: Period, billed_ahead: Segment | None) -> tuple[Segment, ...]:
        until = run.fees_end(past)
        if run.whole and past.end == run.end and billed_ahead:
            until = max(until, billed_ahead.period.end)
        owed = Period(past.start, until)
        spans = ((phase, _overlap(owed, span.start, span.end)) for phase, span in run.fee_spans(until))
        return tuple(Segment(phase.agreed, span) for phase, span in spans if span and phase.kind == "paid")

    def _run_at(self, instant: datetime) -> Run | None:
        if instant < self.start_at:
            return None
        run = next(run for run in reversed(self.runs()) if run.start <= instant)
        return run if run.end is None or instant < run.end else None


def _overlap(period: Period, start: datetime, end: datetime | None) -> Period | None:
    first, last = max(period.start, start), period.end if end is None else min(period.end, end)
    return Period(first, last) if first < last else None
