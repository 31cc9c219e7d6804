"""A file of events, as events one by one, each still the bytes that the file has (so that no number changes).

It is NDJSON, an array, `{"events": [...]}` or a single event; which one shows in its beginning. NDJSON is read as it
comes, so that a file of any size, or a pipe that stays open, takes little memory.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import IO, Final

import msgspec

from justpaid.cli.failures import CommandFailed
from justpaid.kernel.ids import new_id

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class FileEvent:
    """`place` is where a person finds it, from 1: "line 18" of NDJSON, "event 18" of an array."""

    place: str
    raw: bytes


class _Id(msgspec.Struct):
    id: msgspec.Raw | None = None


class _Wrapped(msgspec.Struct, forbid_unknown_fields=True):
    events: list[msgspec.Raw]


def read_file(file: IO[bytes]) -> Iterator[FileEvent]:
    """Raises: CommandFailed if it is no JSON of a known form. A bad line of NDJSON is left to the server to refuse."""
    lines = iter(file)
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        first = line.removeprefix(_BYTE_ORDER_MARK).strip() if number == 1 else line.strip()
        if not first:
            continue
        if _is_event(first):
            return _lines(chain([(number, first)], numbered))
        return _elements(_document(b"\n".join([first, *(rest for _, rest in numbered)])))
    return iter(())


def with_id(event: FileEvent) -> FileEvent:
    """The event with a new id where it has none: only by an id is a repeated request recognised and counted once."""
    try:
        if msgspec.json.decode(event.raw, type=_Id).id is not None:
            return event
        fields = event.raw.strip()[1:].lstrip()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return event  # for the server to refuse, with its reason
    comma = b"" if fields.startswith(b"}") else b","
    return FileEvent(event.place, b'{"id":"%b"%b%b' % (new_id("evt").encode(), comma, fields))


def _is_event(line: bytes) -> bool:
    """Whether the line is an object of its own that is not a wrapper of events."""
    try:
        return line[:1] == b"{" and "events" not in msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False


def _lines(numbered: Iterable[tuple[int, bytes]]) -> Iterator[FileEvent]:
    for number, line in numbered:
        if stripped := line.strip():
            yield FileEvent(f"line {number}", stripped)


def _document(text: bytes) -> list[msgspec.Raw]:
    try:
        if text[:1] == b"[":
            return msgspec.json.decode(text, type=list[msgspec.Raw])
        if "events" in msgspec.json.decode(text, type=dict[str, msgspec.Raw]):
            return msgspec.json.decode(text, type=_Wrapped).events
        return [msgspec.Raw(text)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CommandFailed(
            f"The file is not JSON of a known form ({error}). It has to be an event a line (NDJSON), an array of "
            'events, {"events": [...]}, or a single event.'
        ) from None


def _elements(events: list[msgspec.Raw]) -> Iterator[FileEvent]:
    for place, raw in enumerate(events, start=1):
        # JSON has line ends only between its tokens, never inside one.
        yield FileEvent(f"event {place}", bytes(raw).replace(b"\n", b" ").replace(b"\r", b" "))
