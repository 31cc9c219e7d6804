"""What the installation takes on disk, on the wire."""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from justpaid.api.values import Output
from justpaid.installation import Storage

_TENTH = Decimal("0.1")


class StoreOut(Output):
    store: Annotated[str, Field(examples=["events", "usage", "journal_keys", "postgresql"])]
    rows: Annotated[int | None, Field(description="How many of what it holds; null where that can't be told.")]
    bytes: int
    bytes_per_event: Annotated[str | None, Field(examples=["28.8"])]


class StorageOut(Output):
    events: Annotated[int, Field(description="All events ever accepted, expired ones too.")]
    bytes: int
    bytes_per_event: Annotated[str | None, Field(description="Null before the first event.")]
    data: list[StoreOut]

    @classmethod
    def of(cls, storage: Storage) -> "StorageOut":
        def each(size: int) -> str | None:
            return str((Decimal(size) / storage.events).quantize(_TENTH)) if storage.events else None

        return cls(
            events=storage.events,
            bytes=storage.bytes,
            bytes_per_event=each(storage.bytes),
            data=[
                StoreOut(store=one.store, rows=one.rows, bytes=one.bytes, bytes_per_event=each(one.bytes))
                for one in storage.stores
            ],
        )
