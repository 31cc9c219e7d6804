"""Whether one event counts, and when it did: by the backfills that it belongs to or that replace it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from justpaid.kernel.instants import microseconds_of
from justpaid.metering.effects import NEVER, Effect


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An event does not count: its own backfill is open still or was reverted, or another one replaced it."""

    why: Literal["held", "reverted", "replaced"]
    backfill_id: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides it. `withdrawn_at`: the sequence of its void, NEVER if there is none."""

    sequence: int
    customer_key: str
    event: str
    timestamp: datetime
    backfill_id: str = ""
    withdrawn_at: int = NEVER


def left_out(facts: Facts, effects: Sequence[Effect]) -> LeftOut | None:
    """As of now; None if no backfill keeps it from counting."""
    own = _own(facts, effects)
    if facts.backfill_id:
        if own is None or own.closed == own.reverted == NEVER:
            return LeftOut("held", facts.backfill_id)
        if own.reverted < NEVER:
            return LeftOut("reverted", facts.backfill_id)
    replacing = [effect for effect in _replacing(facts, effects) if effect.holds(NEVER)]
    return LeftOut("replaced", replacing[-1].backfill.id) if replacing else None


def counted_during(facts: Facts, effects: Sequence[Effect]) -> list[tuple[int, int]]:
    """It counted as of every cut-off above the first and up to the second of one of these pairs; in order."""
    own = _own(facts, effects)
    start, end = facts.sequence, facts.withdrawn_at
    if facts.backfill_id:
        start = max(start, NEVER if own is None else own.closed)
        end = min(end, NEVER if own is None else own.reverted)
    spans = []
    for effect in _replacing(facts, effects):
        if start < min(end, effect.closed):
            spans.append((start, min(end, effect.closed)))
        start = max(start, effect.reverted)
    return [*spans, (start, end)] if start < end else spans


def _own(facts: Facts, effects: Sequence[Effect]) -> Effect | None:
    return next((effect for effect in effects if effect.backfill.id == facts.backfill_id), None)


def _replacing(facts: Facts, effects: Sequence[Effect]) -> list[Effect]:
    """Those that leave it out between their close and their revert, in the order of their closes."""
    own = _own(facts, effects)
    since = max(facts.sequence, own.closed if own else 0)
    at = microseconds_of(facts.timestamp)
    return [
        effect
        for effect in effects
        if effect.backfill.replace
        and since < effect.closed < NEVER
        and effect.backfill.misfit(facts.customer_key, facts.event, at) is None
    ]
