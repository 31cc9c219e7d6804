"""`make soak`: a loaded server is killed with SIGKILL at random moments, again and again, and started anew each time.

Four clients send without a pause and repeat what was not answered, as a client should. After each start the server
must know every acknowledged event, and at the end each event must count exactly once and every standing check hold.
The random moments come from a seed that is printed; `--seed` repeats them.

After the kills the warehouse refuses everything for a minute, under the same load: events go on being accepted, the
status says how far behind metering is, memory stays bounded, and then metering catches up.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.server import KEY, Server

CLIENTS: Final = 4
BATCH: Final = 50
LONGEST_LIFE_S: Final = 3.0
PATIENCE_S: Final = 300.0
#: The drainer tries once a second.
OUTAGE_S: Final = 60
GROWTH_LIMIT_BYTES: Final = 512 << 20
JANUARY: Final = {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"}


class Traffic(threading.Thread):
    """One client: batch after batch, each until it is answered. Quantities tell batches apart, so that a lost event
    and a doubled one can't hide each other: batch n is of quantity n + 1."""

    def __init__(self, name: str, address: "Address") -> None:
        super().__init__(name=name, daemon=True)
        self.acknowledged = 0
        self.resent = 0
        self.failure: str | None = None
        self._address = address
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._send(self.acknowledged)
                self.acknowledged += 1
        except Exception as error:
            self.failure = f"{self.name}: {error!r}"

    def batch(self, number: int) -> list[dict[str, Any]]:
        return [
            {
                "id": f"{self.name}-{number}-{n}",
                "customer_id": self.name,
                "event": "call",
                "timestamp": f"2026-01-{1 + number % 31:02}T{n % 24:02}:00:00Z",
                "quantity": number + 1,
                "properties": {"client": self.name},
            }
            for n in range(BATCH)
        ]

    def expected(self) -> int:
        """What the meter has to say: the sum of the quantities of all batches acknowledged."""
        return BATCH * self.acknowledged * (self.acknowledged + 1) // 2

    def _send(self, number: int) -> None:
        """Until it is answered; also what is refused for the moment."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                response = httpx.post(
                    f"{self._address.get()}/v1/events",
                    json=self.batch(number),
                    headers={"Authorization": f"Bearer {KEY}"},
                    timeout=30,
                )
            except httpx.TransportError:
                self.resent += 1
                time.sleep(0.02)
                continue
            if response.status_code == httpx.codes.OK:
                receipt = response.json()
                if receipt["accepted"] + receipt["duplicates"] != BATCH:
                    raise AssertionError(f"batch {number}: {receipt}")
                return
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                raise AssertionError(f"batch {number}: {response.status_code} {response.text}")
            self.resent += 1
            time.sleep(0.05)
        raise AssertionError(f"batch {number} was not answered within {PATIENCE_S} s")


class Address:
    """Where the server listens now; it changes with each start."""

    def __init__(self) -> None:
        self._known = threading.Event()
        self._value = ""

    def get(self) -> str:
        self._known.wait(PATIENCE_S)
        return self._value

    def set(self, value: str) -> None:
        self._value = value
        self._known.set()


class Soak:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = Address()
        self.server: Server | None = None
        self.clients = [Traffic(f"client-{n}", self._address) for n in range(CLIENTS)]

    def start(self, **environment: str) -> float:
        """Seconds until it was ready."""
        began = time.monotonic()
        server = Server(self._folder / "data", JUSTPAID_BILLING_INTERVAL_S="0", **environment)
        self.server = server
        assert server.process.stderr is not None
        # Nobody reads what it logs from here on, and its pipe must not fill.
        server = server.until_ready()
        threading.Thread(target=server.process.stderr.read, daemon=True).start()
        self._address.set(server.address)
        return time.monotonic() - began

    def kill(self) -> None:
        assert self.server is not None
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def make_meter(self) -> None:
        meter = {"key": "calls", "event": "call", "aggregation": "sum", "property": "quantity"}
        with self._client() as client:
            client.post("/v1/meters", json={**meter, "dimensions": ["client"]}).raise_for_status()

    def check_acknowledged(self, draw: random.Random) -> None:
        """A few of the batches that were acknowledged before the kill are known as duplicates, in full."""
        for sender in self.clients:
            if not sender.acknowledged:
                continue
            number = draw.choice((sender.acknowledged - 1, draw.randrange(sender.acknowledged)))
            with self._client() as client:
                receipt = client.post("/v1/events", json=sender.batch(number)).raise_for_status().json()
            if receipt["duplicates"] != BATCH:
                raise AssertionError(f"{sender.name}: acknowledged batch {number} was lost: {receipt}")
            if sender.failure:
                raise AssertionError(sender.failure)

    def suffer_outage(self, seconds: int) -> None:
        """Start anew with a warehouse that takes no event for so long, and wait until metering has caught up."""
        self.kill()
        self.start(JUSTPAID_FAILPOINTS=f"drain.before_events=error*{seconds}")
        began, accepted = time.monotonic(), self.events()
        at_start = self._memory_bytes()
        with self._client() as client:
            behind: dict[str, float] = {}
            while (now := self._status(client))["seconds_behind"] >= behind.get("seconds_behind", 0):
                behind = now
                time.sleep(0.5)
            lasted_s, grown = time.monotonic() - began, self._memory_bytes() - at_start
            while self._status(client)["seconds_behind"] > 2:
                if time.monotonic() - began > seconds + PATIENCE_S:
                    raise AssertionError(f"metering did not catch up: {self._status(client)}")
                time.sleep(0.1)
        print(
            f"warehouse down for {lasted_s:.0f} s  {self.events() - accepted:,} events acknowledged meanwhile  "
            f"{behind['lag_events']:,} behind, {behind['backlog_bytes'] / 1e6:.1f} MB  memory grew by "
            f"{grown / 1e6:.0f} MB  caught up in {time.monotonic() - began - lasted_s:.1f} s",
            flush=True,
        )
        if lasted_s < seconds * 0.8:
            raise AssertionError("the status did not say that metering was behind all the time")
        if grown > GROWTH_LIMIT_BYTES:
            raise AssertionError(f"memory grew by {grown} bytes")

    def _status(self, client: httpx.Client) -> dict[str, float]:
        status: dict[str, float] = client.get("/v1/status").raise_for_status().json()["metering"]
        return status

    def events(self) -> int:
        """All that were acknowledged."""
        return BATCH * sum(sender.acknowledged for sender in self.clients)

    def _memory_bytes(self) -> int:
        assert self.server is not None
        lines = Path(f"/proc/{self.server.process.pid}/status").read_text().splitlines()
        (resident,) = (line for line in lines if line.startswith("VmRSS:"))
        return int(resident.split()[1]) * 1024

    def finish(self) -> None:
        """Let the clients end, and compare all with what they were told."""
        for sender in self.clients:
            sender.stop()
        for sender in self.clients:
            sender.join(PATIENCE_S)
            if sender.failure or sender.is_alive():
                raise AssertionError(sender.failure or f"{sender.name} hangs")
        with self._client() as client:
            checks = client.get("/v1/checks").raise_for_status().json()
            if not checks["ok"]:
                raise AssertionError(f"a standing check does not hold: {checks}")
            query = {"meter": "calls", "group_by": "client", **JANUARY}
            rows = client.get("/v1/usage", params=query).raise_for_status().json()["data"]
        found = {row["group"]["client"]: int(row["value"]) for row in rows}
        expected = {sender.name: sender.expected() for sender in self.clients if sender.acknowledged}
        if found != expected:
            raise AssertionError(f"usage is {found}, acknowledged was {expected}")

    def _client(self) -> httpx.Client:
        assert self.server is not None
        return httpx.Client(
            base_url=self.server.address, headers={"Authorization": f"Bearer {KEY}"}, timeout=PATIENCE_S
        )

    def close(self) -> None:
        if self.server is None:
            return
        self.server.process.kill()
        self.server.process.wait()
        if (pid := self.server.postgres_pid()) is not None:
            os.kill(pid, signal.SIGQUIT)


def soak(kills: int, seed: int, folder: Path, outage_s: int = OUTAGE_S) -> None:
    """Raises: AssertionError at the first thing that is not as it was acknowledged."""
    draw = random.Random(seed)
    run = Soak(folder)
    try:
        run.start()
        run.make_meter()
        for sender in run.clients:
            sender.start()
        for number in range(1, kills + 1):
            # Also early, while it recovers from the last one.
            lived_s = draw.uniform(0, LONGEST_LIFE_S) ** 2 / LONGEST_LIFE_S
            time.sleep(lived_s)
            run.kill()
            ready_s = run.start()
            run.check_acknowledged(draw)
            events = run.events()
            resent = sum(sender.resent for sender in run.clients)
            print(
                f"kill {number:3} of {kills}  after {lived_s:4.2f} s  ready in {ready_s:4.1f} s  "
                f"{events:9,} events acknowledged  {resent:6,} requests repeated",
                flush=True,
            )
        if outage_s:
            run.suffer_outage(outage_s)
        run.finish()
    finally:
        run.close()
    print(f"{kills} kills and {outage_s} s without a warehouse: every acknowledged event counted once, all checks hold")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--outage", type=int, default=OUTAGE_S, help="seconds without a warehouse; 0 for none")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="justpaid-soak-", ignore_cleanup_errors=True) as folder:
        try:
            soak(given.kills, given.seed, Path(folder), given.outage)
        except AssertionError as error:
            sys.exit(f"FAILED (seed {given.seed}): {error}")


if __name__ == "__main__":
    main()
