"""`justpaid events import`: upload, mapping, progress, rejected rows and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Run, Stub

SUGGESTED = {
    "columns": {"customer_id": "customer", "timestamp": "time", "properties.model": "model", "properties.plan": "plan"},
    "values": {},
    "timezone": None,
}


def state(status: str, **more: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("accepted", "duplicates", "conflicts", "rejected", "rows_done"), 0)
    return {"id": "imp_1", "status": status, "rows": 2, "suggested_mapping": SUGGESTED, "error": None, **counts, **more}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "april.csv"
    path.write_text("customer,time,model,plan\na,b,c,d\n")
    return path


def test_a_file_is_uploaded_started_and_followed(
    run: Run, stub: Stub, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("justpaid.cli.imports._POLL_S", 0)
    stub.answer(201, state("uploaded")).answer(200, state("running")).answer(200, state("running", rows_done=1))
    stub.answer(200, state("completed", rows_done=2, accepted=2))
    result = run("events", "import", str(file), "--map", "event=plan", "--set", "properties.source=csv")
    assert (result.exit_code, result.stdout) == (0, "2 accepted, 0 duplicates, 0 conflicts, 0 rejected\n")
    upload, start, *polls = stub.asked
    assert (upload.path, upload.headers["Content-Type"]) == ("/v1/imports?filename=april.csv", "text/csv")
    assert upload.body == file.read_bytes()
    assert start.path == "/v1/imports/imp_1/start"
    assert start.json["mapping"] == {
        "columns": {"customer_id": "customer", "timestamp": "time", "properties.model": "model", "event": "plan"},
        "values": {"properties.source": "csv"},
        "timezone": None,
    }
    assert [poll.path for poll in polls] == ["/v1/imports/imp_1"] * 2


def test_what_was_not_taken_is_saved(run: Run, stub: Stub, file: Path) -> None:
    stub.answer(201, state("uploaded")).answer(200, state("running")).answer(200, state("completed", rejected=1))
    stub.answer(200, b"row,error\r\n1,bad\r\n")
    result = run("events", "import", str(file), "--set", "event=x", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["rejected"] == 1
    assert file.with_suffix(".rejected.csv").read_bytes() == b"row,error\r\n1,bad\r\n"
    assert "1 rows were not taken" in result.stderr


def test_a_preview_imports_nothing(run: Run, stub: Stub, file: Path) -> None:
    rows = [
        {"row": 1, "event": {"customer_id": "a", "event": "x", "properties": {"m": 1}}, "code": None, "message": None},
        {"row": 2, "event": None, "code": "missing_field", "message": "customer_id: is required [bold]"},
    ]
    stub.answer(201, state("uploaded")).answer(200, {"data": rows})
    result = run(
        "events", "import", str(file), "--only", "--map", "customer_id=customer", "--set", "event=x", "--preview"
    )
    assert result.exit_code == 0
    assert "customer_id ← column customer" in result.stdout
    assert "m=1" in result.stdout
    assert [asked.path for asked in stub.asked][1:] == ["/v1/imports/imp_1/preview"]
    assert stub.asked[1].json["mapping"]["columns"] == {"customer_id": "customer"}


@pytest.mark.parametrize("pair", ["customer_id", "=x", "x="])
def test_a_pair_that_is_none(run: Run, stub: Stub, file: Path, pair: str) -> None:
    stub.answer(201, state("uploaded"))
    assert run("events", "import", str(file), "--map", pair).exit_code == 2


def test_a_file_that_is_not_there(run: Run, stub: Stub, tmp_path: Path) -> None:
    stub.answer(201, state("uploaded"))
    result = run("events", "import", str(tmp_path / "none.csv"))
    assert (result.exit_code, stub.asked) == (2, [])
