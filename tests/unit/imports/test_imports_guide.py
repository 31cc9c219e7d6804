"""The worked example of docs/guides/imports.md is true."""

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import Final

from justpaid.imports import ColumnMapping, RowReader, RowRejected, suggest

GUIDE: Final = (Path(__file__).parents[3] / "docs" / "guides" / "imports.md").read_text()


def test_the_rows_become_what_the_table_says() -> None:
    example = re.search(r"```csv\n(.*?)```", GUIDE, re.DOTALL)
    assert example is not None
    columns, *rows = csv.reader(StringIO(example[1]))
    command = re.search(r"justpaid events import usage.csv (.*?)--preview", GUIDE, re.DOTALL)
    assert command is not None
    given = dict(pair.split("=") for pair in re.findall(r"--map (\S+)", command[1]))
    values = dict(pair.split("=") for pair in re.findall(r"--set (\S+)", command[1]))
    zone = re.findall(r"--timezone (\S+)", command[1])[0]
    suggested = suggest(columns, [[row[place]] for place in range(len(columns)) for row in rows[:1]], "UTC").columns
    free = {target: name for target, name in suggested.items() if name not in given.values()}
    reader = RowReader(ColumnMapping({**free, **given}, values, zone), columns, "0" * 64)
    told = re.findall(r"^\| (\d) \| `(.*)` \|$", GUIDE, re.MULTILINE)
    assert len(told) == len(rows)
    for number, expected in told:
        assert _became(reader, int(number), rows[int(number) - 1]) == expected


def _became(reader: RowReader, number: int, row: list[str]) -> str:
    try:
        event = json.loads(reader.event(number, row))
    except RowRejected as error:
        return error.code
    del event["id"]
    return json.dumps(event)
