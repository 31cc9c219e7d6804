"""The web UI as it is served: where its page is and where it never is, caching, compression, and the page's policy."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.api import create_app
from tests.contract.conftest import TestInstallation

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGE = '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><div id="root"></div>'
PORTAL_PAGE = PAGE.replace("<meta", "<title>Portal</title><meta")
SCRIPT = b"console.log('the overview');" * 100


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder as `make web` leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text("{}")
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "portal.html").write_text(PORTAL_PAGE)
    (tmp_path / "embed.js").write_bytes(b"embed()")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    (tmp_path / "assets" / "index-1a2b.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "index-1a2b.js.gz").write_bytes(gzip.compress(SCRIPT))
    (tmp_path / "assets" / "index-1a2b.js.br").write_bytes(b"as brotli")
    (tmp_path / "assets" / "inter.woff2").write_bytes(b"font")
    return tmp_path


@pytest.fixture
def app(installation: TestInstallation, build: Path) -> FastAPI:
    return create_app(installation, web=build)


def policy(headers: Mapping[str, str]) -> dict[str, str]:
    directives = [each.partition(" ") for each in headers["content-security-policy"].split("; ")]
    return {name: sources for name, _, sources in directives}


@pytest.mark.parametrize("path", ["/", "/customers", "/customers/acme", "/sign-in", "/portal", "/invoices/INV-1.2"])
def test_every_address_of_the_ui_is_its_page(anonymous: TestClient, path: str) -> None:
    response = anonymous.get(path, headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<div id="root">' in response.text
    assert response.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/customers", "/docs", "/redoc", "/metrics"])
def test_no_address_of_the_api_is_the_page(anonymous: TestClient, path: str) -> None:
    response = anonymous.get(path, headers=BROWSER)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.status_code in (401, 404)


@pytest.mark.parametrize("path", ["/openapi.json", "/healthz"])
def test_the_apis_own_answers_stay(anonymous: TestClient, path: str) -> None:
    response = anonymous.get(path, headers=BROWSER)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")


def test_the_root_is_the_page_but_for_who_asks_for_json(anonymous: TestClient) -> None:
    assert '<div id="root">' in anonymous.get("/").text
    assert anonymous.get("/", headers={"Accept": "application/json"}).json()["name"] == "JustPaid"
    assert anonymous.head("/").headers["content-type"] == "text/html; charset=utf-8"


def test_a_program_that_mistypes_an_address_gets_a_problem_and_not_the_page(anonymous: TestClient) -> None:
    assert anonymous.get("/customers").json()["code"] == "not_found"
    assert anonymous.post("/customers", headers=BROWSER).json()["code"] == "not_found"
    assert anonymous.get("/assets/old-9f9f.js").json()["code"] == "not_found"


def test_scripts_are_files_and_each_page_load_has_a_nonce_for_styles(anonymous: TestClient) -> None:
    first, second = (anonymous.get("/", headers=BROWSER) for _ in range(2))
    rules = policy(first.headers)
    nonce = re.search(r'nonce="([^"]+)"', first.text)
    assert nonce is not None
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert rules["style-src"] == f"'self' 'nonce-{nonce[1]}'"
    assert first.text != second.text
    assert "unsafe" not in first.headers["content-security-policy"]


def test_only_the_portal_may_stand_in_a_frame(anonymous: TestClient) -> None:
    dashboard, portal = (anonymous.get(path, headers=BROWSER).headers for path in ("/portals", "/portal"))
    assert (policy(dashboard)["frame-ancestors"], dashboard["x-frame-options"]) == ("'none'", "DENY")
    assert (policy(portal)["frame-ancestors"], portal.get("x-frame-options")) == ("*", None)
    for headers in (dashboard, portal):
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize("path", ["/portal", "/portal/invoices/inv_1"])
def test_the_portal_has_a_page_of_its_own(anonymous: TestClient, path: str) -> None:
    assert "<title>Portal</title>" in anonymous.get(path, headers=BROWSER).text
    assert "<title>Portal</title>" not in anonymous.get("/portals", headers=BROWSER).text
    assert anonymous.get("/portal.html").status_code == 404


def test_other_sites_load_the_embedding_script(anonymous: TestClient) -> None:
    response = anonymous.get("/embed.js")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert response.headers["cache-control"] == "public, max-age=3600"
    assert "cross-origin-resource-policy" not in response.headers


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [
        ("gzip, deflate, br", "br", b"as brotli"),
        ("gzip", "gzip", SCRIPT),
        ("br;q=0, gzip", "gzip", SCRIPT),
        ("br;q=0.0, gzip;q=0.5", "gzip", SCRIPT),
        ("identity", None, SCRIPT),
        ("", None, SCRIPT),
    ],
)
def test_assets_come_as_the_browser_can_read_them(
    anonymous: TestClient, accepted: str, coding: str | None, body: bytes
) -> None:
    with anonymous.stream("GET", "/assets/index-1a2b.js", headers={"Accept-Encoding": accepted}) as response:
        raw = b"".join(response.iter_raw())
    assert response.headers.get("content-encoding") == coding
    assert (gzip.decompress(raw) if coding == "gzip" else raw) == body
    assert response.headers["vary"] == "Accept-Encoding"
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"


def test_assets_are_kept_for_ever_and_other_files_are_not(anonymous: TestClient) -> None:
    kept = anonymous.get("/assets/inter.woff2").headers
    assert (kept["cache-control"], kept["content-type"]) == ("public, max-age=31536000, immutable", "font/woff2")
    assert anonymous.get("/favicon.svg").headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize(
    "path", ["/assets/../../../etc/passwd", "/assets/%2e%2e/index.html", "/.vite/manifest.json", "/assets"]
)
def test_nothing_but_the_files_of_the_build_can_be_named(anonymous: TestClient, path: str) -> None:
    assert anonymous.get(path).json()["code"] == "not_found"


def test_a_server_without_the_ui_says_so_in_words(installation: TestInstallation, tmp_path: Path) -> None:
    bare = TestClient(create_app(installation, web=tmp_path / "nowhere"))
    response = bare.get("/", headers=BROWSER)
    assert response.status_code == 404
    assert "make web" in response.text
    assert bare.get("/").json()["name"] == "JustPaid"
