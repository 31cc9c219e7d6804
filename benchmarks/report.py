"""Results as a table for people and as JSON for later; a benchmark whose check fails exits 1."""

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.machine import facts

_HERE: Final = Path(__file__).parent
#: Wide where nobody's terminal tells how wide it is.
console: Final = Console(width=None if sys.stdout.isatty() else 150)


@dataclass(slots=True)
class Report:
    """`failures` are results that are wrong (exit 1); `goals` say of each published goal whether it was met."""

    name: str
    machine: dict[str, Any]
    options: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict)
    goals: dict[str, bool] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def check(self, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.failures.append(f"{what}: {found} instead of {expected}")

    def goal(self, what: str, met: bool) -> None:
        self.goals[what] = met

    def finish(self) -> int:
        """Print what is left to say, write the JSON, and give the exit code."""
        for what, met in self.goals.items():
            console.print(f"  {'[green]met   [/]' if met else '[yellow]missed[/]'} {what}")
        for failure in self.failures:
            console.print(f"[bold red]wrong[/] {failure}")
        folder = _HERE / "results"
        folder.mkdir(exist_ok=True)
        told = {name: getattr(self, name) for name in self.__slots__}
        (folder / f"{self.name}.json").write_text(json.dumps(told, indent=2, default=str) + "\n")
        console.print(f"[dim]{len(self.failures)} checks failed. JSON: benchmarks/results/{self.name}.json[/]")
        return 1 if self.failures else 0


@contextmanager
def benchmark(name: str, options: dict[str, Any]) -> Iterator[tuple[Report, Path]]:
    """A report and an empty folder for data, which goes at the end. On a real disk: /tmp may be memory."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # so that servers and data go, too
    base = Path(options.get("work") or _HERE / ".work")
    base.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    try:
        yield Report(name, facts(work), options), work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def print_table(title: str, rows: Sequence[dict[str, Any]]) -> None:
    """One column a key of the first row."""
    table = Table(title=title, title_justify="left")
    for position, name in enumerate(rows[0]):
        table.add_column(name, justify="left" if position == 0 else "right")
    for row in rows:
        table.add_row(*(_text(row.get(name)) for name in rows[0]))
    console.print(table)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, float) else str(value)
