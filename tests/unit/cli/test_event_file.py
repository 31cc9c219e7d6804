"""Every form of an events file gives the same events, byte for byte."""

import io
import json

import pytest

from justpaid.cli.event_file import FileEvent, read_file, with_id
from justpaid.cli.failures import CommandFailed

A = b'{"customer_id":"a","event":"x","quantity":1.10}'
B = b'{"customer_id":"b","event":"x","quantity":1e-7}'


@pytest.mark.parametrize(
    ("form", "text", "places"),
    [
        ("ndjson", A + b"\n" + B + b"\n", ["line 1", "line 2"]),
        ("ndjson with blank lines and CRLF", b"\n" + A + b"\r\n\r\n" + B, ["line 2", "line 4"]),
        ("ndjson with a byte order mark", b"\xef\xbb\xbf" + A + b"\n" + B, ["line 1", "line 2"]),
        ("array", b"[" + A + b"," + B + b"]", ["event 1", "event 2"]),
        ("array over lines", b"[\n" + A + b",\n" + B + b"\n]\n", ["event 1", "event 2"]),
        ("wrapped", b'{"events": [' + A + b", " + B + b"]}", ["event 1", "event 2"]),
        ("wrapped over lines", b'{\n"events": [\n' + A + b",\n" + B + b"\n]\n}", ["event 1", "event 2"]),
    ],
)
def test_forms(form: str, text: bytes, places: list[str]) -> None:
    events = list(read_file(io.BytesIO(text)))
    assert events == [FileEvent(places[0], A), FileEvent(places[1], B)], form


def test_one_event_over_several_lines_becomes_one_line() -> None:
    [event] = read_file(io.BytesIO(b'{"customer_id": "a",\r\n "event": "x"}\n'))
    assert b"\n" not in event.raw
    assert json.loads(event.raw) == {"customer_id": "a", "event": "x"}


def test_an_empty_file_has_no_events() -> None:
    assert list(read_file(io.BytesIO(b"\n \n"))) == []


def test_a_bad_line_is_left_for_the_server_to_refuse() -> None:
    assert [event.raw for event in read_file(io.BytesIO(A + b"\n{oops\n" + B))] == [A, b"{oops", B]


def test_ndjson_is_read_as_it_comes() -> None:
    file = io.BytesIO(A + b"\n" + B + b"\n")
    next(read_file(file))
    assert file.tell() == len(A) + 1


@pytest.mark.parametrize("text", [b"hello", b"{", b"[1,", b'{"events": 3}', b'{"events": [], "more": 1}', b"\xff{"])
def test_what_is_no_events_file(text: bytes) -> None:
    with pytest.raises(CommandFailed, match="NDJSON"):
        list(read_file(io.BytesIO(text)))


@pytest.mark.parametrize("raw", [b'{"event":"x"}', b'{ "event" : "x" }', b"{}", b'{"id":null,"event":"x"}'])
def test_an_event_without_id_gets_one(raw: bytes) -> None:
    given = json.loads(with_id(FileEvent("line 1", raw)).raw)
    again = json.loads(with_id(FileEvent("line 1", raw)).raw)
    if "id" not in json.loads(raw):
        assert given["id"].startswith("evt_")
        assert given["id"] != again["id"]
    assert {**given, "id": None} == {"id": None, **json.loads(raw)}


@pytest.mark.parametrize("raw", [b'{"event":"x","id":"e-1"}', b"{oops", b"[1]", b'{"id":7}'])
def test_others_stay_as_they_are(raw: bytes) -> None:
    assert with_id(FileEvent("line 1", raw)).raw == raw
