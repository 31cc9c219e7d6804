"""The file of rows that were not taken, each with its reason: to be corrected and imported again."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from justpaid.kernel.spreadsheets import as_text, rows_as_csv

_NUMBER: Final = re.compile(r"[+-]?[0-9.]+")


class RejectedRows:
    """Written from `length` on, which is what the last stored batch left: what came after it is cut off.

    The rows' own cells come first, under their own names, then `row` (from 1), `error_code` and `error`.
    """

    def __init__(self, path: Path, columns: Sequence[str], length: int) -> None:
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(length)
        self._file.seek(length)
        self._width = len(columns)
        self._header = [*map(as_text, columns), "row", "error_code", "error"]

    def add(self, number: int, cells: Sequence[str], code: str, message: str) -> None:
        rows = [] if self._file.tell() else [self._header]
        own = [*map(_cell, cells[: self._width]), *[""] * (self._width - len(cells))]
        rows.append([*own, str(number), code, as_text(message)])
        self._file.write(rows_as_csv(rows).encode())

    def flush(self) -> int:
        """Put on disk what was added; the file's length by now."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def _cell(text: str) -> str:
    """A number stays one, so that a corrected file can be imported; no other text may start a formula."""
    return text if _NUMBER.fullmatch(text) else as_text(text)
