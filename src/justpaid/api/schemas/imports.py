"""Imports of CSV files on the wire."""

from typing import Any

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.imports import ColumnMapping, ImportRecord, ImportStatus, PreviewedRow

_EXAMPLE = {"customer_id": "account", "timestamp": "time", "properties.model": "model"}


class MappingIn(Input):
    """`customer_id` and `event` need a column or a value; the rest of an event is optional."""

    columns: dict[str, str] = Field(
        default_factory=dict,
        description="Field of the event (id, customer_id, event, timestamp, quantity, properties.…) → column.",
        examples=[_EXAMPLE],
    )
    values: dict[str, str] = Field(
        default_factory=dict, description="Field of the event → a value for all rows.", examples=[{"event": "api_call"}]
    )
    timezone: str | None = Field(
        default=None, description="IANA name, of timestamps that have no offset. Without it they are rejected."
    )

    def mapping(self) -> ColumnMapping:
        return ColumnMapping(self.columns, self.values, self.timezone)


class MappedIn(Input):
    mapping: MappingIn


class MappingOut(Output):
    columns: dict[str, str]
    values: dict[str, str]
    timezone: str | None


class ColumnOut(Output):
    name: str
    samples: list[str] = Field(description="Up to three different values of the first rows.")


class ImportOut(Output):
    """`rows_done` of `rows` have become `accepted`, `duplicates`, `conflicts` or `rejected`."""

    id: str
    filename: str
    status: ImportStatus
    size_bytes: int
    encoding: str
    delimiter: str
    columns: list[ColumnOut]
    suggested_mapping: MappingOut
    mapping: MappingOut | None
    rows: int
    rows_done: int
    accepted: int
    duplicates: int = Field(description="Accepted before, by this import or another one.")
    conflicts: int = Field(description="Accepted before with other content; the first stays counted.")
    rejected: int
    error: str | None = Field(description="Why it failed, if it did.")
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None

    @classmethod
    def of(cls, record: ImportRecord) -> "ImportOut":
        same = cls.model_fields.keys() - {"columns", "suggested_mapping", "mapping"}
        return cls(
            columns=[ColumnOut(**column) for column in record.columns],
            suggested_mapping=MappingOut(**record.suggested_mapping),
            mapping=None if record.mapping is None else MappingOut(**record.mapping),
            **{name: getattr(record, name) for name in same},
        )


class PreviewedRowOut(Output):
    """An event, or the code and message of why the row is none. `row` counts from 1, without the header."""

    row: int
    event: dict[str, Any] | None
    code: str | None
    message: str | None

    @classmethod
    def of(cls, row: PreviewedRow) -> "PreviewedRowOut":
        return cls(row=row.row, event=row.event, code=row.code, message=row.message)


class PreviewOut(Output):
    data: list[PreviewedRowOut] = Field(description="Of the first 20 rows.")
