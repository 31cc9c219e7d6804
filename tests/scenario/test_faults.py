"""What is around the product fails for a while: a full disk, the warehouse, PostgreSQL, the clock. Nothing
acknowledged is lost, nothing refused is kept by half, nothing counts twice, and all goes on by itself."""

import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from justpaid.ingest import Submission
from justpaid.kernel.period import Period
from justpaid.metering import Question, definition_of, find_meter
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.failpoints import arm
from tests.scenario.conftest import Books, Engines
from tests.support.server import Server, set_up

Start = Callable[..., Server]

BATCH = 20
PATIENCE_S = 60
JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
METER = {"key": "calls", "event": "call", "aggregation": "sum", "property": "quantity"}


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    arm("")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[Server] = []
    set_up(tmp_path / "data")

    def begin(**environment: str) -> Server:
        server = Server(tmp_path / "data", JUSTPAID_BILLING_INTERVAL_S="0", **environment)
        servers.append(server)
        return server.until_ready()

    yield begin
    for server in servers:
        server.process.kill()
        server.process.communicate()
        if (pid := server.postgres_pid()) is not None:
            os.kill(pid, signal.SIGQUIT)


def batch(number: int, **properties: str) -> list[dict[str, Any]]:
    at = "2026-01-15T00:00:00Z"
    return [
        {"id": f"evt-{number}-{n}", "customer_id": "acme", "event": "call", "timestamp": at, "properties": properties}
        for n in range(BATCH)
    ]


def send(client: httpx.Client, number: int, **properties: str) -> tuple[int, int, int]:
    """(status, accepted, duplicates). A refusal says when to come again."""
    response = client.post("/v1/events", json=batch(number, **properties))
    if response.status_code == 200:
        return 200, response.json()["accepted"], response.json()["duplicates"]
    assert int(response.headers["retry-after"]) >= 1, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return response.status_code, 0, 0


