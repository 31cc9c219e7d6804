"""What each store takes on disk, and how much that is for an event."""

from dataclasses import dataclass

import sqlalchemy as sa

from justpaid.installation.installation import Installation
from justpaid.metering import table_sizes


@dataclass(frozen=True, slots=True)
class StoreSize:
    """`rows`: how many of what the store holds, where that can be told; `bytes` on disk."""

    store: str
    bytes: int
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Storage:
    """`events`: all that were ever accepted, expired ones too."""

    events: int
    stores: tuple[StoreSize, ...]

    @property
    def bytes(self) -> int:
        return sum(store.bytes for store in self.stores)


def storage_of(installation: Installation) -> Storage:
    """Sizes as the engines tell them: what is deleted but not cleaned up yet is left out.

    Raises: EngineUnavailable.
    """
    tables = table_sizes(installation.warehouse)
    events = tables.pop("events", None)
    stores = [
        StoreSize("events", events.bytes - events.cold_bytes if events else 0, events.rows if events else 0),
        StoreSize("events_cold", events.cold_bytes if events else 0),
        *(StoreSize(name, size.bytes, size.rows) for name, size in tables.items()),
        StoreSize("journal_keys", installation.journal.key_bytes(), installation.journal.head),
        StoreSize("journal_backlog", installation.journal.backlog_bytes(), installation.metering.lag()),
    ]
    with installation.database.system() as session:
        size = session.scalar(sa.text("SELECT pg_database_size(current_database())"))
    stores.append(StoreSize("postgresql", int(size or 0)))
    return Storage(installation.journal.head, tuple(stores))
