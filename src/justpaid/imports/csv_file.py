"""Reading a CSV file of unknown making: its encoding, its delimiter, its header, its rows."""

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from justpaid.kernel.errors import InvalidRequest

MOST_COLUMNS: Final = 500
SAMPLES: Final = 3
_DELIMITERS: Final = (",", ";", "\t", "|")
_LOOKED_AT: Final = 50
_PIECE: Final = 1 << 20
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    encoding: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a file: `samples` by column, `rows` without the header."""

    layout: Layout
    columns: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    rows: int


def examine(path: Path) -> Found:
    """Raises: InvalidRequest for a file that is no CSV with a header row and at least one more."""
    encoding = _encoding_of(path)
    layout = Layout(encoding, _delimiter_of(path, encoding))
    try:
        columns = columns_of(path, layout)
        first = list(islice(rows_of(path, layout), _LOOKED_AT))
        count = sum(1 for _ in rows_of(path, layout))
    except csv.Error as error:
        raise InvalidRequest.of("file", f"is no CSV that can be read: {error}") from None
    if not count:
        raise InvalidRequest.of("file", "has no rows under its header; the first row names the columns")
    samples = [list(dict.fromkeys(cell for row in first if (cell := _cell(row, n))))[:SAMPLES] for n in _range(columns)]
    return Found(layout, columns, tuple(map(tuple, samples)), count)


def columns_of(path: Path, layout: Layout) -> tuple[str, ...]:
    """The names in the header row; those that are missing or there already get a number."""
    with _opened(path, layout) as file:
        header = next(csv.reader(file, delimiter=layout.delimiter, strict=True), [])
    if not any(cell.strip() for cell in header):
        raise InvalidRequest.of("file", "is empty; the first row names the columns")
    if len(header) > MOST_COLUMNS:
        raise InvalidRequest.of("file", f"has {len(header)} columns, more than {MOST_COLUMNS}")
    names: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = cell.strip()[:255] or f"column {place}"
        names.append(name if name not in names else f"{name} ({place})")
    return tuple(names)


def rows_of(path: Path, layout: Layout, *, skip: int = 0) -> Iterator[list[str]]:
    """The cells of each row under the header, as they are; rows without any cell are no rows.  Raises: csv.Error."""
    with _opened(path, layout) as file:
        rows = csv.reader(file, delimiter=layout.delimiter, strict=True)
        next(rows, None)
        yield from islice((row for row in rows if row), skip, None)


def _opened(path: Path, layout: Layout) -> TextIO:
    return path.open(encoding=layout.encoding, newline="")


def _encoding_of(path: Path) -> str:
    """By the byte order mark; else UTF-8 if the whole file is that, else what Windows writes."""
    with path.open("rb") as file:
        start = file.read(4)
        for mark, encoding in _MARKS:
            if start.startswith(mark):
                return encoding
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "latin-1" if _has_undefined(path) else "cp1252"
    return "utf-8"


def _has_undefined(path: Path) -> bool:
    """Whether it has one of the five bytes that mean nothing in Windows' code page."""
    with path.open("rb") as file:
        return any(byte in piece for piece in iter(lambda: file.read(_PIECE), b"") for byte in b"\x81\x8d\x8f\x90\x9d")


def _delimiter_of(path: Path, encoding: str) -> str:
    """The one that splits the first rows into the most columns, where they agree on how many."""

    def score(delimiter: str) -> tuple[int, int]:
        with _opened(path, Layout(encoding, delimiter)) as file:
            try:
                rows = list(islice(csv.reader(file, delimiter=delimiter), _LOOKED_AT))
            except (csv.Error, UnicodeError):
                return (0, 0)
        widths = [len(row) for row in rows if row]
        agreeing = sum(width == widths[0] for width in widths) if widths else 0
        return (widths[0] if widths and widths[0] > 1 and 2 * agreeing > len(widths) else 0, agreeing)

    return max(_DELIMITERS, key=score)


def _cell(row: list[str], place: int) -> str:
    return row[place][:100] if place < len(row) else ""


def _range(columns: tuple[str, ...]) -> range:
    return range(len(columns))
