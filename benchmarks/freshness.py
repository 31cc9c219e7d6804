"""From the receipt of an event to its being counted: at idle, at half of peak and at peak.

`python -m benchmarks.freshness [--quick]`

A probe sends one event of a customer of its own through another connection, and asks for that customer's usage again
and again. What it measures is what a client sees: the answer to the first question that counts the event, after the
receipt; the question's own time is in it.
"""

import sys
import threading
import time
from typing import Any, Final

import httpx
import numpy as np

from benchmarks.driving import Loading, drive, end_load, start_load
from benchmarks.options import parsed
from benchmarks.report import Report, benchmark, print_table
from benchmarks.servers import JUSTPAID, KEY, Server
from benchmarks.workload import EVENT, METERS

_CUSTOMER: Final = "probe"
_PAUSE_S: Final = 0.1
_PATIENCE_S: Final = 60.0


class Probe:
    """One thread with a connection of its own, from `with` to its end."""

    def __init__(self, address: str, name: str) -> None:
        self._client = httpx.Client(
            base_url=address, headers={"Authorization": f"Bearer {KEY}"}, timeout=_PATIENCE_S, trust_env=False
        )
        self._name = name
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0
        self.lags: list[float] = []
        self.error: Exception | None = None

    def __enter__(self) -> "Probe":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def figures(self) -> dict[str, Any]:
        lags = np.array(self.lags) * 1000
        p50, p99 = (round(float(np.percentile(lags, share)), 1) if self.lags else None for share in (50, 99))
        return {"probes": self.sent, "p50_ms": p50, "p99_ms": p99}

    def _run(self) -> None:
        try:
            start = self._counted()
            while not self._stopping.wait(_PAUSE_S):
                self._send_one()
                received = time.perf_counter()
                self._until(start + self.sent, received)
                self.lags.append(time.perf_counter() - received)
        except Exception as error:
            self.error = error

    def _send_one(self) -> None:
        event = {"id": f"probe-{self._name}-{self.sent}", "customer_id": _CUSTOMER, "event": EVENT}
        answer = self._client.post("/v1/events", json=event)
        answer.raise_for_status()
        assert answer.json()["accepted"] == 1
        self.sent += 1

    def _until(self, expected: int, received: float) -> None:
        while (counted := self._counted()) < expected:
            if time.perf_counter() - received > _PATIENCE_S:
                raise TimeoutError(f"{counted} of {expected} probes counted after {_PATIENCE_S:g} s")
        if counted > expected:
            raise AssertionError(f"{counted} probes counted, {expected} sent")

    def _counted(self) -> int:
        answer = self._client.get("/v1/usage", params={"meter": "calls", "customer_id": _CUSTOMER})
        answer.raise_for_status()
        return int(answer.json()["data"][0]["value"])


def main() -> int:
    options = parsed(__doc__, seconds=20.0, quick_seconds=2.0, preload=0, quick_preload=0)
    with benchmark("freshness", vars(options)) as (report, work), Server(JUSTPAID, work / "data") as server:
        server.define_meters(METERS)
        server.client.post("/v1/customers", json={"external_id": _CUSTOMER, "name": "Probe"}).raise_for_status()
        peak = drive(server, Loading(options.seconds / 2, run=1), report)["requests_per_second"]
        with Probe(server.address, "idle") as probe:
            time.sleep(options.seconds)
        _keep(report, "idle", probe)
        for run, (load, rate) in enumerate((("half of peak", peak / 2), ("peak", None)), start=2):
            with Probe(server.address, load.replace(" ", "-")) as probe:
                # Not `drive`: the probe's events are among the load's, so the meters can't be held against the load
                # alone. The server's own checks come after.
                result = end_load(start_load(server, Loading(options.seconds, rate=rate, run=run)))
            _keep(report, load, probe, result["events_per_second"])
        for failed in server.failed_checks():
            report.failures.append(f"check {failed}")
        print_table("Receipt → counted in usage", [{"load": name, **row} for name, row in report.figures.items()])
        p50 = max(row["p50_ms"] or 1e9 for row in report.figures.values())
        p99 = max(row["p99_ms"] or 1e9 for row in report.figures.values())
        report.goal("receipt → usage: p50 < 150 ms, p99 < 1 s, at every load", p50 < 150 and p99 < 1000)
        return report.finish()


def _keep(report: Report, load: str, probe: Probe, events_per_second: int = 0) -> None:
    if probe.error is not None:
        report.failures.append(f"{load}: {probe.error!r}")
    if not probe.lags:
        report.failures.append(f"{load}: no probe was counted")
    report.figures[load] = {"events/s": events_per_second, **probe.figures()}


if __name__ == "__main__":
    sys.exit(main())
