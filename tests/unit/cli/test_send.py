"""`justpaid events send`: batches, receipts, patience and exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from justpaid.cli.client import Refused, Unreachable
from justpaid.cli.retries import patiently
from tests.unit.cli.conftest import Run, Stub


def receipt(accepted: int = 0, duplicates: int = 0, conflicts: int = 0, rejected: int = 0, *errors: Any) -> Any:
    counts = {"accepted": accepted, "duplicates": duplicates, "conflicts": conflicts, "rejected": rejected}
    return counts | {"errors": list(errors)}


def lines(count: int) -> bytes:
    return b"".join(b'{"id":"e%d","customer_id":"a","event":"x"}\n' % n for n in range(count))


def test_a_file_goes_in_batches_and_its_receipts_add_up(run: Run, stub: Stub, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(lines(2500))
    stub.answer(200, receipt(1000)).answer(200, receipt(900, 100)).answer(200, receipt(500))

    result = run("events", "send", str(file))

    assert (result.exit_code, result.stdout) == (0, "2400 accepted, 100 duplicates, 0 conflicts, 0 rejected\n")
    assert [len(asked.body.splitlines()) for asked in stub.asked] == [1000, 1000, 500]
    assert {asked.headers["Content-Type"] for asked in stub.asked} == {"application/x-ndjson"}
    assert {asked.headers["Authorization"] for asked in stub.asked} == {"Bearer sk_test_stub"}


def test_each_refused_event_is_named_by_its_place_in_the_file(run: Run, stub: Stub) -> None:
    error = {"index": 1, "id": "e3", "code": "invalid_timestamp", "message": "timestamp: has no offset"}
    stub.answer(200, receipt(2)).answer(200, receipt(1, 0, 0, 1, error))

    result = run("events", "send", "--batch", "2", "-", input=b"\n" + lines(4))

    assert result.exit_code == 1
    assert result.stdout == "3 accepted, 0 duplicates, 0 conflicts, 1 rejected\n"
    assert "line 5 (e3): invalid_timestamp: timestamp: has no offset" in result.stderr


def test_json_alone_is_on_standard_output(run: Run, stub: Stub) -> None:
    stub.answer(200, receipt(0, 0, 1, 0, {"index": 0, "id": "e0", "code": "conflict", "message": "m"}))
    result = run("events", "send", "--json", "-", input=lines(1))
    told = {"place": "line 1", "id": "e0", "code": "conflict", "message": "m"}
    assert json.loads(result.stdout) == receipt(0, 0, 1, 0, told)
    assert result.exit_code == 1


def test_a_busy_server_gets_the_same_events_again(run: Run, stub: Stub) -> None:
    stub.problem(503, "Too much waits.", Retry_After="0").answer(200, receipt(1))
    result = run("events", "send", "-", input=b'{"customer_id":"a","event":"x"}')
    assert result.exit_code == 0
    first, second = stub.asked
    assert first.body == second.body
    assert json.loads(first.body)["id"].startswith("evt_")


def test_what_was_not_sent_can_be_sent_later(run: Run, stub: Stub) -> None:
    stub.answer(200, receipt(2)).problem(413, "The body is larger than 10 bytes.")
    stopped = run("events", "send", "--batch", "2", "-", input=lines(5))
    assert (stopped.exit_code, stopped.stdout) == (1, "2 accepted, 0 duplicates, 0 conflicts, 0 rejected\n")
    assert "The body is larger than 10 bytes. 2 events were sent before; continue with --skip 2." in stopped.stderr

    stub.answers.clear()
    stub.answer(200, receipt(3))
    assert run("events", "send", "--skip", "2", "-", input=lines(5)).exit_code == 0
    assert [json.loads(line)["id"] for line in stub.asked[-1].body.splitlines()] == ["e2", "e3", "e4"]


def test_a_file_that_is_not_there(run: Run) -> None:
    result = run("events", "send", "/no/such/file")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "/no/such/file can't be read" in result.stderr


def unreachable() -> Unreachable:
    return Unreachable("http://x", OSError("refused"))


def busy(retry_after: str | None, status: int = 503) -> Refused:
    import httpx

    headers = {"Retry-After": retry_after} if retry_after else {}
    return Refused(httpx.Response(status, headers=headers, json={}, request=httpx.Request("GET", "http://x")))


@pytest.mark.parametrize(
    ("failures", "pauses"),
    [
        ([], []),
        ([busy("7")], [7.0]),
        ([busy(None), busy("soon")], [1.0, 1.0]),
        ([busy("2", 429)], [2.0]),
    ],
)
def test_a_retry_waits_as_long_as_the_server_says(failures: list[Refused], pauses: list[float]) -> None:
    assert waited(failures, retries=6) == pauses


def test_a_retry_waits_longer_each_time_where_the_server_says_nothing() -> None:
    pauses = waited([unreachable() for _ in range(7)], retries=7)
    plain = [0.25, 0.5, 1, 2, 4, 8, 10]
    assert all(0.8 * base <= pause <= 1.2 * base for pause, base in zip(pauses, plain, strict=True))


def test_patience_ends() -> None:
    with pytest.raises(Unreachable):
        waited([unreachable() for _ in range(3)], retries=2)


def test_what_a_retry_cannot_mend_is_not_retried() -> None:
    with pytest.raises(Refused):
        waited([busy(None, 422)], retries=5)


def waited(failures: list[Any], retries: int) -> list[float]:
    pauses: list[float] = []
    rest = iter(failures)

    def ask() -> None:
        for failure in rest:
            raise failure

    patiently(ask, retries, sleep=pauses.append)
    return pauses
