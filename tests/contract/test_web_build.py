"""What `make web` built: small enough, complete, and carried by the wheel to machines without Node."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from justpaid.api.web import BUILT
from tests.support.server import Server

ROOT: Final = Path(__file__).parents[2]
UV: Final = ROOT / ".boot" / "bin" / "uv"
OVERVIEW_BUDGET_BYTES: Final = 400_000
#: What the overview loads: the page's entry, the frame, the page itself and its chart.
OVERVIEW: Final = (
    "index.html",
    "src/app/shell/Shell.tsx",
    "src/features/overview/OverviewPage.tsx",
    "src/components/TimeChartDrawing.tsx",
)


def loaded(manifest: dict[str, Any], entries: Iterator[str]) -> set[str]:
    """The files that these modules load, with all that they import."""
    files: set[str] = set()
    waiting = list(entries)
    while waiting:
        chunk = manifest[waiting.pop()]
        if chunk["file"] not in files:
            files.add(chunk["file"])
            waiting += chunk.get("imports", [])
    return files


@pytest.mark.parametrize("suffix", [".br", ".gz"])
def test_the_overview_keeps_its_budget(suffix: str) -> None:
    manifest = json.loads((BUILT / ".vite" / "manifest.json").read_text())
    scripts = {file for file in loaded(manifest, iter(OVERVIEW)) if file.endswith(".js")}
    assert len(scripts) > 4
    sizes = {file: compressed_bytes(BUILT / file, suffix) for file in scripts}
    assert 100_000 < sum(sizes.values()) < OVERVIEW_BUDGET_BYTES, sizes


def compressed_bytes(file: Path, suffix: str) -> int:
    beside = file.with_name(file.name + suffix)
    return (beside if beside.is_file() else file).stat().st_size


def test_the_page_names_only_files_of_the_build_and_runs_nothing_inline() -> None:
    page = (BUILT / "index.html").read_text()
    assert "<script>" not in page
    assert "<style" not in page
    names = [part.split('"')[0] for part in page.replace('src="', 'href="').split('href="')[1:]]
    assert len(names) > 2
    assert [name for name in names if not (BUILT / name.lstrip("/")).is_file()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", folder], cwd=ROOT, check=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_the_ui(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    built = {f"justpaid/web/{file.relative_to(BUILT).as_posix()}" for file in BUILT.rglob("*") if file.is_file()}
    assert built - carried == set()


def test_an_installed_wheel_serves_the_ui_without_node(
    wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its dependencies are those of this environment; the package itself is the wheel's."""
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([UV, "pip", "install", "--quiet", "--no-deps", "--python", python, wheel], check=True)
    (own,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (dependencies,) = {path for path in sys.path if path.endswith("site-packages") and str(ROOT) in path}
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(own), dependencies]))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(sys, "executable", str(python))
    server = Server(tmp_path / "data").until_ready()
    try:
        page = httpx.get(f"{server.address}/", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert '<div id="root">' in page.text
        (script,) = (part.split('"')[0] for part in page.text.split('src="')[1:] if part.startswith("/assets/"))
        assert httpx.get(f"{server.address}{script}").headers["content-encoding"] in ("br", "gzip")
    finally:
        server.process.terminate()
        server.ended()
