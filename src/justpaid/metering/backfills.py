"""What there is to know about backfills: what they replace, how many events they have, when they were closed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from justpaid.ingest import Backfill, decode_block, last_version
from justpaid.kernel.instants import microseconds_of
from justpaid.metering.effects import NEVER, Effects, counting, scope
from justpaid.platform.journal import Journal
from justpaid.platform.warehouse import Warehouse, quote


@dataclass(frozen=True, slots=True)
class Extent:
    """`events` that were sent under a backfill, as corrections left them. `replaced`: the events that it kept from
    counting at its close; of an open one, those that it would now."""

    events: int
    replaced: int


class BackfillReader:
    def __init__(self, journal: Journal, warehouse: Warehouse, effects: Effects) -> None:
        self._journal = journal
        self._warehouse = warehouse
        self._effects = effects

    def replaced_among(self, backfill: Backfill, records: Sequence[int]) -> frozenset[int]:
        """Of events sent as these records those that, as they are by now, lie in the scope of the backfill. One that
        was voided does not: that is final.  Raises: EngineUnavailable."""
        last = {sent: last_version(self._journal, backfill.organisation_id, sent) for sent in records}
        wanted = {version.sequence: sent for sent, version in last.items() if version.withdrawn_at is None}
        # The journal first: it lets go of a record only after that came into the warehouse.
        rows = {row["seq"]: row for row in self._in_journal(wanted)}
        missing = [sequence for sequence in wanted if sequence not in rows]
        if missing:
            sql = f"""SELECT seq, customer, event, timestamp FROM events
                WHERE organisation = {quote(backfill.organisation_id)} AND seq IN {{missing:Array(UInt64)}}"""
            rows |= {row["seq"]: row for row in self._warehouse.query(sql, {"missing": missing}).to_pylist()}
        return frozenset(wanted[sequence] for sequence, row in rows.items() if _fits(backfill, row))

    def extents(self, organisation_id: str, backfills: Iterable[Backfill]) -> dict[str, Extent]:
        """By id; of the events that are metered.  Raises: EngineUnavailable."""
        counts = [self._count(organisation_id, backfill) for backfill in backfills]
        if not counts:
            return {}
        rows = self._warehouse.query(" UNION ALL ".join(counts)).to_pylist()
        return {row["id"]: Extent(row["events"], row["replaced"]) for row in rows}

    def times(self, organisation_id: str, steps: Sequence[int]) -> dict[int, datetime]:
        """When the steps at these sequences were taken.  Raises: EngineUnavailable."""
        at = {row["seq"]: row["received_at"] for row in self._in_journal(steps)}
        missing = [sequence for sequence in steps if sequence not in at]
        if missing:
            sql = f"""SELECT seq, received_at FROM backfills
                WHERE organisation = {quote(organisation_id)} AND seq IN {{missing:Array(UInt64)}}"""
            rows = self._warehouse.query(sql, {"missing": missing}).to_pylist()
            at |= {row["seq"]: row["received_at"].astimezone(UTC) for row in rows}
        return at

    def _count(self, organisation_id: str, backfill: Backfill) -> str:
        effects = self._effects.of(organisation_id)
        closed = next((effect.closed for effect in effects if effect.backfill.id == backfill.id), NEVER)
        voids = f"SELECT target FROM voids WHERE organisation = {quote(organisation_id)}"
        of_ours = f"organisation = {quote(organisation_id)}"
        replaced = f"""(SELECT count() FROM events WHERE {of_ours} AND {scope(backfill)} AND seq < {closed}
            AND seq NOT IN ({voids} AND seq < {closed}) {counting(effects, closed)})"""
        return f"""SELECT {quote(backfill.id)} AS id,
            (SELECT count() FROM events WHERE {of_ours} AND backfill = {quote(backfill.id)}
                AND seq NOT IN ({voids})) AS events,
            {replaced if backfill.replace else "toUInt64(0)"} AS replaced"""

    def _in_journal(self, wanted: Iterable[int]) -> Iterator[dict[str, Any]]:
        waiting = self._journal.read(0, max_records=1)
        kept_from = waiting[0].start if waiting else self._journal.head
        blocks: dict[int, list[dict[str, Any]]] = {}
        for sequence in wanted:
            block = self._journal.block_of(sequence) if sequence >= kept_from else None
            if block is None:
                continue
            if block.start not in blocks:
                blocks[block.start] = decode_block(block.payload).to_pylist()
            yield blocks[block.start][sequence - block.start] | {"seq": sequence}


def _fits(backfill: Backfill, row: Mapping[str, Any]) -> bool:
    return backfill.misfit(row["customer"], row["event"], microseconds_of(row["timestamp"])) is None
