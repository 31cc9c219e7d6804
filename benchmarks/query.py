"""Usage questions, estimates, memory, start, checks and disk with many events stored.

`python -m benchmarks.query [--quick] [--preload 1000000]`: 100000000 for the published goals.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from benchmarks.machine import MIB, ProcessTree
from benchmarks.options import add_stored, parsed
from benchmarks.preload import kept
from benchmarks.report import Report, benchmark, console, print_table
from benchmarks.servers import JUSTPAID, Server
from benchmarks.traffic import stored_ids
from benchmarks.workload import CUSTOMERS, customer_key

_SPAN_S: Final = 31 * 86_400
#: A customer of each size: the k-th of them is 10^(4k/n) in the order of size.
_ASKED_CUSTOMERS: Final = 40
_REPEATS: Final = 5
_PRICED_METERS: Final = ("calls", "input_tokens", "output_tokens", "cached_calls")


def main() -> int:
    options = parsed(__doc__, seconds=0, quick_seconds=0, preload=1_000_000, quick_preload=50_000, arguments=_arguments)
    with benchmark("query", vars(options)) as (report, work):
        console.print(f"[dim]storing {options.preload:,} events …[/]")
        data, stored = kept(Path(options.stored or work), options.preload, span_s=_SPAN_S)
        if options.store_only:
            return 0
        with Server(JUSTPAID, data) as server:
            _ask(server, options.preload, report)
            server.kill()
        _start_again(data, options.preload, report, stored)
        return report.finish()


def _arguments(parser: argparse.ArgumentParser) -> None:
    add_stored(parser)
    parser.add_argument("--store-only", action="store_true", help="only store them, for a run at a quiet time")


def _ask(server: Server, count: int, report: Report) -> None:
    customers = _customers(server)
    report.check("events stored", server.total("calls"), count)
    for event_id in stored_ids(np.array([0, count // 2, count - 1], np.uint64)):
        report.check("an event by its id", server.get(f"/v1/events/{event_id}")["id"], event_id)
    start, end = _month()
    month = {"meter": "output_tokens", "from": start, "to": end, "window": "day"}

    def of_customer(number: int) -> Any:
        return server.get("/v1/usage", **month, customer_id=customers[number % len(customers)], group_by="model")

    def of_all(_number: int) -> Any:
        return server.get("/v1/usage", **month)

    subscriptions = _subscribed(server, customers, start)

    def estimate(number: int) -> Any:
        return server.get(f"/v1/subscriptions/{subscriptions[number % len(subscriptions)]}/estimate")

    _same_either_way(of_customer, of_all, server, month, customers, report)
    _estimated_as_used(estimate(0), server, customers[0], report)
    with ProcessTree(server.process.pid) as tree:
        asked = {
            "one customer, a month by day, by model": _timed(of_customer, _REPEATS * len(customers)),
            "everyone, a month by day": _timed(of_all, _REPEATS),
            "an estimate of four usage prices": _timed(estimate, _REPEATS * len(customers)),
        }
    print_table("Usage", [{"question": name, **figures} for name, figures in asked.items()])
    report.figures |= {"usage": asked, "memory_peak_mib": max(tree.memory) // MIB}
    one, all_, estimates = asked.values()
    report.goal("usage of one customer: p50 < 30 ms, p99 < 150 ms", one["p50_ms"] < 30 and one["p99_ms"] < 150)
    report.goal("usage of everyone: p50 < 150 ms", all_["p50_ms"] < 150)
    report.goal("an estimate: p99 < 50 ms", estimates["p99_ms"] < 50)
    report.goal("memory < 2 GB", max(tree.memory) < 2e9)


def _customers(server: Server) -> list[str]:
    """Made known, as only a known customer can be asked about."""
    ranks = sorted({int(CUSTOMERS ** (k / _ASKED_CUSTOMERS)) for k in range(_ASKED_CUSTOMERS)})
    for rank in ranks:
        body = {"external_id": customer_key(rank), "name": f"Customer {rank}"}
        _make(server, "/v1/customers", body)
    return [customer_key(rank) for rank in ranks]


def _make(server: Server, path: str, body: dict[str, Any]) -> None:
    """Unless an earlier run over the same data has."""
    answer = server.client.post(path, json=body)
    if answer.status_code != httpx.codes.CONFLICT:
        answer.raise_for_status()


def _subscribed(server: Server, customers: list[str], start: str) -> list[str]:
    """A subscription of each to a plan that prices four meters, from the first day on, so that a period runs."""
    prices = [
        {"key": meter, "meter": meter, "model": "per_unit", "unit_amount": "0.000001"} for meter in _PRICED_METERS
    ]
    plan = {"key": "benchmark", "currency": "USD", "interval": "month", "prices": prices}
    _make(server, "/v1/plans", plan)
    made = []
    for customer in customers:
        body = {"customer_id": customer, "plan": "benchmark", "start_at": start}
        answer = server.client.post("/v1/subscriptions", json=body)
        answer.raise_for_status()
        made.append(answer.json()["id"])
    return made


def _estimated_as_used(estimate: Any, server: Server, customer: str, report: Report) -> None:
    span = {"from": estimate["period_start"], "to": estimate["period_end"], "window": "none"}
    for line in estimate["lines"]:
        used = server.get("/v1/usage", meter=line["meter"], customer_id=customer, **span)["data"]
        report.check(f"an estimate's {line['meter']}", line["quantity"], used[0]["value"])


def _month() -> tuple[str, str]:
    """31 whole days that hold all events but those of the first hours."""
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (end - timedelta(days=31)).isoformat(), end.isoformat()


def _same_either_way(
    of_customer: Callable[[int], Any],
    of_all: Callable[[int], Any],
    server: Server,
    month: dict[str, Any],
    customers: list[str],
    report: Report,
) -> None:
    """Days and models add up to the whole."""

    def summed(answer: Any) -> int:
        return sum(int(row["value"]) for row in answer["data"])

    whole = {**month, "window": "none"}
    report.check("everyone by day", summed(of_all(0)), summed(server.get("/v1/usage", **whole)))
    one = server.get("/v1/usage", **whole, customer_id=customers[0])
    report.check("a customer by day and model", summed(of_customer(0)), summed(one))


def _timed(ask: Callable[[int], Any], times: int) -> dict[str, Any]:
    taken = []
    for number in range(times):
        began = time.perf_counter()
        ask(number)
        taken.append(time.perf_counter() - began)
    p50, p99 = (round(float(np.percentile(taken, share)) * 1000, 1) for share in (50, 99))
    return {"asked": times, "p50_ms": p50, "p99_ms": p99}


def _start_again(data: Any, count: int, report: Report, stored: dict[str, Any]) -> None:
    """After kill -9, twice: the first start may clear away what merges left, so the disk is told after it."""
    with Server(JUSTPAID, data) as server:
        report.check("events after kill -9", server.total("calls"), count)
        began = time.perf_counter()
        with ProcessTree(server.process.pid) as checking:
            for failed in server.failed_checks():
                report.failures.append(f"check {failed}")
        checked_s = round(time.perf_counter() - began, 1)
        bytes_per_event = {name: round(size / count, 1) for name, size in server.disk().items()}
        start_s = server.start_s
    total = round(sum(bytes_per_event.values()), 1)
    figures = {
        "events": count,
        "ready after kill -9, s": start_s,
        "memory, MiB": report.figures["memory_peak_mib"],
        "checks, s": checked_s,
        "checks, MiB": max(checking.memory) // MIB,
        "id look-ups/s": stored["lookups_per_second"],
        "ids indexed/s at the end": stored["index_rate_at_end"],
        **{f"{name}, B/event": size for name, size in bytes_per_event.items()},
        "disk, B/event": total,
    }
    print_table("Stored", [figures])
    report.figures["stored"] = figures
    report.goal("ready < 10 s after kill -9", start_s < 10)
    report.goal("disk < 100 bytes an event", total < 100)


if __name__ == "__main__":
    sys.exit(main())
