"""Send load to a server, measure it meanwhile, and recount afterwards what it says it has."""

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.machine import ProcessTree
from benchmarks.report import Report
from benchmarks.servers import KEY, Server
from benchmarks.workload import METERS

ALL_METERS: Final = frozenset(str(meter["key"]) for meter in METERS)
_CATCH_UP_S: Final = 600.0
_ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Loading:
    """`rate` in requests a second; None sends as fast as the server answers."""

    seconds: float
    batch: int = 1000
    connections: int = 8
    rate: float | None = None
    run: int = 0


def start_load(server: Server, loading: Loading) -> "subprocess.Popen[bytes]":
    options = ["--seconds", loading.seconds, "--batch", loading.batch]
    options += ["--connections", loading.connections, "--run", loading.run]
    options += [] if loading.rate is None else ["--rate", loading.rate]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.load", server.address, KEY, *map(str, options)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end_load(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    said, complaint = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the load generator failed:\n{complaint.decode()[-2000:]}")
    result: dict[str, Any] = json.loads(said)
    return result


def drive(server: Server, loading: Loading, report: Report, meters: Set[str] = ALL_METERS) -> dict[str, Any]:
    """One load and its recount; what is wrong goes into the report. `meters`: those of the workload that exist."""
    before = _totals(server, meters)
    disk_before = server.disk()
    with ProcessTree(server.process.pid) as tree:
        result = end_load(start_load(server, loading))
        ended = time.perf_counter()
        if server.kind.meters:
            _until_counted(server, before["calls"] + result["fresh"])
        result["catch_up_s"] = round(time.perf_counter() - ended, 2)
    result["metered_per_second"] = round(result["fresh"] / (result["seconds"] + result["catch_up_s"]))
    result |= tree.figures()
    result["disk_bytes_per_event"] = {
        name: round((size - disk_before[name]) / max(1, result["fresh"]), 1) for name, size in server.disk().items()
    }
    _verify(server, result, before, report)
    return result


def _totals(server: Server, meters: Iterable[str]) -> dict[str, int]:
    return {meter: server.total(meter) for meter in meters} if server.kind.meters else {}


def _until_counted(server: Server, calls: int) -> None:
    deadline = time.monotonic() + _CATCH_UP_S
    while server.total("calls") < calls and time.monotonic() < deadline:
        time.sleep(0.05)


def _verify(server: Server, result: dict[str, Any], before: dict[str, int], report: Report) -> None:
    """Receipts against what was sent, meters against receipts, and the server's own checks."""
    name = server.kind.name
    fresh, repeated = (result["fresh"], result["repeated"]) if server.kind.deduplicates else (_sent(result), 0)
    report.check(f"{name}: accepted", result["accepted"], fresh)
    report.check(f"{name}: duplicates", result["duplicates"], repeated)
    report.check(f"{name}: conflicts and rejected", result["conflicts"] + result["rejected"], 0)
    after = _totals(server, before)
    for meter in before:
        sent = result["totals"][meter]
        whole = max(before[meter], sent) if meter == "slowest_ms" else before[meter] + sent
        report.check(f"{name}: meter {meter}", after[meter], whole)


def _sent(result: dict[str, Any]) -> int:
    return int(result["fresh"] + result["repeated"])