def send_until_kept(client: httpx.Client, number: int, **properties: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while send(client, number, **properties)[0] != 200:
        assert time.monotonic() < deadline, "it did not recover"
        time.sleep(0.1)


def counted(client: httpx.Client) -> int:
    """Usage of January; every standing check holds."""
    checks = client.get("/v1/checks").raise_for_status().json()
    assert checks["ok"], checks
    answer = client.get("/v1/usage", params={"meter": "calls", **JANUARY}).raise_for_status().json()
    return int(answer["data"][0]["value"])


def metering_of(client: httpx.Client) -> dict[str, Any]:
    status: dict[str, Any] = client.get("/v1/status").raise_for_status().json()["metering"]
    return status


@pytest.mark.parametrize("step", ["before_write", "before_sync", "after_sync"])
def test_writes_to_the_disk_fail_for_a_while(start: Start, step: str) -> None:
    """Events are refused as long as it lasts, and a retry is counted once, wherever the write had failed."""
    server = start(JUSTPAID_FAILPOINTS=f"journal.{step}=error*6")
    with server.client() as client:
        told = [send(client, number) for number in range(3)]
        assert 503 in [status for status, _, _ in told]
        assert client.get("/healthz").status_code == 200
        for number in range(12):
            send_until_kept(client, number)
        assert [send(client, number) for number in range(12)] == [(200, 0, BATCH)] * 12
        client.post("/v1/meters", json=METER).raise_for_status()
        assert counted(client) == 12 * BATCH


def test_the_warehouse_is_down_for_a_while(start: Start) -> None:
    server = start(JUSTPAID_FAILPOINTS="drain.before_events=error*3")
    with server.client() as client:
        client.post("/v1/meters", json=METER).raise_for_status()
        for number in range(10):
            assert send(client, number) == (200, BATCH, 0)
        assert client.get("/readyz").status_code == 200
        behind = metering_of(client)
        assert behind["lag_events"] == 10 * BATCH
        assert behind["backlog_bytes"] > 0
        assert 0 < behind["seconds_behind"] < PATIENCE_S
        assert counted(client) == 10 * BATCH  # the check waits until metering has caught up
        assert metering_of(client) == {"lag_events": 0, "backlog_bytes": 0, "seconds_behind": 0}


def test_a_backlog_at_its_limit_refuses_events_and_keeps_nothing_of_them(start: Start) -> None:
    limit = 1 << 20
    server = start(JUSTPAID_FAILPOINTS="drain.before_events=error*4", JUSTPAID_JOURNAL_BACKLOG_LIMIT_BYTES=str(limit))
    noise = random.Random(7)

    def text() -> str:
        return noise.randbytes(10_000).hex()  # 20 events with it: 400 kB, which compression halves

    with server.client() as client:
        client.post("/v1/meters", json=METER).raise_for_status()
        number, texts = 0, [text()]
        while send(client, number, noise=texts[number])[0] == 200:
            number += 1
            texts.append(text())
            assert number < 100, "it takes more than it may"
        assert client.get("/readyz").status_code == 200
        assert metering_of(client)["lag_events"] == number * BATCH
        assert limit < metering_of(client)["backlog_bytes"] < 2 * limit
        send_until_kept(client, number, noise=texts[number])
        assert send(client, number, noise=texts[number]) == (200, 0, BATCH)
        assert counted(client) == (number + 1) * BATCH


def test_the_warehouse_is_down_under_load(start: Start) -> None:
    """For five seconds, with three clients that send without a pause; `make soak` does it for a minute."""
    server = start(JUSTPAID_FAILPOINTS="drain.before_events=error*5", JUSTPAID_DRAIN_MAX_ROWS="500")
    stopping, sent = threading.Event(), [0, 0, 0]

    def load(lane: int) -> None:
        with server.client() as client:
            while not stopping.is_set():
                assert send(client, lane * 1_000_000 + sent[lane]) == (200, BATCH, 0)
                sent[lane] += 1

    with server.client() as client, ThreadPoolExecutor(3) as lanes:
        client.post("/v1/meters", json=METER).raise_for_status()
        loads = [lanes.submit(load, lane) for lane in range(3)]
        seen = []
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            seen.append(metering_of(client)["seconds_behind"])
            time.sleep(0.2)
        assert max(seen) > 2
        stopping.set()
        for each in loads:
            each.result()
        assert counted(client) == sum(sent) * BATCH
        assert metering_of(client)["lag_events"] == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 800 MB, with PostgreSQL, journal and warehouse on it."""
    folder = tmp_path / "data"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=800m", "none", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"needs the right to mount a file system: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, leave: int) -> Path:
    ballast = disk / "ballast"
    with ballast.open("ab") as file:
        while (free := shutil.disk_usage(disk).free) > leave:
            try:
                file.write(bytes(min(1 << 20, free - leave)))
                file.flush()
            except OSError:
                break
    return ballast


def test_the_disk_becomes_too_full_for_events(small_disk: Path, start: Start) -> None:
    """They are refused while there is room enough for all else to go on."""
    server = start()
    with server.client() as client:
        client.post("/v1/meters", json=METER).raise_for_status()
        assert send(client, 0) == (200, BATCH, 0)
        ballast = fill(small_disk, leave=300 << 20)
        assert send(client, 1) == (503, 0, 0)
        assert client.get("/readyz").status_code == 200
        client.post("/v1/customers", json={"external_id": "acme"}).raise_for_status()
        assert counted(client) == BATCH
        ballast.unlink()
        assert send(client, 1) == (200, BATCH, 0)
        assert counted(client) == 2 * BATCH


def test_the_disk_is_full_to_the_last_byte_while_events_flow(small_disk: Path, start: Start) -> None:
    """Without the limit that refuses events early. What is refused is not kept by half, and what was acknowledged is
    there when there is room again, whichever engine met the end of the disk."""
    server = start(JUSTPAID_MIN_FREE_DISK_BYTES="0")
    with server.client() as client:
        client.post("/v1/meters", json=METER).raise_for_status()
        kept: list[int] = []
        refused: list[int] = []
        ballast = small_disk / "ballast"
        for number in range(400):
            if number == 50:
                fill(small_disk, leave=1 << 20)
            status, accepted, _ = send(client, number, noise="x" * 2000)
            assert (status, accepted) in {(200, BATCH), (503, 0)}
            (kept if status == 200 else refused).append(number)
            if number > 50 and len(refused) > 20:
                break
            if number > 50:
                fill(small_disk, leave=0)
        assert len(kept) >= 50
        assert refused, "the disk never was full"
        ballast.unlink()
        until(lambda: client.get("/readyz").status_code == 200)
        for number in refused:
            send_until_kept(client, number, noise="x" * 2000)
        assert [send(client, number, noise="x" * 2000) for number in kept] == [(200, 0, BATCH)] * len(kept)
        until(lambda: metering_of(client)["lag_events"] == 0)
        assert counted(client) == (len(kept) + len(refused)) * BATCH


def test_postgres_is_killed_and_started_again(start: Start, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("pg")
    postgres = EmbeddedPostgres(folder)
    try:
        server = start(DATABASE_URL=postgres.start())
        with server.client() as client:
            client.post("/v1/meters", json=METER).raise_for_status()
            client.post("/v1/customers", json={"external_id": "acme"}).raise_for_status()
            assert send(client, 0) == (200, BATCH, 0)
            pid = int((folder / "data" / "postmaster.pid").read_text().split("\n")[0])
            os.kill(pid, signal.SIGQUIT)
            until(lambda: client.get("/readyz").status_code == 503)
            refused = client.get("/v1/customers")
            assert (refused.status_code, refused.json()["code"]) == (503, "engine_unavailable")
            assert "retry-after" in refused.headers
            # The key was seen moments ago: events need no database.
            assert send(client, 1) == (200, BATCH, 0)
            postgres = EmbeddedPostgres(folder)
            postgres.start()
            until(lambda: client.get("/readyz").status_code == 200)
            assert [c["external_id"] for c in client.get("/v1/customers").json()["data"]] == ["acme"]
            assert send(client, 2) == (200, BATCH, 0)
            assert counted(client) == 3 * BATCH
    finally:
        postgres.stop()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    "step",
    ["drain.before_events", "drain.after_events", "drain.after_mark", "rollup.before_insert", "rollup.after_insert"],
)
def test_a_step_of_the_drain_that_fails_twice_counts_once(books: Callable[..., Books], step: str) -> None:
    story = books()
    story.meter("calls", "sum", "quantity")
    story.customer("acme")
    story.use("acme", "2026-01-05", 5)
    story.check()
    arm(f"{step}=error*2")
    story.use("acme", "2026-01-06", 7)
    story.use("acme", "2026-01-07", 11)
    story.check()  # waits for metering; usage equals a recount of the events
    assert used(story) == 23


def used(books: Books) -> int:
    january = Period(books.at("2026-01-01"), books.at("2026-02-01"))
    with books.engines.database.tenant(books.organisation_id) as session:
        meter = definition_of(find_meter(session, "calls"))
    (quantity,) = books.engines.metering.usage(Question(meter, [january]))
    return int(quantity.value)


def test_a_slow_warehouse_slows_no_receipt(books: Callable[..., Books]) -> None:
    story = books()
    story.meter("calls", "sum", "quantity")
    story.customer("acme")
    arm("drain.before_events=delay:1")
    started_at = time.monotonic()
    for day in range(1, 21):
        story.use("acme", f"2026-01-{day:02}", day)
    assert time.monotonic() - started_at < 10  # one by one behind the warehouse they would take 20 s
    story.check()
    assert used(story) == 210


def test_the_clock_steps_back(books: Callable[..., Books]) -> None:
    """Jan 1 subscribe at 2 a call; Feb 1 bill 3 calls; the clock falls back to Jan 10; nothing is billed again, and
    4 calls that come late for January are on the next invoice, beside 5 of February."""
    story = books()
    story.today("2026-02-01 10:00")
    story.meter("calls", "sum", "quantity")
    story.plan("pro", {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": 2})
    story.customer("acme")
    story.subscribe("acme", "pro", "2026-01-01")
    story.use("acme", "2026-01-15", 3)
    assert story.bill("2026-02-01") == (1, 1)

    story.today("2026-01-10 10:00")
    story.use("acme", "2026-01-20", 4)  # late, and in this clock's future: a test organisation may
    assert story.bill("2026-02-01") == (0, 0)
    assert story.bill("2026-01-10") == (0, 0)
    assert story.invoices() == [("INV-000001", "2026-01-01", "2026-02-01", "6")]
    assert used(story) == 7  # in order of acceptance, whatever the clock said

    story.today("2026-03-01 10:00")
    story.use("acme", "2026-02-15", 5)
    assert story.bill("2026-03-01") == (1, 1)
    assert story.invoices()[1:] == [("INV-000002", "2026-02-01", "2026-03-01", "18")]
    assert story.lines("INV-000002") == [("calls", "5", "10"), (None, "1", "8")]


def test_a_retry_after_the_clock_stepped_back_is_a_duplicate(engines: Engines, books: Callable[..., Books]) -> None:
    """Also of an event without a timestamp, which got the server's time; and new ids do not repeat old ones."""
    story = books()

    def sent(*events: dict[str, Any]) -> tuple[int, int, list[str]]:
        submission = Submission(story.organisation_id, False, json.dumps(events).encode())
        receipt = engines.ingest.submit(submission).result(10)
        return receipt.accepted, receipt.duplicates, receipt.ids

    named = {"id": "evt-named", "customer_id": "acme", "event": "call"}
    unnamed = {"customer_id": "acme", "event": "call"}
    story.today("2026-02-01 10:00")
    first = sent(named, *[unnamed] * 50)
    story.today("2026-01-01 10:00")
    again = sent(named, *[unnamed] * 50)
    assert (first[:2], again[:2]) == ((51, 0), (50, 1))
    assert len({*first[2], *again[2]}) == 100
    story.check()
    # Time as the clock told it, order as it was.
    with engines.metering.snapshot():
        found = engines.metering.events.find(story.organisation_id, again[2][0])
        before = engines.metering.events.find(story.organisation_id, first[2][0])
    assert found is not None
    assert before is not None
    assert found.sequence > before.sequence
    assert found.received_at == datetime(2026, 1, 1, 10, tzinfo=UTC) < before.received_at
