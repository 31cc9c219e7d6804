"""Make docs/images/demo.svg: run `justpaid demo` in a real terminal, and draw what it shows after its first minute.

Usage: .venv/bin/python tools/picture_of_demo.py
"""

import io
import os
import pty
import select
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

SECONDS = 45
COLUMNS = "92"
IMAGE = Path(__file__).parent.parent / "docs" / "images" / "demo.svg"


def record(data_dir: str) -> str:
    """All that the demo writes to a terminal in its first moments."""
    child, terminal = pty.fork()
    if child == 0:
        environment = os.environ | {
            "JUSTPAID_DATA_DIR": data_dir,
            "JUSTPAID_PORT": "8787",
            "COLUMNS": COLUMNS,
            "LINES": "60",
            "TERM": "xterm-256color",
        }
        os.execvpe(sys.executable, [sys.executable, "-c", "from justpaid.cli import main; main()", "demo"], environment)
    written = b""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                written += os.read(terminal, 65536)
            except OSError:
                break
    os.kill(child, signal.SIGINT)
    while True:
        try:
            if not os.read(terminal, 65536):
                break
        except OSError:
            break
    os.waitpid(child, 0)
    return written.decode()


def as_shown(written: str) -> list[str]:
    """The lines as they stand in the end: a redrawn part replaces what it was drawn over."""
    lines: list[str] = [""]
    row = 0
    for line in written.replace("\r\n", "\n").split("\n"):
        parts = line.split("\x1b[1A\x1b[2K")
        for part_number, part in enumerate(parts):
            if part_number:
                row = max(0, row - 1)
                lines[row] = ""
            last = part.split("\r")[-1].replace("\x1b[2K", "").replace("\x1b[?25l", "").replace("\x1b[?25h", "")
            lines[row] = last if "\r" in part else lines[row] + last
        row += 1
        if row == len(lines):
            lines.append("")
    return lines[:row]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = as_shown(record(folder))
    console = Console(record=True, width=int(COLUMNS), file=io.StringIO(), force_terminal=True)
    console.print("$ make demo", style="bold")
    for line in lines:
        console.print(Text.from_ansi(line.replace(folder, "./data".ljust(len(folder)))))
    IMAGE.parent.mkdir(parents=True, exist_ok=True)
    console.save_svg(str(IMAGE), title="make demo")


if __name__ == "__main__":
    main()
