"""Imports of CSV files: preview, start, progress, rejected rows. Uploading is `justpaid.api.import_upload`."""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import event
from starlette.responses import Response, StreamingResponse

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.routes.invoices import CSV, file_response
from justpaid.api.schemas.imports import ImportOut, MappedIn, PreviewedRowOut, PreviewOut
from justpaid.api.unit_of_work import Unit
from justpaid.imports import Importer, find_import, rejected_path
from justpaid.imports import list_imports as newest
from justpaid.imports import preview as first_rows
from justpaid.imports import start_import as start

router = new_router("imports", "/v1/imports")

_PIECE = 1 << 18


@router.get("")
def list_imports(unit: Unit, paging: Paging) -> Page[ImportOut]:
    """All imports, newest first."""
    found = newest(unit.session, limit=paging.fetch, before_id=paging.before_id("imp"))
    return paging.page(found, ImportOut.of)


@router.get("/{import_id}")
def get_import(import_id: str, unit: Unit) -> ImportOut:
    """One import, and how far it is."""
    return ImportOut.of(find_import(unit.session, import_id))


@router.post("/{import_id}/preview")
def preview_import(import_id: str, body: MappedIn, unit: Unit) -> PreviewOut:
    """The first rows as events, or why they are none. Nothing is sent."""
    record = find_import(unit.session, import_id)
    importer: Importer = unit.installation.imports
    rows = first_rows(
        record, body.mapping.mapping(), importer.folder, live=unit.identity.mode == "live", now=unit.now()
    )
    return PreviewOut(data=[PreviewedRowOut.of(row) for row in rows])


@router.post("/{import_id}/start")
def start_import(import_id: str, body: MappedIn, unit: Unit) -> ImportOut:
    """Send the file's rows as events, in the background. What was accepted before, by this id or another way, counts
    once."""
    importer: Importer = unit.installation.imports
    record = start(unit.session, import_id, body.mapping.mapping(), unit.installation.clock.now())
    event.listen(unit.session, "after_commit", lambda _session: importer.wake(), once=True)
    return ImportOut.of(record)


@router.get("/{import_id}/rejected.csv", response_class=Response, responses=file_response(CSV))
def get_rejected_rows(import_id: str, unit: Unit) -> Response:
    """The rows that were not taken so far, with the reason of each: correct them and import the file."""
    record = find_import(unit.session, import_id)
    importer: Importer = unit.installation.imports
    path = rejected_path(importer.folder, record.id)
    headers = {"Content-Disposition": f'attachment; filename="rejected-{record.id}.csv"'}
    return StreamingResponse(_read(path, record.rejected_bytes), headers=headers, media_type=CSV)


def _read(path: Path, length: int) -> Iterator[bytes]:
    """No further than what was stored, so that no row is cut through."""
    if not length:
        return
    with path.open("rb") as file:
        while length > 0 and (piece := file.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece
