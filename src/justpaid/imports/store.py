"""Making, finding and starting imports."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.imports.csv_file import Found, Layout
from justpaid.imports.mapping import ColumnMapping, check, suggest
from justpaid.imports.tables import ImportRecord
from justpaid.kernel.errors import Conflict, NotFound
from justpaid.platform.finding import newest_first


def record_import(
    session: Session,
    organisation_id: str,
    *,
    import_id: str,
    filename: str,
    size_bytes: int,
    digest: str,
    found: Found,
    zone: str,
) -> ImportRecord:
    """Of a file that was uploaded and examined. `zone`: the organisation's."""
    record = ImportRecord(
        id=import_id,
        organisation_id=organisation_id,
        filename=filename,
        size_bytes=size_bytes,
        digest=digest,
        encoding=found.layout.encoding,
        delimiter=found.layout.delimiter,
        columns=[
            {"name": name, "samples": list(samples)} for name, samples in zip(found.columns, found.samples, strict=True)
        ],
        rows=found.rows,
        suggested_mapping=suggest(found.columns, found.samples, zone).as_json(),
        status="uploaded",
    )
    session.add(record)
    session.flush()
    session.refresh(record)
    return record


def find_import(session: Session, import_id: str, *, lock: bool = False) -> ImportRecord:
    """Raises: NotFound."""
    record = session.get(ImportRecord, import_id, with_for_update=lock)
    if record is None:
        raise NotFound.of("import", import_id)
    return record


def list_imports(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[ImportRecord]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(ImportRecord), ImportRecord.id, limit, before_id)


def start_import(session: Session, import_id: str, mapping: ColumnMapping, now: datetime) -> ImportRecord:
    """Let it run from the next commit on.  Raises: NotFound; Conflict if it was started; InvalidRequest."""
    record = find_import(session, import_id, lock=True)
    if record.status != "uploaded":
        raise Conflict(f"Import {import_id} was started already, and is {record.status}. Upload the file again.")
    check(mapping, column_names(record))
    record.mapping = mapping.as_json()
    record.status = "running"
    record.started_at = now
    session.flush()
    return record


def column_names(record: ImportRecord) -> list[str]:
    return [column["name"] for column in record.columns]


def layout_of(record: ImportRecord) -> Layout:
    return Layout(record.encoding, record.delimiter)


def upload_path(folder: Path, import_id: str) -> Path:
    return folder / f"{import_id}.csv"


def rejected_path(folder: Path, import_id: str) -> Path:
    return folder / f"{import_id}.rejected.csv"
