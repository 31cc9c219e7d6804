"""A billing run over many subscriptions, beside one subscription at a time; receipts while it runs; PDFs.

`python -m benchmarks.billing [--quick] [--preload 1600000]`: 16 events a subscription, so 100,000 of them.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import sqlalchemy as sa

from benchmarks.billing_books import EVENTS_A_PERIOD, FIRST_MONTH, METERS, PERIODS, expected_cents
from benchmarks.driving import Loading, end_load, start_load
from benchmarks.machine import ProcessTree
from benchmarks.options import parsed
from benchmarks.report import Report, benchmark, console, print_table
from benchmarks.servers import JUSTPAID, Server
from benchmarks.workload import METERS as TRAFFIC_METERS
from justpaid.platform.embedded_postgres import EmbeddedPostgres

_EVENTS_A_SUBSCRIPTION: Final = len(METERS) * EVENTS_A_PERIOD * PERIODS
#: When the baseline's subscriptions are due, then everyone's first period, then everyone's second.
_BASELINE, _FIRST, _SECOND = "2026-08-01T00:00:00+00:00", "2026-08-28T00:00:00+00:00", "2026-09-28T00:00:00+00:00"
_EVENTS_PER_SECOND: Final = 20_000
_BATCH: Final = 1_000
_PDFS: Final = 100
_ROOT: Final = Path(__file__).parent.parent


def main() -> int:
    options = parsed(__doc__, seconds=0, quick_seconds=0, preload=1_600_000, quick_preload=32_000)
    count = options.preload // _EVENTS_A_SUBSCRIPTION
    baseline = max(20, min(300, count // 50))
    with benchmark("billing", vars(options)) as (report, work):
        data = work / "data"
        console.print(f"[dim]{count:,} subscriptions with {options.preload:,} events …[/]")
        for folder in ("postgres", "journal", "warehouse"):
            (data / folder).mkdir(mode=0o700, parents=True)
        _python("benchmarks.preload_billing", data, count, baseline, FIRST_MONTH, PERIODS)
        runs = {"one at a time": json.loads(_python("benchmarks.billing_one_by_one", data, _BASELINE))}
        with Server(JUSTPAID, data) as server:
            server.define_meters(TRAFFIC_METERS)
            server.until_rolled_up()
            runs["a run"] = _timed(server, _FIRST)
            runs["a run beside receipts"] = _beside_receipts(server, runs["a run"]["seconds"])
            _pdfs(server, report)
            for failed in server.failed_checks():
                report.failures.append(f"check {failed}")
        _check(report, data, count, baseline)
        _tell(report, runs)
        return report.finish()


def _python(module: str, *arguments: object) -> bytes:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    return subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True).stdout


def _timed(server: Server, as_of: str) -> dict[str, Any]:
    with ProcessTree(server.process.pid) as tree:
        began = time.perf_counter()
        answer = server.client.post("/v1/billing-runs", json={"as_of": as_of})
        seconds = time.perf_counter() - began
    answer.raise_for_status()
    return {"invoices": answer.json()["invoices_finalized"], "seconds": round(seconds, 2), **tree.figures()}


def _beside_receipts(server: Server, expected_s: float) -> dict[str, Any]:
    """Receipts are sent for about as long as the run takes."""
    loading = Loading(max(3.0, expected_s), batch=_BATCH, rate=_EVENTS_PER_SECOND / _BATCH, run=9)
    load = start_load(server, loading)
    figures = _timed(server, _SECOND)
    return {**figures, "receipts": end_load(load)}


def _pdfs(server: Server, report: Report) -> None:
    """Invoices with four lines, each for the first time."""
    numbers = [invoice["number"] for invoice in server.get("/v1/invoices", limit=_PDFS)["data"]]
    taken = []
    for number in numbers:
        began = time.perf_counter()
        answer = server.client.get(f"/v1/invoices/{number}/pdf")
        taken.append((time.perf_counter() - began) * 1000)
        report.check("a PDF", (answer.status_code, answer.content[:5]), (200, b"%PDF-"))
    p50, p99 = (round(float(np.percentile(taken, share)), 1) for share in (50, 99))
    report.figures["pdf"] = {"asked": len(taken), "p50_ms": p50, "p99_ms": p99}
    report.goal(f"a PDF: p50 {p50} ms, p99 {p99} ms < 100", p99 < 100)


def _check(report: Report, data: Path, count: int, baseline: int) -> None:
    """Sums against whole numbers worked out apart from the product; numbers without a gap."""
    customers = np.arange(count)
    first, second = expected_cents(customers, 0), expected_cents(customers, 1)
    expected = [
        (baseline, int(first[:baseline].sum()), baseline),
        (count - baseline, int(first[baseline:].sum()), count),
        (count, int(second.sum()), 2 * count),
    ]
    query = sa.text("""SELECT count(*), CAST(sum(total) * 100 AS bigint), max(CAST(right(number, 6) AS int))
        FROM invoices WHERE status = 'finalized' GROUP BY billing_run_id ORDER BY 3""")
    with EmbeddedPostgres(data / "postgres") as url:
        engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(query)]
            numbers = connection.scalar(sa.text("SELECT count(DISTINCT number) FROM invoices"))
        engine.dispose()
    report.check("invoices, cents and last number of each run", found, expected)
    report.check("different numbers", numbers, 2 * count)


def _tell(report: Report, runs: dict[str, dict[str, Any]]) -> None:
    for run in runs.values():
        run["per_second"] = round(run["invoices"] / run["seconds"])
    print_table("Billing run: 4 usage lines a subscription", [_row(name, run) for name, run in runs.items()])
    report.figures |= runs
    alone, beside, one = runs["a run"], runs["a run beside receipts"], runs["one at a time"]
    ratio = round(alone["invoices"] / alone["seconds"] / (one["invoices"] / one["seconds"]), 1)
    report.figures["to the baseline"] = ratio
    memory = alone["memory_last_quarter_mib"] / alone["memory_second_quarter_mib"]
    receipts = beside["receipts"]
    report.goal("≥ 100,000 subscriptions a minute", alone["invoices"] / alone["seconds"] >= 100_000 / 60)
    report.goal(f"≥ 20 × one at a time ({ratio} ×)", ratio >= 20)
    report.goal(f"memory flat (last quarter {memory:.2f} × the second)", memory < 1.15)
    report.goal(
        f"receipts beside it: {receipts['events_per_second']:,} events/s, p99 {receipts['latency_ms']['p99']} ms < 100",
        receipts["latency_ms"]["p99"] < 100 and receipts["events_per_second"] >= 0.95 * _EVENTS_PER_SECOND,
    )


def _row(name: str, run: dict[str, Any]) -> dict[str, Any]:
    receipts = run.get("receipts")
    return {
        "billed": name,
        "invoices": run["invoices"],
        "seconds": run["seconds"],
        "invoices/s": run["per_second"],
        "CPU s": run.get("cpu_seconds"),
        "memory MiB": run.get("memory_peak_mib"),
        "receipts p50 ms": receipts and receipts["latency_ms"]["p50"],
        "receipts p99 ms": receipts and receipts["latency_ms"]["p99"],
    }


if __name__ == "__main__":
    sys.exit(main())
