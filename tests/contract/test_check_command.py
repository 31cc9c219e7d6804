"""`justpaid check` on an installation: all well, and each planted fault found."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from justpaid.platform.embedded_postgres import EmbeddedPostgres
from tests.support.server import KEY, Server, clean_environment

EVENTS = [
    {"id": f"e{n}", "customer_id": "acme", "event": "call", "timestamp": f"2026-01-{n + 1:02}T10:00:00Z"}
    for n in range(5)
]
METER = {"key": "calls", "event": "call", "aggregation": "count"}


@pytest.fixture
def used(tmp_path: Path) -> Iterator[Server]:
    """A running server over a folder with five events and a meter."""
    server = Server(tmp_path / "data").until_ready()
    with server.client() as client:
        client.post("/v1/meters", json=METER).raise_for_status()
        client.post("/v1/events", json=EVENTS).raise_for_status()
    yield server
    server.process.kill()
    server.process.communicate()


def test_a_running_server_is_asked_and_a_stopped_one_is_opened(used: Server) -> None:
    code, results = check(used.data_dir, "--api-key", KEY, JUSTPAID_PORT=used.address.rpartition(":")[2])
    assert (code, {result["name"]: result["ok"] for result in results}) == (
        0,
        {"events and usage": True, "invoices": True, "ledger and credits": True, "isolation": True},
    )

    used.signal(signal.SIGINT)
    assert used.ended()[0] == 0

    code, results = check(used.data_dir)
    assert code == 0
    assert results[0] == {
        "name": "events and usage",
        "ok": True,
        "detail": "5 events, each counted once; 1 meters equal a recount",
    }


def test_planted_faults_are_found_each_under_its_name(used: Server) -> None:
    used.signal(signal.SIGINT)
    assert used.ended()[0] == 0
    with EmbeddedPostgres(used.data_dir / "postgres") as url, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE customers DISABLE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE meters NO FORCE ROW LEVEL SECURITY")
        connection.execute(
            "INSERT INTO invoice_counters (organisation_id, next_number) SELECT min(id), 3 FROM organisations"
        )

    code, results = check(used.data_dir)

    found = {result["name"]: result["detail"] for result in results if not result["ok"]}
    assert (code, set(found)) == (1, {"invoices", "isolation"})
    assert found["isolation"] == "no row-level security on customers, meters"
    assert "an invoice number is missing from the sequence" in found["invoices"]


def check(data_dir: Path, *options: str, **environment: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-c", "from justpaid.cli import main; main()", "check", "--json", *options],
        env=clean_environment() | {"JUSTPAID_DATA_DIR": str(data_dir)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)
