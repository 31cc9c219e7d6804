"""kill -9 at every named step of commit, drain and billing: nothing acknowledged is lost, nothing counts twice."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.server import Server, set_up

Start = Callable[..., Server]

BATCH = 20
MONTHS = ("2026-01", "2026-02", "2026-03")
CUSTOMERS = ("acme", "globex", "initech", "hooli")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    servers: list[Server] = []
    set_up(tmp_path / "data")

    def begin(failpoints: str = "") -> Server:
        servers.append(Server(tmp_path / "data", JUSTPAID_FAILPOINTS=failpoints, JUSTPAID_BILLING_INTERVAL_S="0"))
        return servers[-1].until_ready()

    yield begin
    for server in servers:
        server.process.kill()
        server.process.communicate()
    if (pid := servers[-1].postgres_pid()) is not None:
        os.kill(pid, signal.SIGQUIT)


def batch(number: int) -> list[dict[str, object]]:
    return [
        {
            "id": f"evt-{number}-{n}",
            "customer_id": "acme",
            "event": "call",
            "timestamp": f"2026-01-{n + 1:02}T00:00:00Z",
        }
        for n in range(BATCH)
    ]


def make_meter(client: httpx.Client) -> None:
    meter = {"key": "calls", "event": "call", "aggregation": "sum", "property": "quantity"}
    client.post("/v1/meters", json=meter).raise_for_status()


def counted(client: httpx.Client) -> int:
    """Usage of January, once all that is acknowledged is metered."""
    checks = client.get("/v1/checks").raise_for_status().json()
    assert checks["ok"], checks
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}
    return int(client.get("/v1/usage", params={"meter": "calls", **span}).raise_for_status().json()["data"][0]["value"])


def send_until_it_dies(client: httpx.Client) -> int:
    """How many batches were acknowledged, one after the other, before the server died."""
    for number in range(10_000):
        try:
            receipt = client.post("/v1/events", json=batch(number)).json()
        except httpx.TransportError:
            return number
        assert receipt["accepted"] == BATCH
    raise AssertionError("it did not die")


@pytest.mark.parametrize(
    "step",
    [
        "journal.before_write=kill:6",
        "journal.before_sync=kill:6",
        "journal.after_sync=kill:6",
        "marks.before_write=kill:3",
        "marks.before_sync=kill:3",
        "drain.before_events=kill:2",
        "drain.after_events=kill:2",
        "drain.after_mark=kill:2",
        "rollup.before_insert=kill",
        "rollup.after_insert=kill",
        "rollup.after_mark=kill",
    ],
)
def test_killed_at_a_step_of_commit_drain_or_rollup(start: Start, step: str) -> None:
    killed = start(step)
    with killed.client() as client:
        make_meter(client)
        acknowledged = send_until_it_dies(client)
    assert killed.ended()[0] == -signal.SIGKILL

    with start().client() as client:
        for number in range(acknowledged):
            assert client.post("/v1/events", json=batch(number)).json()["duplicates"] == BATCH
        # The one in flight was kept whole or not at all.
        last = client.post("/v1/events", json=batch(acknowledged)).json()
        assert BATCH in (last["accepted"], last["duplicates"])
        assert counted(client) == (acknowledged + 1) * BATCH


@pytest.mark.parametrize(
    "step",
    [
        "journal.before_write=kill:2",
        "journal.after_sync=kill:2",
        "marks.before_write=kill:3",
        "drain.after_events=kill:2",
        "drain.after_voids=kill",
        "rollup.after_insert=kill:2",
    ],
)
def test_killed_while_an_event_is_corrected(start: Start, step: str) -> None:
    """20 calls, one of which becomes 5 on another day: 24, or still 20 if it was not acknowledged."""
    killed = start(step)
    with killed.client() as client:
        make_meter(client)
        assert client.post("/v1/events", json=batch(0)).json()["accepted"] == BATCH
        with contextlib.suppress(httpx.TransportError):
            assert counted(client) == BATCH
        acknowledged = False
        with contextlib.suppress(httpx.TransportError):
            change = {"quantity": 5, "timestamp": "2026-01-25T00:00:00Z"}
            acknowledged = client.post("/v1/events/evt-0-3/amend", json=change).is_success
    assert killed.ended()[0] == -signal.SIGKILL

    with start().client() as client:
        versions = client.get("/v1/events/evt-0-3").json()["versions"]
        assert len(versions) in ([2] if acknowledged else [1, 2])
        assert counted(client) == BATCH + 4 * (len(versions) - 1)
        assert client.post("/v1/events", json=batch(0)).json()["duplicates"] == BATCH


@pytest.mark.parametrize(
    "step",
    [
        "backfill.after_events=kill",
        "backfill.before_closed=kill",
        "backfill.after_closed=kill",
        "drain.after_steps=kill",
        "rollup.after_insert=kill:3",
        "backfill.after_reverted=kill",
        "drain.after_steps=kill:2",
    ],
)
def test_killed_while_a_backfill_is_sent_closed_and_reverted(start: Start, step: str) -> None:
    """20 calls live; 2 that replace them; 20 again. Each step that was not acknowledged is repeated."""
    killed = start(step)
    scope = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z", "replace": True}
    sent = [{**one, "quantity": 1} for one in batch(0)[:2]]

    def steps(backfill: str) -> list[tuple[str, object]]:
        path = f"/v1/backfills/{backfill}"
        return [(f"/v1/events?backfill={backfill}", sent), (f"{path}/close", None), (f"{path}/revert", None)]

    done = 0
    with killed.client() as client, contextlib.suppress(httpx.TransportError):
        make_meter(client)
        client.post("/v1/events", json=batch(0)).raise_for_status()
        backfill = client.post("/v1/backfills", json=scope).json()["id"]
        for path, body in steps(backfill):
            client.post(path, json=body).raise_for_status()
            done += 1
            counted(client)
    assert killed.ended()[0] == -signal.SIGKILL

    with start().client() as client:
        stage = client.get(f"/v1/backfills/{backfill}").json()["status"]
        assert counted(client) == (2 if stage == "closed" else BATCH)
        usage = {0: BATCH, 1: 2, 2: BATCH}
        for place, (path, body) in enumerate(steps(backfill)):
            if place >= done and not (place == 0 and stage != "open") and not (place == 1 and stage == "reverted"):
                client.post(path, json=body).raise_for_status()
                assert counted(client) == usage[place]
        assert client.get(f"/v1/backfills/{backfill}").json()["events"] == 2


def test_killed_while_a_new_meter_is_filled_with_the_past(start: Start) -> None:
    killed = start("metering.after_filling=kill")
    with killed.client() as client:
        assert client.post("/v1/events", json=batch(0)).json()["accepted"] == BATCH
        while client.get("/v1/status").json()["metering"]["lag_events"]:
            time.sleep(0.05)
        make_meter(client)
    assert killed.ended()[0] == -signal.SIGKILL
    with start().client() as client:
        client.post("/v1/events", json=batch(1)).raise_for_status()
        assert counted(client) == 2 * BATCH


def make_books(client: httpx.Client) -> None:
    """Four customers at 0.25 a call with usage in three months: customer n uses n·10 + month."""
    make_meter(client)
    price = {"key": "calls", "meter": "calls", "model": "per_unit", "unit_amount": "0.25"}
    plan = {"key": "plan", "currency": "USD", "interval": "month", "prices": [price]}
    client.post("/v1/plans", json=plan).raise_for_status()
    for position, customer in enumerate(CUSTOMERS, 1):
        client.post("/v1/customers", json={"external_id": customer}).raise_for_status()
        subscription = {"customer_id": customer, "plan": "plan", "start_at": "2026-01-01T00:00:00Z"}
        client.post("/v1/subscriptions", json=subscription).raise_for_status()
        events = [
            {
                "customer_id": customer,
                "event": "call",
                "timestamp": f"{month}-15T00:00:00Z",
                "quantity": position * 10 + n,
            }
            for n, month in enumerate(MONTHS, 1)
        ]
        client.post("/v1/events", json=events).raise_for_status()


def run_billing(client: httpx.Client, *, finalize: bool = True) -> None:
    body = {"as_of": "2026-04-01T00:00:00Z", "finalize": finalize}
    client.post("/v1/billing-runs", json=body).raise_for_status()


#: By number: what an undisturbed run makes. Customer n in month m: (10·n + m) × 0.25.
UNDISTURBED = [
    (f"INV-{(month - 1) * 4 + position:06}", customer, f"2026-{month:02}-01T00:00:00Z", total)
    for month, totals in enumerate(
        [("2.75", "5.25", "7.75", "10.25"), ("3.00", "5.50", "8.00", "10.50"), ("3.25", "5.75", "8.25", "10.75")], 1
    )
    for position, (customer, total) in enumerate(zip(CUSTOMERS, totals, strict=True), 1)
]


@pytest.mark.parametrize(
    ("step", "drafts"),
    [
        ("billing.before_commit=kill:2", False),
        ("billing.after_commit=kill:2", False),
        ("billing.between_chunks=kill:3", False),
        ("billing.before_finalize_commit=kill", True),
        ("billing.between_finalizations=kill", True),
    ],
)
def test_a_billing_run_that_was_killed_and_repeated_makes_what_an_undisturbed_one_makes(
    start: Start, step: str, drafts: bool
) -> None:
    """Where no drafts wait, a run issues what it makes at once."""
    killed = start(step)
    with killed.client() as client:
        make_books(client)
        if drafts:
            run_billing(client, finalize=False)
        with pytest.raises(httpx.TransportError):
            run_billing(client)
    assert killed.ended()[0] == -signal.SIGKILL

    with start().client() as client:
        run_billing(client)
        names = {customer["id"]: customer["external_id"] for customer in client.get("/v1/customers").json()["data"]}
        invoices = sorted(client.get("/v1/invoices").json()["data"], key=lambda invoice: invoice["number"])
        made = [(i["number"], names[i["customer_id"]], i["period_start"], i["total"]) for i in invoices]
        assert made == UNDISTURBED
        assert all(client.get(f"/v1/invoices/{number}/verify").json()["ok"] for number, *_ in made)
        assert client.get("/v1/checks").json()["ok"]
