"""What waits in the journal for the warehouse: the measure of being behind."""

from dataclasses import dataclass
from datetime import datetime

from justpaid.ingest import decode_block
from justpaid.platform.journal import Journal


@dataclass(frozen=True, slots=True)
class Backlog:
    """`oldest_at`: when the oldest of the waiting events was received; None when none waits."""

    events: int
    bytes: int
    oldest_at: datetime | None


def backlog_of(journal: Journal, position: int) -> Backlog:
    """Of the events from sequence `position` on."""
    events = journal.head - position
    if events <= 0:
        return Backlog(0, journal.backlog_bytes(), None)
    blocks = journal.read(position, max_records=1)
    oldest_at = decode_block(blocks[0].payload).column("received_at")[0].as_py() if blocks else None
    return Backlog(events, journal.backlog_bytes(), oldest_at)
