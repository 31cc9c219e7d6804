"""The tail: accepted records that the warehouse does not hold yet, decoded. Usage counts them from here.

So an insert into the warehouse, which costs a core some 15 ms however few its rows are, can wait for more of them, and
who asks for usage need not wait for it.
"""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from justpaid.metering.records import Records, joined, records_of
from justpaid.platform.journal import Block, Journal

#: As `events` has them, none of them null.
_COLUMNS: Final = ("organisation", "customer", "event", "timestamp", "seq", "id", "quantity", "properties", "backfill")


@dataclass(frozen=True, slots=True)
class Part:
    """Records of sequences [start, end). Their events were received in one month: an insert into one partition is
    atomic."""

    start: int
    end: int
    records: Records


@dataclass(frozen=True, slots=True)
class Tail:
    """As it was at one moment. Below sequence `start` all is in the warehouse; `parts`, of events alone, go on from
    there without gaps."""

    start: int
    parts: Sequence[Part] = ()

    @property
    def end(self) -> int:
        return self.parts[-1].end if self.parts else self.start

    def events(self, organisation_id: str, event: str, customers: Collection[str] | None) -> pa.Table | None:
        """Those of this name and, unless None, of these customer keys, in the shape of `events`; None for none."""
        found = [rows for part in self.parts if (rows := _chosen(part, organisation_id, event, customers)).num_rows]
        if not found:
            return None
        rows = pa.concat_tables(found)
        return rows.cast(pa.schema([field.with_nullable(False) for field in rows.schema]))


class TailReader:
    """Follows the journal, for the drainer and for every question; each block is decoded once."""

    def __init__(self, journal: Journal, start: int, *, max_rows: int) -> None:
        self._journal = journal
        self._start = start
        self._max_rows = max_rows
        self._parts: list[Part] = []
        self._lock = threading.Lock()

    def read(self) -> Tail:
        """As far as the journal goes, unless it is longer than `max_rows` or corrections have to be stored first.

        Raises: EngineUnavailable.
        """
        with self._lock:
            self._follow()
            plain = next((n for n, part in enumerate(self._parts) if part.records.corrects), len(self._parts))
            return Tail(self._start, self._parts[:plain])

    def next(self) -> Part | None:
        """What to insert into the warehouse next, as one, if there is anything.  Raises: EngineUnavailable."""
        with self._lock:
            self._follow()
            parts: list[Part] = []
            months: frozenset[datetime] = frozenset()
            for part in self._parts:
                months |= part.records.months
                if len(months) > 1:
                    break
                parts.append(part)
            if not parts:
                return None
            return Part(parts[0].start, parts[-1].end, joined([part.records for part in parts]))

    @property
    def urgent(self) -> bool:
        """Whether it can't grow before what it holds is in the warehouse."""
        with self._lock:
            return self._rows() >= self._max_rows or any(part.records.corrects for part in self._parts)

    def drop(self, until: int) -> None:
        """Everything below this sequence is in the warehouse. After a failed insert that may be in the midst of a part;
        then what follows is read again, for no record may be missing between."""
        with self._lock:
            self._start = until
            left = [part for part in self._parts if part.start >= until]
            self._parts = left if left and left[0].start == until else []

    def _rows(self) -> int:
        return sum(part.end - part.start for part in self._parts)

    def _follow(self) -> None:
        end = self._parts[-1].end if self._parts else self._start
        if self._journal.head <= end or self._rows() >= self._max_rows:
            return
        blocks = self._journal.read(end, max_records=self._max_rows - self._rows())
        self._parts += _parts_of(blocks)


def _parts_of(blocks: Sequence[Block]) -> list[Part]:
    if not blocks:
        return []
    records = records_of(blocks)
    if len(records.months) > 1 and len(blocks) > 1:
        return [part for block in blocks for part in _parts_of([block])]  # each was received in one instant
    return [Part(blocks[0].start, blocks[-1].end, records)]


def _chosen(part: Part, organisation_id: str, event: str, customers: Collection[str] | None) -> pa.Table:
    rows = part.records.events
    chosen = pc.and_(pc.equal(rows.column("organisation"), organisation_id), pc.equal(rows.column("event"), event))
    if customers is not None:
        chosen = pc.and_(chosen, pc.is_in(rows.column("customer"), pa.array(customers, pa.string())))
    return rows.select(list(_COLUMNS)).filter(chosen)
