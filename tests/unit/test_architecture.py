"""The structure holds: imports point down, packages are entered by their front door, and the checks bite."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import justpaid

SOURCE = Path(justpaid.__file__).parent
ROOT = SOURCE.parent.parent
#: Packages that are collections of parts, each entered by its own name.
OPEN = {"kernel", "platform"}


def imports_of(file: Path) -> list[str]:
    tree = ast.parse(file.read_text())
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return names + [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]


def inner_imports(source: Path) -> list[str]:
    """Imports of another feature's inner modules, past its front door."""
    found = []
    for file in sorted(source.rglob("*.py")):
        own = file.relative_to(source).parts[0]
        for name in imports_of(file):
            parts = name.split(".")
            if parts[0] == "justpaid" and len(parts) > 2 and parts[1] not in OPEN | {own}:
                found.append(f"{file.relative_to(source)}: {name}")
    return found


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    command = [
        str(Path(sys.executable).parent / "lint-imports"),
        "--config",
        str(root / "pyproject.toml"),
        "--no-cache",
    ]
    return subprocess.run(
        command, cwd=root / "src", env={"PYTHONPATH": str(root / "src")}, capture_output=True, text=True
    )


def test_packages_are_entered_by_their_front_door() -> None:
    assert inner_imports(SOURCE) == []


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(SOURCE, tmp_path / "src" / "justpaid", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_a_planted_import_past_a_front_door_is_found(copy: Path) -> None:
    planted = copy / "src" / "justpaid" / "catalog" / "planted.py"
    planted.write_text("from justpaid.metering.tables import Meter\n")
    assert inner_imports(copy / "src" / "justpaid") == ["catalog/planted.py: justpaid.metering.tables"]


def test_a_planted_upward_import_breaks_the_contract(copy: Path) -> None:
    assert lint_imports(copy).returncode == 0
    (copy / "src" / "justpaid" / "kernel" / "planted.py").write_text("from justpaid.metering import Meter\n")
    broken = lint_imports(copy)
    assert broken.returncode != 0
    assert "justpaid.kernel.planted -> justpaid.metering" in broken.stdout
