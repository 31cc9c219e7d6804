"""`POST /v1/imports`: a CSV file, streamed to disk as it comes, so that its size takes no memory.

Plain ASGI: the framework would read the whole body first.
"""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from justpaid.accounts import Identity, find_organisation
from justpaid.api.admission import admit
from justpaid.api.exact_json import is_storable
from justpaid.api.installation import Installation
from justpaid.api.schemas.imports import ImportOut
from justpaid.imports import examine, record_import, upload_path
from justpaid.kernel.errors import InvalidRequest, Overloaded, TooLarge, UnsupportedMedia
from justpaid.kernel.ids import new_id

_TYPES: Final = ("text/csv", "text/plain", "text/tab-separated-values", "application/csv", "application/octet-stream")
_PIECE: Final = 1 << 20
_NAME: Final = 255
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class ImportUpload:
    """Answers with the import: its columns, samples of them, and a mapping that may be right.

    Raises: Unauthenticated, InvalidRequest, UnsupportedMedia, TooLarge, Overloaded; nothing is kept then.
    """

    def __init__(self, installation: Installation) -> None:
        self._installation = installation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        identity = await admit(self._installation, scope, "POST /v1/imports")
        filename = _filename(QueryParams(scope["query_string"]))
        _require_csv(headers)
        import_id = new_id("imp")
        path = upload_path(self._installation.imports.folder, import_id)
        try:
            upload = await self._stored(headers, receive, path)
            answer = await run_sync(self._recorded, identity, import_id, filename, path, upload)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        start = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 201, "headers": start})
        await send({"type": "http.response.body", "body": answer})

    async def _stored(self, headers: Headers, receive: Receive, path: Path) -> "_Upload":
        limit = self._installation.settings.max_import_bytes
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise _too_large(limit)
        with path.open("xb") as file:
            upload = _Upload(file)
            waiting = bytearray()
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                waiting += message.get("body", b"")
                more = message.get("more_body", False)
                if upload.size + len(waiting) > limit:
                    raise _too_large(limit)
                if len(waiting) >= _PIECE or not more:
                    await run_sync(self._write, upload, bytes(waiting))
                    waiting.clear()
            await run_sync(os.fsync, file.fileno())
        return upload

    def _write(self, upload: "_Upload", piece: bytes) -> None:
        free = shutil.disk_usage(self._installation.imports.folder).free
        if free - len(piece) < self._installation.settings.min_free_disk_bytes:
            raise Overloaded(f"The disk has {free >> 20} MiB left, too few for this file. Make room.", retry_after_s=60)
        upload.write(piece)

    def _recorded(self, identity: Identity, import_id: str, filename: str, path: Path, upload: "_Upload") -> bytes:
        if not upload.size:
            raise InvalidRequest.of("file", "is empty; send the CSV file as the body of the request")
        found = examine(path)
        with self._installation.database.tenant(identity.organisation_id) as session:
            zone = find_organisation(session, identity.organisation_id).timezone
            record = record_import(
                session,
                identity.organisation_id,
                import_id=import_id,
                filename=filename,
                size_bytes=upload.size,
                digest=upload.digest.hexdigest(),
                found=found,
                zone=zone,
            )
            return ImportOut.of(record).model_dump_json().encode()


@dataclass
class _Upload:
    file: IO[bytes]
    size: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.file.flush()
        self.digest.update(piece)
        self.size += len(piece)


def _filename(query: QueryParams) -> str:
    for name in query:
        if name != "filename":
            raise InvalidRequest.of(name, "is no parameter here; there is filename", code="unknown_field")
    given = query.get("filename", "upload.csv")
    if not 0 < len(given) <= _NAME or _CONTROL.search(given) or not is_storable(given):
        raise InvalidRequest.of("filename", f"must be 1 to {_NAME} characters, none of them a control character")
    return given


def _require_csv(headers: Headers) -> None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type not in _TYPES:
        raise UnsupportedMedia(
            f"Content-Type {media_type!r} is not read here. Send the file itself as the body, as text/csv."
        )
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMedia("The file has to come as it is, without Content-Encoding.")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The file is larger than {limit} bytes (JUSTPAID_MAX_IMPORT_BYTES). Split it.")
