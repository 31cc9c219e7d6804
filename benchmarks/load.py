"""The load generator, a process of its own: `python -m benchmarks.load ADDRESS KEY [options]`, JSON on stdout.

Sockets and bytes only, so that it takes little of the two cores that it shares with the server. Without --rate each
connection sends its next request when the last is answered; with --rate requests are due at fixed times, and the time
that a request waits for a free connection counts into its latency.
"""

import argparse
import asyncio
import json
import resource
import sys
import time
from collections import Counter, deque
from dataclasses import asdict
from typing import Any, Final, cast
from urllib.parse import urlsplit

import msgspec
import numpy as np
import uvloop

from benchmarks.traffic import Request, Traffic

_PATIENCE_S: Final = 120.0
_COUNTED: Final = ("accepted", "duplicates", "conflicts", "rejected")


class Receipt(msgspec.Struct):
    accepted: int
    duplicates: int
    conflicts: int
    rejected: int


class Load:
    """`rate`: requests a second, None for as many as are answered."""

    def __init__(self, traffic: Traffic, head: bytes, *, seconds: float, rate: float | None) -> None:
        self.traffic = traffic
        self.head = head
        self.seconds = seconds
        self.rate = rate
        self.latencies: list[float] = []
        self.finished_at: list[float] = []
        self.counts: Counter[str] = Counter()
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._busy = 0
        self._all_sent = rate is None
        self._started = self._until = self._cpu_before = 0.0

    def start(self, connections: "list[Connection]") -> None:
        self._idle.extend(connections)
        self._cpu_before = _cpu_seconds()
        self._started = time.perf_counter()
        self._until = self._started + self.seconds
        if self.rate is None:
            for _ in connections:
                self._send(self._started)
        else:
            self._tick(0)

    def answered(self, connection: "Connection", status: int, body: bytes) -> None:
        now = time.perf_counter()
        if status == 503:
            self.counts["refused"] += 1
            asyncio.get_running_loop().call_later(0.2, connection.resend)
            return
        if status != 200:
            self.fail(f"the server answered {status}: {body[:300]!r}")
            return
        self.latencies.append(now - connection.since)
        self.finished_at.append(now - self._started)
        receipt = msgspec.json.decode(body, type=Receipt)
        for name in _COUNTED:
            self.counts[name] += getattr(receipt, name)
        self._busy -= 1
        self._idle.append(connection)
        if self._due:
            self._send(self._due.popleft())
        elif self.rate is None and now < self._until:
            self._send(now)
        elif now >= self._until:
            self._end_if_idle()

    def cpu_seconds(self) -> float:
        """Of this process since the start of the load."""
        return round(_cpu_seconds() - self._cpu_before, 2)

    def fail(self, why: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why))

    def _send(self, since: float) -> None:
        request = self.traffic.next()
        self.counts["requests"] += 1
        self.counts["fresh"] += request.fresh
        self.counts["repeated"] += request.repeated
        self._busy += 1
        self._idle.popleft().send(request, since)

    def _tick(self, number: int) -> None:
        """Send, or queue, what is due by now; come back for the next."""
        assert self.rate is not None
        now = time.perf_counter()
        while (due := self._started + number / self.rate) <= now and due < self._until:
            number += 1
            if self._idle:
                self._send(due)
            else:
                self._due.append(due)
        if due < self._until:
            asyncio.get_running_loop().call_later(due - time.perf_counter(), self._tick, number)
        else:
            self._all_sent = True
            asyncio.get_running_loop().call_later(max(0.0, self._until - now), self._end_if_idle)

    def _end_if_idle(self) -> None:
        if self._all_sent and not self._busy and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    def __init__(self, load: Load) -> None:
        self.load = load
        self.since = 0.0
        self._sent = b""
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, request: Request, since: float) -> None:
        self.since = since
        self._sent = b"%sContent-Length: %d\r\n\r\n%s" % (self.load.head, len(request.body), request.body)
        self._transport.write(self._sent)

    def resend(self) -> None:
        self._transport.write(self._sent)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        _, found, rest = head.partition(b"content-length:")
        if not found:
            self.load.fail(f"an answer without a length: {head!r}")
            return
        length = int(rest.split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        self.load.answered(self, int(head[9:12]), body)

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.fail(f"the server closed a connection: {exc}")


async def run(options: argparse.Namespace) -> dict[str, Any]:
    address = urlsplit(options.address)
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {options.key}\r\n"
        "Content-Type: application/json\r\n"
    ).encode()
    traffic = Traffic.prepared(batch=options.batch, run=options.run)
    load = Load(traffic, head, seconds=options.seconds, rate=options.rate)
    loop = asyncio.get_running_loop()
    connections = []
    for _ in range(options.connections):
        _, connection = await loop.create_connection(lambda: Connection(load), address.hostname, address.port)
        connections.append(connection)
    load.start(connections)
    await asyncio.wait_for(load.done, options.seconds + _PATIENCE_S)
    return _result(load)


def _result(load: Load) -> dict[str, Any]:
    elapsed = max(load.finished_at)
    events = load.counts["fresh"] + load.counts["repeated"]
    milliseconds = np.array(load.latencies) * 1000
    per_second = np.bincount(np.array(load.finished_at).astype(int)) * load.traffic.batch
    return {
        "batch": load.traffic.batch,
        "rate": load.rate,
        "seconds": round(elapsed, 3),
        **{name: load.counts[name] for name in ("requests", "fresh", "repeated", "refused", *_COUNTED)},
        "events_per_second": round(events / elapsed),
        "requests_per_second": round(load.counts["requests"] / elapsed),
        "latency_ms": {
            name: round(float(np.percentile(milliseconds, share)), 2)
            for name, share in (("p50", 50), ("p90", 90), ("p99", 99), ("max", 100))
        },
        "events_each_second": per_second.tolist(),
        "generator_cpu_seconds": load.cpu_seconds(),
        "totals": asdict(load.traffic.totals),
    }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="such as http://127.0.0.1:8787")
    parser.add_argument("key", help="the API key")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--batch", type=int, default=1000, help="events a request")
    parser.add_argument("--rate", type=float, help="requests a second; without it, as fast as they are answered")
    parser.add_argument("--run", type=int, default=0, help="another number, other ids")
    return parser


if __name__ == "__main__":
    json.dump(uvloop.run(run(options().parse_args())), sys.stdout)
