"""From a row to an event: every cell keeps its meaning, and what is wrong is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from justpaid.imports import ColumnMapping, Found, RowReader, RowRejected, examine, suggest
from justpaid.imports.mapping import check
from justpaid.kernel.errors import InvalidRequest

COLUMNS = ("account", "what", "when", "n", "model", "zip", "note")
MAPPING = ColumnMapping(
    {
        "customer_id": "account",
        "event": "what",
        "timestamp": "when",
        "quantity": "n",
        "properties.model": "model",
        "properties.zip": "zip",
        "properties.note": "note",
    }
)
DIGEST = "ab" * 32


def read(*cells: str, mapping: ColumnMapping = MAPPING, number: int = 7) -> dict[str, Any]:
    event = RowReader(mapping, COLUMNS, DIGEST).event(number, cells)
    return dict(json.loads(event, parse_float=str, parse_int=str))


def test_a_row_becomes_an_event() -> None:
    assert read(" acme ", "call", "2026-04-01T12:00:00+02:00", "1.50", "gpt-4o", "01234", "") == {
        "id": f"csv-{'ab' * 16}-7",
        "customer_id": "acme",
        "event": "call",
        "timestamp": "2026-04-01T12:00:00+02:00",
        "quantity": "1.50",
        "properties": {"model": "gpt-4o", "zip": "01234"},
    }


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1847", "1847"),
        ("-2.5", "-2.5"),
        ("0.000000000001", "1E-12"),
        ("007", '"007"'),
        ("+5", '"+5"'),
        ("1,5", '"1,5"'),
        ("1234567890123456", '"1234567890123456"'),
        ("1e5", '"1e5"'),
        ("NaN", '"NaN"'),
        ("true", '"true"'),
    ],
)
def test_only_what_surely_is_a_number_becomes_one(text: str, written: str) -> None:
    event = RowReader(MAPPING, COLUMNS, DIGEST).event(1, ["acme", "call", "", "", text])
    found = event.decode().partition('"properties":{"model":')[2].removesuffix("}}")
    assert found == written or (written == "1E-12" and float(found) == 1e-12)


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Europe/Berlin", "2026-04-01 12:00:00", "2026-04-01T12:00:00+02:00"),
        ("Europe/Berlin", "2026-01-01", "2026-01-01T00:00:00+01:00"),
        ("Europe/Berlin", "2026-04-01T12:00:00Z", "2026-04-01T12:00:00Z"),
        (None, "2026-04-01 12:00:00", "2026-04-01 12:00:00"),
        ("UTC", "2026-02-30", "2026-02-30"),
        ("UTC", "1775044800", "1775044800"),
    ],
)
def test_timestamps_without_an_offset_are_of_the_zone(zone: str | None, text: str, expected: str) -> None:
    mapping = ColumnMapping(MAPPING.columns, {}, zone)
    assert read("acme", "call", text, mapping=mapping)["timestamp"] == expected


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        (["", "call"], "missing_field"),
        (["acme", "  "], "missing_field"),
        (["acme"], "missing_field"),
        ([*["x"] * 7, "too much"], "too_many_cells"),
    ],
)
def test_a_row_that_is_none(cells: list[str], code: str) -> None:
    with pytest.raises(RowRejected) as refused:
        RowReader(MAPPING, COLUMNS, DIGEST).event(1, cells)
    assert refused.value.code == code


def test_values_stand_in_for_columns_and_a_mapped_id_has_to_be_there() -> None:
    mapping = ColumnMapping({"customer_id": "account", "id": "what"}, {"event": "api_call", "properties.source": "csv"})
    assert read("acme", "row-1", mapping=mapping) == {
        "id": "row-1",
        "customer_id": "acme",
        "event": "api_call",
        "properties": {"source": "csv"},
    }
    with pytest.raises(RowRejected):
        read("acme", "", mapping=mapping)


@pytest.mark.parametrize(
    ("mapping", "fields"),
    [
        (ColumnMapping({}), ["mapping.columns.customer_id", "mapping.columns.event"]),
        (ColumnMapping({"customer_id": "acount", "event": "what"}), ["mapping.columns.customer_id"]),
        (ColumnMapping({"customer_id": "account"}, {"event": "x", "colour": "red"}), ["mapping.values.colour"]),
        (ColumnMapping({"customer_id": "account", "event": "what"}, {"event": "x"}), ["mapping.values.event"]),
        (ColumnMapping({"customer_id": "account", "event": "what"}, {"id": "1"}), ["mapping.values.id"]),
        (
            ColumnMapping({"customer_id": "account", "event": "what", "properties.": "n"}),
            ["mapping.columns.properties."],
        ),
        (ColumnMapping({"customer_id": "account", "event": "what"}, {}, "Mars/Olympus"), ["mapping.timezone"]),
    ],
)
def test_a_mapping_that_makes_no_sense(mapping: ColumnMapping, fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(mapping, COLUMNS)
    assert [error.field for error in refused.value.errors] == fields


def test_a_mapping_is_suggested_by_names() -> None:
    columns = ["Event ID", "Customer", "event_type", "Created At", "Qty", "model", "properties.tokens"]
    samples = [["1"], ["acme"], ["call"], ["2026-04-01 12:00"], ["1"], ["m"], ["5"]]
    assert suggest(columns, samples, "Europe/Berlin") == ColumnMapping(
        {
            "id": "Event ID",
            "customer_id": "Customer",
            "event": "event_type",
            "timestamp": "Created At",
            "quantity": "Qty",
            "properties.model": "model",
            "properties.tokens": "properties.tokens",
        },
        {},
        "Europe/Berlin",
    )
    assert suggest(["user_id", "time"], [["ann"], ["2026-04-01T12:00Z"]], "UTC").timezone is None


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter", "columns", "rows"),
    [
        (b"a,b\n1,2\n3,4\n", "utf-8", ",", ("a", "b"), 2),
        (b"\xef\xbb\xbfa;b\r\n1,5;2\r\n", "utf-8-sig", ";", ("a", "b"), 1),
        ("a\tb\nä\t2".encode("utf-16"), "utf-16", "\t", ("a", "b"), 1),
        ("stra\xdfe|b\n1|2\n\n3|4\n".encode("cp1252"), "cp1252", "|", ("straße", "b"), 2),
        (b'a,b\n"1,\n""x""",2\n', "utf-8", ",", ("a", "b"), 1),
        (b"a\n1\n", "utf-8", ",", ("a",), 1),
        (b"a,,a\n1,2,3\n", "utf-8", ",", ("a", "column 2", "a (3)"), 1),
        (b"\x81,b\n1,2\n", "latin-1", ",", ("\x81", "b"), 1),
    ],
)
def test_files_of_many_makings(
    tmp_path: Path, content: bytes, encoding: str, delimiter: str, columns: tuple[str, ...], rows: int
) -> None:
    found: Found = examine(written(tmp_path, content))
    assert (found.layout.encoding, found.layout.delimiter) == (encoding, delimiter)
    assert (found.columns, found.rows) == (columns, rows)


@pytest.mark.parametrize("content", [b"\n\n", b"a,b\n", b'a,b\n"1,2\n', b"\n".join([b",".join([b"x"] * 600)] * 2)])
def test_what_is_no_file_of_rows(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        examine(written(tmp_path, content))
    assert [error.field for error in refused.value.errors] == ["file"]
