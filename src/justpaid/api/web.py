"""The web UI: the files that `make web` built, and their page at every address that is no file and not the API's.

All is read into memory when the application is made: a few megabytes, and a request can name no other file.

The page runs only scripts that are files of ours. A <style> element needs the nonce of its page load, which is why the
page is made anew each time (decision 13).
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

#: Where the wheel carries the build.
BUILT: Final = Path(__file__).parents[1] / "web"

_PAGE: Final = "index.html"
#: Whose page may stand in a frame of the organisation's own site, and is a build of its own.
_PORTAL: Final = "portal"
_PORTAL_PAGE: Final = "portal.html"
_NONCE: Final = "__CSP_NONCE__"
#: By content coding, the better first, with the suffix of the file that the build made.
_CODINGS: Final = {"br": ".br", "gzip": ".gz"}
#: Never the page, whatever is asked for: a program that mistypes an address must get a problem document.
_OF_THE_API: Final = frozenset({"v1", "openapi.json", "docs", "redoc", "healthz", "readyz", "metrics", ".well-known"})
#: A file under /assets has its digest in its name; another may change with the next release.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_AN_HOUR: Final = "public, max-age=3600"
#: Not the system's table of types, which differs from machine to machine.
_TYPES: Final = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_CLOSED: Final = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Frame-Options": "DENY"}

_NOT_BUILT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>JustPaid</title></head><body>
<h1>JustPaid is running, without its web UI</h1>
<p>The UI was not built into this installation. In a checkout, run <code>make web</code> and start the server again;
the wheel that <code>make wheel</code> builds carries it.</p>
<p>The API is complete: <a href="/openapi.json">/openapi.json</a> describes it.</p>
</body></html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    content_type: str
    cache_control: str
    plain: bytes
    #: By content coding.
    compressed: Mapping[str, bytes]


class WebUI:
    """Answers what is the UI's and hands everything else to `app`."""

    def __init__(self, app: ASGIApp, folder: Path = BUILT) -> None:
        self._app = app
        self._files = _read(folder)
        self._page = self._take_page(_PAGE)
        self._portal_page = self._take_page(_PORTAL_PAGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._response_to(scope) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    def _response_to(self, scope: Scope) -> Response | None:
        if scope["method"] not in ("GET", "HEAD"):
            return None
        path: str = scope["path"]
        headers = Headers(scope=scope)
        if (file := self._files.get(path)) is not None:
            return _file_response(file, headers.get("accept-encoding", ""))
        accept = headers.get("accept", "")
        if not _wants_page(path, accept):
            return None
        embeddable = _first_step(path) == _PORTAL
        page = self._portal_page if embeddable else self._page
        if page is None:
            if "text/html" not in accept:
                return None
            return HTMLResponse(_NOT_BUILT, 404, {**_SAFE, **_CLOSED, "Cache-Control": "no-store"})
        return _page_response(page, embeddable=embeddable)

    def _take_page(self, name: str) -> str | None:
        page = self._files.pop(f"/{name}", None)
        return page.plain.decode() if page is not None else None


def _read(folder: Path) -> dict[str, _File]:
    """The files of the build by their path in an address."""
    files: dict[str, _File] = {}
    suffixes = tuple(_CODINGS.values())
    # The folder .vite holds what only the build's own tests read.
    for path in sorted(folder.rglob("[!.]*")) if folder.is_dir() else ():
        place = path.relative_to(folder)
        if path.is_file() and not path.name.endswith(suffixes) and not place.parts[0].startswith("."):
            beside = {coding: path.with_name(path.name + suffix) for coding, suffix in _CODINGS.items()}
            files[f"/{place.as_posix()}"] = _File(
                _TYPES.get(path.suffix, "application/octet-stream"),
                _FOR_EVER if place.parts[0] == "assets" else _FOR_AN_HOUR,
                path.read_bytes(),
                {coding: other.read_bytes() for coding, other in beside.items() if other.is_file()},
            )
    return files


def _first_step(path: str) -> str:
    return path.split("/", 2)[1]


def _wants_page(path: str, accept: str) -> bool:
    """Browsers name text/html when they open an address; programs mostly take anything. At the root, which is what
    anyone looks at first, only who asks for JSON gets it."""
    if path == "/":
        return "text/html" in accept or "application/json" not in accept
    return "text/html" in accept and _first_step(path) not in _OF_THE_API


def _file_response(file: _File, accepted: str) -> Response:
    headers = {**_SAFE, **_CLOSED, "Cache-Control": file.cache_control}
    content = file.plain
    if file.compressed:
        headers["Vary"] = "Accept-Encoding"
        coding = next((each for each in file.compressed if each in _codings(accepted)), None)
        if coding is not None:
            headers["Content-Encoding"] = coding
            content = file.compressed[coding]
    return Response(content, 200, headers, file.content_type)


def _codings(accepted: str) -> set[str]:
    """The content codings of an Accept-Encoding header but those with q=0."""
    codings = set()
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if weight.replace(" ", "").rstrip("0").rstrip(".") not in ("q=", "q=0"):
            codings.add(coding.strip())
    return codings


def _page_response(page: str, *, embeddable: bool) -> Response:
    nonce = secrets.token_urlsafe(16)
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": f"'self' 'nonce-{nonce}'",
        "img-src": "'self' data: blob:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "*" if embeddable else "'none'",
    }
    headers = {
        **_SAFE,
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "Cache-Control": "no-cache",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if not embeddable:
        headers["X-Frame-Options"] = "DENY"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return HTMLResponse(page.replace(_NONCE, nonce), 200, headers)
