"""`justpaid events tail`: frames as they come, a line each."""

import json
import time

import pytest
from rich.console import Console

from justpaid.cli.tail import read_frames, show
from tests.unit.cli.conftest import Run, Stub

EVENT = {
    "id": "e1",
    "sequence": 7,
    "customer_id": "acme",
    "event": "completion",
    "timestamp": "2026-04-17T15:19:02.847Z",
    "quantity": "1",
    "properties": {"region": "eu", "tokens": 1847, "model": "gpt-4o"},
}


def test_frames_are_told_from_comments_and_other_fields() -> None:
    text = ": connected\n\nevent: usage\nid: 7\ndata: {}\n\n: still here\n\ndata: a\ndata: b\n\nevent: lost\n\n"
    assert list(read_frames(iter(text.split("\n")))) == [("usage", "{}"), ("message", "a\nb")]


@pytest.mark.parametrize("timestamp", ["2026-04-17T15:19:02.847Z", 1776439142847000])
def test_a_line_shows_time_customer_event_and_what_tells_most_first(
    timestamp: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        console = Console(width=200, highlight=False)
        with console.capture() as shown:
            show(console, EVENT | {"timestamp": timestamp})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert shown.get().split() == [
        "00:19:02.847", "acme", "completion", "1", "model=gpt-4o", "tokens=1847", "region=eu",
    ]  # fmt: skip


def test_events_are_asked_for_by_customer_and_name_and_given_as_sent(run: Run, stub: Stub) -> None:
    exact = b'{"customer_id":"acme","quantity":"1","properties":{"share":0.1000000000000000055}}'
    stub.answer(200, b": connected\n\nevent: usage\nid: 7\ndata: " + exact + b"\n\n")
    result = run("events", "tail", "--customer", "acme", "--event", "completion", "-n", "1", "--json")
    assert (result.exit_code, result.stdout) == (0, exact.decode() + "\n")
    assert stub.asked[0].path == "/v1/events/stream?customer_id=acme&event=completion"


def test_lost_events_are_counted_aside(run: Run, stub: Stub) -> None:
    frames = 'event: lost\ndata: {"count":12}\n\nevent: usage\ndata: ' + json.dumps(EVENT) + "\n\n"
    stub.answer(200, frames.encode())
    result = run("events", "tail", "-n", "1", "--json")
    assert "12 events were left out" in result.stderr
    assert json.loads(result.stdout)["id"] == "e1"


def test_a_connection_that_ends_is_made_again(run: Run, stub: Stub) -> None:
    frame = b"event: usage\ndata: " + json.dumps(EVENT).encode() + b"\n\n"
    stub.answer(200, frame).answer(200, {"status": "ok"}).answer(200, frame)
    result = run("events", "tail", "-n", "2", "--json")
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)
    assert [asked.path for asked in stub.asked] == ["/v1/events/stream", "/healthz", "/v1/events/stream"]
    assert "connecting again" in result.stderr


def test_a_refused_key_ends_it(run: Run, stub: Stub) -> None:
    stub.problem(401, "This API key is unknown.")
    result = run("events", "tail")
    assert (result.exit_code, result.stderr) == (4, "Error: This API key is unknown.\n")
