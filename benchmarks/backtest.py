"""A backtest: a year of many customers' usage, priced under their plan and under other terms.

`python -m benchmarks.backtest [--quick] [--preload 960000]`: 96 events a customer, so 10,000 of them.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.billing_books import EVENTS_A_PERIOD, METERS, PRICES, expected_cents
from benchmarks.machine import ProcessTree
from benchmarks.options import parsed
from benchmarks.report import Report, benchmark, console, print_table
from benchmarks.servers import JUSTPAID, Server

_FIRST_MONTH: Final = "2025-07"
_MONTHS: Final = 12
_SPAN: Final = {"from": "2025-07-01T00:00:00Z", "to": "2026-07-01T00:00:00Z"}
_EVENTS_A_CUSTOMER: Final = len(METERS) * EVENTS_A_PERIOD * _MONTHS
#: A request costs twice what it did.
_TERMS: Final = {
    "currency": "USD",
    "interval": "month",
    "prices": [{**price, "unit_amount": "0.004"} if price["key"] == "requests" else price for price in PRICES],
}
_POLL_S: Final = 0.2
_ROOT: Final = Path(__file__).parent.parent


def main() -> int:
    options = parsed(__doc__, seconds=0, quick_seconds=0, preload=960_000, quick_preload=9_600)
    count = options.preload // _EVENTS_A_CUSTOMER
    with benchmark("backtest", vars(options)) as (report, work):
        data = work / "data"
        console.print(f"[dim]{count:,} customers with {options.preload:,} events …[/]")
        for folder in ("postgres", "journal", "warehouse"):
            (data / folder).mkdir(mode=0o700, parents=True)
        # Everybody's periods begin on the 1st, so that the span holds whole ones.
        preload = [sys.executable, "-m", "benchmarks.preload_billing", data, count, count, _FIRST_MONTH, _MONTHS]
        subprocess.run([str(part) for part in preload], cwd=_ROOT, check=True)
        with Server(JUSTPAID, data) as server:
            server.until_rolled_up()
            with ProcessTree(server.process.pid) as tree:
                seconds, seen, done = _backtest(server)
            for failed in server.failed_checks():
                report.failures.append(f"check {failed}")
        _check(report, done, count)
        _tell(report, count, seconds, seen, tree)
        return report.finish()


def _backtest(server: Server) -> tuple[float, set[str], dict[str, Any]]:
    """How long it took, the shares of it that were shown as done, and the backtest."""
    began = time.perf_counter()
    answer = server.client.post("/v1/backtests", json={"terms": _TERMS, **_SPAN})
    answer.raise_for_status()
    seen = set()
    while True:
        found = server.get(f"/v1/backtests/{answer.json()['id']}")
        seen.add(found["progress"])
        if found["status"] not in ("queued", "running"):
            return round(time.perf_counter() - began, 2), seen, found
        time.sleep(_POLL_S)


def _check(report: Report, done: dict[str, Any], count: int) -> None:
    """Sums against whole numbers worked out apart from the product."""
    customers = np.arange(count)
    before, after = (
        sum(int(expected_cents(customers, month, mills_a_request=mills).sum()) for month in range(_MONTHS))
        for mills in (2, 4)
    )
    report.check("status", done["status"], "completed")
    (usd,) = done["result"]
    report.check("cents before and after", [_cents(usd["before"]), _cents(usd["after"])], [before, after])


def _cents(amount: str) -> int:
    whole, _, part = amount.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))


def _tell(report: Report, count: int, seconds: float, seen: set[str], tree: ProcessTree) -> None:
    figures = {"customers": count, "months": _MONTHS, "seconds": seconds, "progress seen": len(seen), **tree.figures()}
    print_table("Backtest: 4 prices, before and after", [figures])
    report.figures |= figures
    report.goal("10,000 customers × 12 months in < 60 s", count / seconds >= 10_000 / 60)
    report.goal("progress is shown", len(seen) > 2)


if __name__ == "__main__":
    sys.exit(main())
