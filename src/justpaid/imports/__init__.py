"""Usage events from CSV files; see README.md."""

from justpaid.imports.csv_file import Found, Layout, examine
from justpaid.imports.importer import BATCH_ROWS, Importer
from justpaid.imports.mapping import ColumnMapping, RowReader, RowRejected, suggest
from justpaid.imports.preview import PreviewedRow, preview
from justpaid.imports.store import (
    find_import,
    list_imports,
    record_import,
    rejected_path,
    start_import,
    upload_path,
)
from justpaid.imports.tables import ImportRecord, ImportStatus

__all__ = [
    "BATCH_ROWS",
    "ColumnMapping",
    "Found",
    "ImportRecord",
    "ImportStatus",
    "Importer",
    "Layout",
    "PreviewedRow",
    "RowReader",
    "RowRejected",
    "examine",
    "find_import",
    "list_imports",
    "preview",
    "record_import",
    "rejected_path",
    "start_import",
    "suggest",
    "upload_path",
]
