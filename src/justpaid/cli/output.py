"""The two consoles, and JSON on standard output."""

import json
from typing import Any

from rich.console import Console


def answers() -> Console:
    """Standard output. Made anew each time: what standard output is may change, in tests and by redirection."""
    return Console(highlight=False)


def errors() -> Console:
    """Standard error."""
    return Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on one line, whatever the terminal's width."""
    print(json.dumps(value, ensure_ascii=False), flush=True)  # noqa: T201 (the answer itself)
