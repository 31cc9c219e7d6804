"""Events stay as long as an invoice needs them, and when they have gone every answer says so or is still right."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from justpaid.invoicing import find_invoice, needed_from, verify
from justpaid.kernel.errors import EventsExpired
from tests.scenario.conftest import Books
from tests.support.server import KEY, Server, clean_environment

PROOF = timedelta(days=60)
METER = {"key": "calls", "event": "call", "aggregation": "sum", "property": "quantity"}
JANUARY = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


def needed(books: Books) -> str:
    with books.engines.database.system() as session:
        found = needed_from(session, books.engines.clock.now(), PROOF).get(books.organisation_id)
    return "nothing" if found is None else books.local(found)


def test_an_invoice_can_be_proved_until_its_proof_ends(books: Callable[..., Books]) -> None:
    """Jan 1 subscribe and cancel for Mar 1; billed Feb 1 and, as a draft, Mar 1; finalised Mar 10; proof is 60 days."""
    story = books()
    story.today("2026-01-01")
    story.meter("calls", "sum", "quantity")
    story.plan("pro", {"key": "calls", "model": "per_unit", "meter": "calls", "unit_amount": 2})
    story.customer("acme")
    story.subscribe("acme", "pro", "2026-01-01", end="2026-03-01")
    assert needed(story) == "2026-01-01"  # none of it is billed yet
    story.use("acme", "2026-01-15 10:00", 3)
    story.use("acme", "2026-02-15 10:00", 5)
    story.today("2026-02-01")
    assert story.bill("2026-02-01") == (1, 1)
    assert needed(story) == "2026-01-01"
    story.today("2026-03-01")
    assert story.bill("2026-03-01", finalize=False) == (1, 0)
    story.today("2026-04-20")
    assert needed(story) == "2026-02-01"  # the draft; the invoice of Feb 1 was proved long enough
    story.today("2026-03-10")
    story.bill("2026-03-01")
    story.today("2026-05-08")
    assert needed(story) == "2026-02-01"
    story.today("2026-05-10")
    assert needed(story) == "nothing"

    metering, organisation_id = story.engines.metering, story.organisation_id
    assert metering.expire({organisation_id: story.at("2026-02-01")}) == 1
    with story.engines.database.tenant(organisation_id) as session:
        with pytest.raises(EventsExpired, match="2026-02-01"):
            verify(session, metering, find_invoice(session, "INV-000001"))
        assert verify(session, metering, find_invoice(session, "INV-000002")).ok


def served(data: Path, **environment: str) -> Server:
    return Server(data, JUSTPAID_BILLING_INTERVAL_S="0", **environment).until_ready()


def stop(server: Server) -> None:
    server.signal(signal.SIGTERM)
    server.ended()


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def test_a_server_that_keeps_events_for_thirty_days(tmp_path: Path) -> None:
    at = "2026-01-15T10:03:27Z"
    old = [{"id": f"old-{n}", "customer_id": "acme", "event": "call", "timestamp": at} for n in range(7)]
    new = {"id": "new", "customer_id": "acme", "event": "call"}
    server = served(tmp_path / "data")
    try:
        with server.client() as client:
            client.post("/v1/meters", json=METER).raise_for_status()
            client.post("/v1/events", json=[*old, new]).raise_for_status()
            client.post("/v1/customers", json={"external_id": "acme"}).raise_for_status()
            assert client.get("/v1/checks").json()["ok"]
            assert stores(client)["events"]["rows"] == 8
        stop(server)
        server = served(tmp_path / "data", JUSTPAID_EVENTS_RETENTION_DAYS="30")
        with server.client() as client:
            until(lambda: client.get("/v1/events/old-1").status_code == 410)
            until(lambda: stores(client)["events"]["rows"] == 1)
            usage = client.get("/v1/usage", params={"meter": "calls", **JANUARY}).raise_for_status().json()
            assert usage["data"][0]["value"] == "7"
            assert client.get("/v1/checks").json()["ok"]
            assert client.post("/v1/events", json=old).json()["duplicates"] == 7
            gone = (410, "events_expired")
            cut = {**JANUARY, "from": "2026-01-01T00:00:01Z"}
            assert problem(client.get("/v1/usage", params={"meter": "calls", **cut})) == gone
            assert problem(client.get("/v1/unbilled", params=JANUARY)) == gone
            assert problem(client.get("/v1/events/old-1")) == gone
            assert problem(client.post("/v1/events/old-1/void")) == gone
            client.post("/v1/plans", json=PLAN).raise_for_status()
            backdated = client.post(
                "/v1/subscriptions", json={"customer_id": "acme", "plan": "pro", "start_at": JANUARY["from"]}
            )
            assert backdated.status_code == 422
            assert backdated.json()["errors"][0]["field"] == "start_at"
            assert client.get("/v1/events/new").status_code == 200
            told = client.get("/v1/storage").json()
            assert told["events"] == 8
            assert told["bytes"] == sum(store["bytes"] for store in told["data"]) > 0
    finally:
        stop(server)


PLAN = {
    "key": "pro",
    "name": "Pro",
    "currency": "USD",
    "interval": "month",
    "prices": [{"key": "calls", "name": "Calls", "model": "per_unit", "meter": "calls", "unit_amount": "1"}],
}


def stores(client: httpx.Client) -> dict[str, Any]:
    return {store["store"]: store for store in client.get("/v1/storage").raise_for_status().json()["data"]}


def until(condition: Callable[[], bool]) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while not condition():
        assert datetime.now(UTC) < deadline


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"JUSTPAID_EVENTS_RETENTION_DAYS": "0"}, "JUSTPAID_EVENTS_RETENTION_DAYS"),
        ({"JUSTPAID_EVENTS_COLD_AFTER_DAYS": "90"}, "JUSTPAID_EVENTS_COLD_DIR"),
    ],
)
def test_settings_that_cant_be_used_stop_the_start(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    server = Server(tmp_path / "data", **settings)
    code, said = server.ended()
    assert code != 0
    assert told in said
    assert "Traceback" not in said


COLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from justpaid.kernel.errors import EngineUnavailable
from justpaid.metering import move_cold, table_sizes
from tests.support.metering_node import NOW, Period, Node, event
from justpaid.platform.warehouse import open_warehouse

folder = Path(sys.argv[1])
cold = Path(sys.argv[2]) if sys.argv[2] else None
try:
    warehouse = open_warehouse(str(folder / "warehouse"), cold)
except EngineUnavailable as error:
    sys.exit(str(error))
node = Node(folder, warehouse)
calls = node.meter("calls", "count")
year = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
if sys.argv[3] == "fill":
    for month in (1, 2, 3):
        node.clock.move_to(datetime(2026, month, 15, tzinfo=UTC))
        node.send([event(month, node.clock.now())])
        node.metering.drain(20)
    move_cold(warehouse, datetime(2026, 2, 20, tzinfo=UTC))
    move_cold(warehouse, datetime(2026, 2, 20, tzinfo=UTC))
    node.clock.move_to(datetime(2026, 1, 16, tzinfo=UTC))  # into a month that has moved
    node.send([event(4, node.clock.now())])
    node.metering.drain(20)
node.check()
size = table_sizes(warehouse)["events"]
print(node.value(calls, year), node.value(calls, year, cutoff=node.journal.head), 0 < size.cold_bytes < size.bytes)
node.close()
warehouse.close()
"""


