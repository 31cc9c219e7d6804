"""The demo against a real server: last month is the recording, every invoice is proved, a restart adds nothing.

One test, because each part costs a server start and a month of usage where parallel workers share nothing.
"""

import io
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from justpaid import demo
from justpaid.demo.cast import CUSTOMERS
from justpaid.demo.placing import last_month
from tests.support.server import KEY, Server

DEADLINE_S = 90

#: 18,059,974 + 22,361,870 tokens in and 245,896 + 4,088,665 out, as the recording's publishers count them.
OF_THE_RECORDING = {
    "requests": 28_185,
    "code_completions": 8_819,
    "input_tokens": 40_421_844,
    "output_tokens": 4_334_561,
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    # The demo bills; were the server to do so by itself, the two could not be told apart.
    server = Server(tmp_path / "data", JUSTPAID_BILLING_INTERVAL_S="0").until_ready()
    yield server
    server.signal(signal.SIGINT)
    server.ended()


@contextmanager
def playing(server: Server) -> Iterator[str]:
    """What the demo said by the time its live traffic had arrived; it plays on during the block."""
    said, stop, failures = io.StringIO(), threading.Event(), list[BaseException]()

    def play() -> None:
        try:
            demo.run(server.address, KEY, Console(file=said), sign_in_token=lambda: "once", stop=stop)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=play)
    thread.start()
    try:
        until = time.monotonic() + DEADLINE_S
        while "Live traffic flows" not in said.getvalue():
            assert not failures, failures
            assert time.monotonic() < until, said.getvalue()
            thread.join(0.05)
        yield said.getvalue()
    finally:
        stop.set()
        thread.join(DEADLINE_S)
    assert not thread.is_alive()
    assert not failures


def read_invoices(client: httpx.Client) -> list[dict[str, Any]]:
    page = client.get("/v1/invoices", params={"limit": 100}).json()
    assert page["next_cursor"] is None
    return sorted(page["data"], key=lambda invoice: invoice["number"])


def wait_for_live_events(client: httpx.Client, customer: str) -> None:
    until = time.monotonic() + DEADLINE_S
    newest: dict[str, str | int] = {"customer_id": customer, "limit": 10}
    while not any(event["id"].startswith("live-") for event in client.get("/v1/events", params=newest).json()["data"]):
        assert time.monotonic() < until
        threading.Event().wait(0.05)


def test_the_demo_from_its_first_start_to_its_second(server: Server) -> None:
    with server.client() as client:
        with playing(server) as said:
            wait_for_live_events(client, "acme")
            invoices = read_invoices(client)

        assert "8 meters, 5 plans and 10 customers made" in said
        check_last_month_is_the_recording(client)
        check_invoices(client, invoices)
        check_told(said, server, invoices)

        with playing(server) as said_again:
            check_nothing_counts_twice(said_again)
        again = read_invoices(client)
        assert [(i["number"], i["total"]) for i in again] == [(i["number"], i["total"]) for i in invoices]


def check_last_month_is_the_recording(client: httpx.Client) -> None:
    """Over all customers, each with its own last month."""
    now = datetime.now(UTC)
    totals = dict.fromkeys(OF_THE_RECORDING, Decimal(0))
    for customer in CUSTOMERS:
        month = last_month(customer, now)
        for meter in totals:
            question = {"meter": meter, "customer_id": customer.key, "from": str(month.start), "to": str(month.end)}
            answer = client.get("/v1/usage", params=question).json()["data"]
            totals[meter] += sum(Decimal(window["value"]) for window in answer)
    assert totals == OF_THE_RECORDING


def check_invoices(client: httpx.Client, invoices: list[dict[str, Any]]) -> None:
    """Every customer has one; numbers have no gap; steps add up to lines, lines to totals; the recount agrees."""
    assert {invoice["customer"]["external_id"] for invoice in invoices} == {customer.key for customer in CUSTOMERS}
    assert {invoice["status"] for invoice in invoices} == {"finalized"}
    assert [invoice["number"] for invoice in invoices] == [f"INV-{n:06d}" for n in range(1, len(invoices) + 1)]
    for invoice in invoices:
        assert sum(Decimal(line["amount"]) for line in invoice["lines"]) == Decimal(invoice["total"]) > 0
        for line in invoice["lines"]:
            assert sum(Decimal(step["amount"]) for step in line["steps"]) == Decimal(line["amount_exact"])
        assert client.get(f"/v1/invoices/{invoice['number']}/verify").json()["ok"] is True


def check_told(said: str, server: Server, invoices: list[dict[str, Any]]) -> None:
    """Address, key, every invoice, and what every customer's running period costs."""
    assert server.address in said
    assert f"{server.address}/sign-in#token=once\n" in said
    assert KEY in said
    for invoice in invoices:
        assert f"{invoice['number']}  {invoice['customer']['name']}, " in said
    for customer in CUSTOMERS:
        assert re.search(rf"^  {customer.name}, .* so far, .* at the period's end$", said, re.MULTILINE)


def check_nothing_counts_twice(said: str) -> None:
    assert "8 meters, 5 plans and 10 customers found" in said
    sent = re.search(r"([\d,]+) events of last month.* ([\d,]+) of them known already", said)
    assert sent is not None
    total, known = (int(figure.replace(",", "")) for figure in sent.groups())
    assert 50_000 < known <= total < known + 1000  # what has come due since the first start is new
