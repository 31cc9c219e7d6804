"""The server as a process: how it starts, stops, is killed and comes back, and what it says about it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.server import KEY, Server


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def begin(*options: str, data_dir: Path = tmp_path / "data", **environment: str) -> Server:
        servers.append(Server(data_dir, *options, **environment))
        return servers[-1]

    yield begin
    for server in servers:
        server.process.kill()
        server.process.communicate()
    for pid in {server.postgres_pid() for server in servers} - {None}:
        if pid is not None and _runs(pid):
            os.kill(pid, signal.SIGQUIT)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_leaves_nothing_running_and_its_data_to_the_next(
    start: Callable[..., Server], number: signal.Signals
) -> None:
    first = start().until_ready()
    postgres = first.postgres_pid()
    assert postgres is not None
    with first.client() as client:
        assert client.get("/readyz").json() == {"status": "ready"}
        assert client.post("/v1/events", json=_event("e1")).json()["accepted"] == 1

    first.signal(number)
    code, said = first.ended()

    assert (code, first.postgres_pid(), _runs(postgres)) == (0, None, False), said
    with start().until_ready().client() as client:
        assert client.post("/v1/events", json=[_event("e1"), _event("e2")]).json()["duplicates"] == 1
        assert [key["name"] for key in client.get("/v1/api-keys").json()["data"]] == ["bootstrap"]


def test_a_killed_server_is_recovered_from_with_a_message(start: Callable[..., Server]) -> None:
    killed = start().until_ready()
    with killed.client() as client:
        assert client.post("/v1/events", json=[_event(f"e{n}") for n in range(500)]).json()["accepted"] == 500
    killed.signal(signal.SIGKILL)
    killed.ended()

    successor = start().until_ready()

    messages = {line["event"]: line for line in successor.log}
    assert messages["recovered a lock that its process left behind"]["pid"] == str(killed.process.pid)
    assert messages["adopting the PostgreSQL server of a predecessor"]["pid"] == successor.postgres_pid()
    with successor.client() as client:
        receipt = client.post("/v1/events", json=[_event(f"e{n}") for n in range(501)]).json()
    assert (receipt["duplicates"], receipt["accepted"]) == (500, 1)
    successor.signal(signal.SIGINT)
    assert successor.ended()[0] == 0
    assert successor.postgres_pid() is None


def test_a_second_server_over_the_same_data_is_refused(start: Callable[..., Server]) -> None:
    first = start().until_ready()

    code, said = start().ended()

    assert code == 3
    assert f"is in use by process {first.process.pid}" in said
    assert "JUSTPAID_DATA_DIR" in said
    with first.client() as client:
        assert client.get("/readyz").status_code == 200


def test_a_live_stream_does_not_hold_up_the_stop(start: Callable[..., Server]) -> None:
    server = start().until_ready()
    with server.client() as client, client.stream("GET", "/v1/events/stream") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith(":")
        server.signal(signal.SIGINT)
        assert [line for line in lines if line] == []
    code, said = server.ended()
    assert (code, "cut requests" in said) == (0, False), said


def test_a_second_signal_stops_at_once_and_takes_postgresql_along(start: Callable[..., Server]) -> None:
    server = start().until_ready()
    postgres = server.postgres_pid()
    assert postgres is not None
    connection = socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])))
    # A request whose body never comes, for the first signal to wait for.
    connection.sendall(f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n".encode())
    connection.sendall(b"Content-Type: application/json\r\nContent-Length: 10\r\n\r\n[")
    with server.client() as client:  # by its answer the request before it has been taken up as well
        assert client.get("/healthz").status_code == 200

    server.signal(signal.SIGINT)
    assert server.process.stderr is not None
    assert "a second Ctrl-C stops at once" in server.process.stderr.readline()
    server.signal(signal.SIGTERM)
    assert server.process.poll() is None, "one that follows at once is the same one, passed on by a parent"
    deadline = time.monotonic() + 10
    while server.process.poll() is None and time.monotonic() < deadline:
        server.signal(signal.SIGINT)
        time.sleep(0.1)

    code, said = server.ended()
    connection.close()
    assert (code, "the next start recovers" in said) == (130, True), said
    _await_end(postgres)


def test_a_taken_port_is_named_before_anything_starts(start: Callable[..., Server], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = start("--port", str(port)).ended()
    assert code == 3
    assert f"Port {port} on 127.0.0.1 is in use" in said
    assert "JUSTPAID_PORT" in said
    assert not (tmp_path / "data").exists()


def test_an_engine_that_fails_says_what_to_do_and_the_others_close(start: Callable[..., Server]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    failed = start(DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/nothing")
    code, said = failed.ended()
    assert (code, "Traceback" in said) == (3, False), said
    assert "Check DATABASE_URL" in said
    assert (failed.data_dir / "lock").read_text() == ""


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("JUSTPAID_PORT", "eighty", "JUSTPAID_PORT"),
        ("JUSTPAID_BOOTSTRAP_API_KEY", "pk_wrong", "JUSTPAID_BOOTSTRAP_API_KEY"),
        ("JUSTPAID_LOG_LEVEL", "loud", "JUSTPAID_LOG_LEVEL"),
    ],
)
def test_a_bad_setting_is_a_usage_error_that_names_it(
    start: Callable[..., Server], variable: str, value: str, named: str
) -> None:
    code, said = start(**{variable: value}).ended()
    assert (code, "Traceback" in said) == (2, False), said
    assert said.startswith(f"Error: {named}")
    assert value not in said or variable == "JUSTPAID_LOG_LEVEL"


def _event(event_id: str) -> dict[str, str]:
    return {"id": event_id, "customer_id": "cus_1", "event": "api_call", "timestamp": "2026-01-05T10:00:00Z"}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # of the user that PostgreSQL runs as
    return "Z" not in _state(pid)


def _state(pid: int) -> str:
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or "Z"


def _await_end(pid: int) -> None:
    """PostgreSQL ends on its own after our process has; nothing tells when."""
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, f"PostgreSQL {pid} still runs"
        time.sleep(0.05)
