"""Sustained ingest: JustPaid beside the baseline and the limit, in one run.

`python -m benchmarks.ingest [--quick] [--seconds 60] [--preload 20000000]`
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks.driving import Loading, drive
from benchmarks.options import parsed
from benchmarks.preload import preload
from benchmarks.report import Report, benchmark, console, print_table
from benchmarks.servers import BASELINE, JUSTPAID, LIMIT, Kind, Server
from benchmarks.workload import METERS

#: Connections of batches and of single events: enough to saturate; more only wait longer.
BATCH_CONNECTIONS: Final = 8
SINGLE_CONNECTIONS: Final = 64


def main() -> int:
    options = parsed(__doc__, seconds=60.0, quick_seconds=2.0, preload=20_000_000, quick_preload=20_000)
    with benchmark("ingest", vars(options)) as (report, work):
        for kind in (LIMIT, BASELINE, JUSTPAID):
            console.print(f"[dim]{kind.name} …[/]")
            report.figures[kind.name] = _measured(kind, work, options, report)
        _compare(report)
        return report.finish()


def _measured(kind: Kind, work: Path, options: argparse.Namespace, report: Report) -> dict[str, Any]:
    data = work / kind.name
    stored = preload(kind, data, options.preload, span_s=86_400) if options.preload else {}
    figures: dict[str, Any] = {"preload": stored}
    with Server(kind, data) as server:
        if kind is JUSTPAID and not stored:
            server.define_meters(METERS)
        figures["start_s"] = server.start_s
        drive(server, Loading(min(5.0, options.seconds / 2), connections=4, run=1), report)  # warm
        peak = drive(server, Loading(options.seconds, connections=BATCH_CONNECTIONS, run=2), report)
        paced = Loading(options.seconds / 3, rate=peak["requests_per_second"] / 2, run=3)
        figures |= {"peak": peak, "half of peak": drive(server, paced, report)}
        single = Loading(options.seconds / 3, batch=1, connections=SINGLE_CONNECTIONS, run=4)
        figures["single events"] = drive(server, single, report)
        for failed in server.failed_checks() if kind.meters else ():
            report.failures.append(f"{kind.name}: check {failed}")
    return figures


def _compare(report: Report) -> None:
    for load in ("peak", "half of peak", "single events"):
        print_table(f"Ingest: {load}", [_row(name, figures[load]) for name, figures in report.figures.items()])
    ours, baseline, limit = (report.figures[kind.name] for kind in (JUSTPAID, BASELINE, LIMIT))
    rate = ours["peak"]["events_per_second"]
    ratios = {
        "to the baseline": round(rate / baseline["peak"]["events_per_second"], 2),
        "to the limit": round(rate / limit["peak"]["events_per_second"], 2),
        "single events, to the baseline": round(
            ours["single events"]["events_per_second"] / baseline["single events"]["events_per_second"], 2
        ),
    }
    print_table("Ratios", [ratios])
    report.figures["ratios"] = ratios
    half, single = ours["half of peak"]["latency_ms"], ours["single events"]
    report.goal("≥ 100,000 events/s, 1,000 a request", rate >= 100_000)
    report.goal("≥ 3 × baseline", ratios["to the baseline"] >= 3)
    report.goal("≥ 25 % of the limit", ratios["to the limit"] >= 0.25)
    report.goal("receipts at half of peak: p50 < 15 ms, p99 < 50 ms", half["p50"] < 15 and half["p99"] < 50)
    report.goal(
        "single events: ≥ 5,000/s, p99 < 50 ms",
        single["events_per_second"] >= 5000 and single["latency_ms"]["p99"] < 50,
    )


def _row(name: str, load: dict[str, Any]) -> dict[str, Any]:
    return {
        "server": name,
        "events/s": load["events_per_second"],
        "metered/s": load["metered_per_second"] if name != LIMIT.name else None,
        "requests/s": load["requests_per_second"],
        "p50 ms": load["latency_ms"]["p50"],
        "p99 ms": load["latency_ms"]["p99"],
        "CPU s": load["cpu_seconds"],
        "load CPU s": load["generator_cpu_seconds"],
        "memory MiB": load["memory_peak_mib"],
        "B/event": sum(load["disk_bytes_per_event"].values()),
        "catch-up s": load["catch_up_s"],
        "503": load["refused"],
    }


if __name__ == "__main__":
    sys.exit(main())
