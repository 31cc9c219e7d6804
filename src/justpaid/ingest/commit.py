"""Committing events, with regard to ids that a backfill has given back or takes over.

The journal refuses an id that it knows. Where the event that has the id belongs to a backfill that was reverted, or is
one that the backfill at hand replaces, the event is sent again: under the again key of the one before it, which the
journal judges like any other. Nearly every commit is done after the first round.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from justpaid.ingest.backfill import Backfill, Stage, steps_of
from justpaid.ingest.block import Columns, encode_block
from justpaid.ingest.event import scope_of
from justpaid.ingest.versions import again_key
from justpaid.platform.journal import Entries, Journal, Refused, Verdict

Replaced = Callable[[Sequence[int]], frozenset[int]]
"""Of events sent as these records, those that would be replaced."""


@dataclass(slots=True)
class Outcome:
    """`refused` says of each row that was not written why not; `held` are those of them whose id an open backfill has.
    `written`: what was, a verdict for each round."""

    written: list[Verdict] = field(default_factory=list)
    refused: dict[int, Refused] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)


def commit_events(
    journal: Journal,
    columns: Columns,
    entries: Entries,
    received_at: int,
    *,
    backfill: Backfill | None = None,
    replaced: Replaced | None = None,
) -> Outcome:
    """Write what is new; all rows under `backfill` if one is given.  Raises: EngineUnavailable if the disk refuses."""
    backfill_id = "" if backfill is None else backfill.id

    def write(entries: Entries, rows: Sequence[int]) -> Verdict:
        def encode(accepted: Sequence[int], first: int) -> bytes:
            return encode_block(columns, _at(rows, accepted), received_at, backfill_id)

        return journal.commit(entries, encode)

    outcome = Outcome()
    rows: Sequence[int] = range(len(entries))
    while rows:
        verdict = write(entries, rows)
        outcome.written.append(Verdict(verdict.first, _at(rows, verdict.accepted), {}))
        if not verdict.refused:
            break
        refused = {rows[place]: why for place, why in verdict.refused.items()}
        outcome.refused.update(refused)
        digests = dict(zip(rows, entries.digests, strict=True))
        freed, held = _freed(journal, columns, refused, entries.unit, replaced)
        outcome.held |= held
        for row in freed:
            del outcome.refused[row]
        rows = list(freed)
        entries = Entries(list(freed.values()), [digests[row] for row in rows], entries.unit)
    return outcome


def _at(rows: Sequence[int], places: Sequence[int]) -> Sequence[int]:
    """In the first round, of all rows, they are the same."""
    return places if isinstance(rows, range) else [rows[place] for place in places]


def _freed(
    journal: Journal, columns: Columns, refused: Mapping[int, Refused], unit: bytes, replaced: Replaced | None
) -> tuple[dict[int, bytes], set[int]]:
    """Of the refused rows those that may be sent again, with their next key, and those that are held."""
    held: set[int] = set()
    free: set[int] = set()
    standing: list[int] = []
    stages: dict[tuple[str, bytes], Stage] = {}
    for row, why in refused.items():
        if why.unit and why.unit == unit:
            continue
        stage = Stage.CLOSED
        if why.unit:
            of = columns.organisation[row], why.unit
            stage = stages.get(of) or steps_of(journal, of[0], why.unit.decode()).stage
            stages[of] = stage
        if stage is Stage.OPEN:
            held.add(row)
        elif stage is Stage.REVERTED:
            free.add(row)
        else:
            standing.append(row)
    gone = replaced([refused[row].sequence for row in standing]) if replaced and standing else frozenset()
    free |= {row for row in standing if refused[row].sequence in gone}
    keys = {row: again_key(scope_of(columns.organisation[row]), refused[row].sequence) for row in sorted(free)}
    return keys, held
