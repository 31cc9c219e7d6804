"""CSV that spreadsheet programs open without running anything in it (RFC 4180, CRLF line ends)."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Final

#: What a spreadsheet program may take as the start of a formula.  Source: OWASP, "CSV Injection".
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_text(value: str) -> str:
    """The same text, with a leading apostrophe where a program would run it as a formula. Numbers need none."""
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA_STARTS) else value


def rows_as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Cells as they are: text from outside has to go through `as_text`."""
    out = StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    return out.getvalue()
