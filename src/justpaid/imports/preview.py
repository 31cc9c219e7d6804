"""The first rows of a file as events, before any is sent."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from justpaid.imports.csv_file import rows_of
from justpaid.imports.mapping import ColumnMapping, RowReader, RowRejected, check
from justpaid.imports.store import column_names, layout_of, upload_path
from justpaid.imports.tables import ImportRecord
from justpaid.ingest import dry_run
from justpaid.kernel.errors import Conflict

PREVIEWED: Final = 20


@dataclass(frozen=True, slots=True)
class PreviewedRow:
    """An event, or why the row is none. `row` counts from 1."""

    row: int
    event: dict[str, Any] | None
    code: str | None = None
    message: str | None = None


def preview(
    record: ImportRecord, mapping: ColumnMapping, folder: Path, *, live: bool, now: datetime
) -> list[PreviewedRow]:
    """Of the first 20 rows, by the rules of all events; whether they are duplicates is not looked for.

    Raises: InvalidRequest; Conflict once the file is gone.
    """
    columns = column_names(record)
    check(mapping, columns)
    reader = RowReader(mapping, columns, record.digest)
    path = upload_path(folder, record.id)
    if not path.exists():
        raise Conflict(f"Import {record.id} is {record.status}, and its file is gone. Upload it again.")
    found: dict[int, PreviewedRow] = {}
    lines: list[tuple[int, bytes]] = []
    for number, cells in enumerate(islice(rows_of(path, layout_of(record)), PREVIEWED), start=1):
        try:
            lines.append((number, reader.event(number, cells)))
        except RowRejected as error:
            found[number] = PreviewedRow(number, None, error.code, error.message)
    for number, line in lines:
        receipt = dry_run(line, organisation_id=record.organisation_id, live=live, now=now)
        refused = receipt.errors[0] if receipt.errors else None
        event = None if refused else msgspec.json.decode(line)
        found[number] = PreviewedRow(number, event, *((refused["code"], refused["message"]) if refused else ()))
    return [found[number] for number in sorted(found)]