def test_old_months_move_to_the_cold_folder_and_count_from_there(tmp_path: Path) -> None:
    data, cold = tmp_path / "data", tmp_path / "a slow disk"
    (data / "warehouse").mkdir(parents=True)

    def run(folder: Path | str, step: str) -> str:
        command = [sys.executable, "-c", COLD, str(data), str(folder), step]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2])
        return ended.stdout.splitlines()[-1] if ended.returncode == 0 else ended.stderr

    assert run(cold, "fill") == "4 4 True"
    assert run("", "ask") == "4 4 True"  # without the setting it stays part of the data
    assert "names another folder" in run(tmp_path / "other", "ask")
    os.rename(cold, tmp_path / "unmounted")
    assert "Mount its disk" in run(cold, "ask")
    os.rename(tmp_path / "unmounted", cold)
    assert run(cold, "ask") == "4 4 True"


def test_the_command_shows_each_store(tmp_path: Path) -> None:
    server = served(tmp_path / "data")
    try:
        with server.client() as client:
            client.post("/v1/events", json={"customer_id": "acme", "event": "call"}).raise_for_status()
        command = [sys.executable, "-c", "from justpaid.cli import main; main()", "storage", "--url", server.address]
        shown = subprocess.run([*command, "--api-key", KEY], capture_output=True, text=True, env=clean_environment())
        assert shown.returncode == 0, shown.stderr
        for word in ("journal_keys", "postgresql", "1 events", "bytes an event"):
            assert word in shown.stdout
    finally:
        stop(server)
