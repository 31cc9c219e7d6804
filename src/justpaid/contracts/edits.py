"""Changes of a timeline: each gives a new one. Pure.

Terms are changed field by field, and a field that a later phase has not changed itself follows: a scheduled change of
seats stays one of seats alone, whatever happens to the plan before it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import takewhile
from typing import Any

from justpaid.contracts.phases import AddOn, Agreed, Phase, Proration
from justpaid.contracts.timeline import Timeline
from justpaid.kernel.ids import new_id
from justpaid.kernel.schedule import Interval


@dataclass(frozen=True, slots=True)
class Patch:
    """New terms; None keeps what there is. A new plan drops the overrides of the old one's prices.

    A plan with another interval begins its own periods at the change.
    """

    plan: tuple[str, Interval] | None = None
    seats: int | None = None
    overrides: dict[str, Any] | None = None
    add_ons: tuple[AddOn, ...] | None = None

    def applied(self, agreed: Agreed, at: datetime) -> Agreed:
        """`at` anchors the periods of another interval."""
        if self.plan is not None and self.plan[0] != agreed.plan_version_id:
            version_id, interval = self.plan
            anchor = agreed.billing_anchor if interval == agreed.interval else at
            agreed = replace(agreed, plan_version_id=version_id, interval=interval, billing_anchor=anchor, overrides={})
        return replace(
            agreed,
            seats=agreed.seats if self.seats is None else self.seats,
            overrides=agreed.overrides if self.overrides is None else self.overrides,
            add_ons=agreed.add_ons if self.add_ons is None else self.add_ons,
        )


#: What changes together: a plan with its periods and the overrides of its prices.
_FIELDS: tuple[tuple[str, ...], ...] = (
    ("plan_version_id", "interval", "billing_anchor", "overrides"),
    ("seats",),
    ("add_ons",),
)


def split(timeline: Timeline, at: datetime) -> Timeline:
    """The same timeline with a phase that starts at `at`, which lies in it. The phase gets an id of its own."""
    phases: list[Phase] = []
    for phase, start, end in timeline.spans():
        if start == at:
            phases.append(replace(phase, id=new_id("phase")))
        elif start < at and (end is None or at < end):
            later = replace(
                phase, id=new_id("phase"), start_at=at, fees_from=max(at, phase.fees_from), proration="prorate"
            )
            phases += (phase, later)
        else:
            phases.append(phase)
    return replace(timeline, phases=tuple(phases))


def changed(timeline: Timeline, at: datetime, patch: Patch, proration: Proration, fees_from: datetime) -> Timeline:
    """Other terms from `at` on; `fees_from` is when fees follow, where the change does not cut the period."""
    timeline = split(timeline, at)
    before, after = _parted(timeline.phases, at)
    first = after[0]
    anchored = next((phase.start_at for phase in after if phase.kind != "trial"), at)  # nothing is billed before
    agreed = patch.applied(first.agreed, anchored)
    after[0] = replace(first, agreed=agreed, fees_from=fees_from, proration=proration)
    if before and Timeline.is_cut(before[-1], after[0]):
        after[0] = replace(after[0], fees_from=at)
    return _tidy(replace(timeline, phases=(*before, after[0], *_following(after[1:], first.agreed, agreed))))


def paused(
    timeline: Timeline,
    at: datetime,
    until: datetime | None,
    proration: Proration,
    fees_from: Callable[[datetime], datetime],
) -> Timeline:
    """Nothing is charged in `[at, until)`. `fees_from` says, for each of both, when fees follow it."""
    timeline = split(timeline, at)
    if until is not None and (timeline.end_at is None or until < timeline.end_at):
        resumes = timeline.phase_at(until).start_at == until
        timeline = split(timeline, until)
        if not resumes:
            timeline = _starting(timeline, until, proration, fees_from(until))
    timeline = _starting(timeline, at, proration, fees_from(at))
    phases = [
        replace(phase, kind="paused") if phase.start_at >= at and (until is None or phase.start_at < until) else phase
        for phase in timeline.phases
    ]
    return _tidy(replace(timeline, phases=tuple(phases)))


def resumed(timeline: Timeline, at: datetime, proration: Proration, fees_from: datetime) -> Timeline:
    """What is charged goes on from `at`, which lies in a pause, up to the next change that was scheduled."""
    timeline = _starting(split(timeline, at), at, proration, fees_from)
    before, after = _parted(timeline.phases, at)
    pause = list(takewhile(lambda phase: phase.kind == "paused", after))
    running: list[Phase] = [replace(phase, kind="paid") for phase in pause]
    return _tidy(replace(timeline, phases=(*before, *running, *after[len(pause) :])))


def unscheduled(timeline: Timeline, phase: Phase) -> Timeline:
    """Without the change that starts `phase`: what is before it goes on, also in what only followed it."""
    before, after = _parted(timeline.phases, phase.start_at)
    rest = _following(after[1:], phase.agreed, before[-1].agreed)
    return _tidy(replace(timeline, phases=(*before, *rest)))


def ended(timeline: Timeline, at: datetime, proration: Proration) -> Timeline:
    phases = tuple(phase for phase in timeline.phases if phase.start_at < at)
    return replace(timeline, phases=phases, end_at=at, end_proration=proration)


def _starting(timeline: Timeline, at: datetime, proration: Proration, fees_from: datetime) -> Timeline:
    phases = [
        replace(phase, proration=proration, fees_from=fees_from) if phase.start_at == at else phase
        for phase in timeline.phases
    ]
    return replace(timeline, phases=tuple(phases))


def _following(phases: Sequence[Phase], old: Agreed, new: Agreed) -> list[Phase]:
    """Later phases, with `new` for what they have of `old`, field by field up to the first that has its own."""
    found = list(phases)
    for names in _FIELDS:
        values = {name: getattr(new, name) for name in names}
        for position, phase in enumerate(found):
            if any(getattr(phase.agreed, name) != getattr(old, name) for name in names):
                break
            found[position] = replace(phase, agreed=replace(phase.agreed, **values))
    return found


def _parted(phases: Sequence[Phase], at: datetime) -> tuple[list[Phase], list[Phase]]:
    return [p for p in phases if p.start_at < at], [p for p in phases if p.start_at >= at]


def _tidy(timeline: Timeline) -> Timeline:
    """Without phases that change nothing."""
    phases = [timeline.phases[0]]
    for phase in timeline.phases[1:]:
        before = phases[-1]
        same = (phase.kind, phase.agreed) == (before.kind, before.agreed)
        if not same or phase.fees_from < before.fees_from:
            phases.append(phase)
    return replace(timeline, phases=tuple(phases))
