"""How the ingest rate changes with the number of meters and of stored events.

`python -m benchmarks.growth [--quick] [--seconds 15] [--preload 10000000] [--stored DIR]`: each is compared with the
first of its kind. The most events may come from --stored, as `benchmarks.query` leaves them; they are copied.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.driving import Loading, drive
from benchmarks.options import add_stored, parsed
from benchmarks.preload import kept, preload
from benchmarks.report import Report, benchmark, console, print_table
from benchmarks.servers import JUSTPAID, Server
from benchmarks.workload import METERS, further_meter, idle_meter

_METERS: Final = (10, 100, 1000)
_MATCHING: Final = 10
_SPAN_S: Final = 31 * 86_400
_WITHIN: Final = 0.8


def main() -> int:
    options = parsed(
        __doc__, seconds=15.0, quick_seconds=1.0, preload=10_000_000, quick_preload=20_000, arguments=add_stored
    )
    with benchmark("growth", vars(options)) as (report, work):
        _by_meters(work, options, report)
        _by_events(work, options, report)
        return report.finish()


def _by_meters(work: Path, options: argparse.Namespace, report: Report) -> None:
    """One meter alone first; from then on ten match whatever the number that exist."""
    rows = [_row("1 meter", _rate(work / "meters-1", METERS[:1], options, report))]
    matching = [*METERS, *(further_meter(number) for number in range(_MATCHING - len(METERS)))]
    for count in _METERS[:1] if options.quick else _METERS:
        meters = [*matching, *(idle_meter(number) for number in range(count - _MATCHING))]
        name = f"{count} meters, {_MATCHING} matching"
        rows.append(_row(name, _rate(work / f"meters-{count}", meters, options, report)))
    _tell("By meters", rows[1:], report, alone=rows[0])


def _by_events(work: Path, options: argparse.Namespace, report: Report) -> None:
    """One million, ten, a hundred, as far as --preload goes."""
    rows = []
    stored = min(options.preload, 1_000_000)
    while stored <= options.preload:
        data = work / f"events-{stored}"
        console.print(f"[dim]storing {stored:,} events …[/]")
        if options.stored and stored == options.preload:
            shutil.copytree(kept(Path(options.stored), stored, span_s=_SPAN_S)[0], data, symlinks=True)
        else:
            preload(JUSTPAID, data, stored, span_s=_SPAN_S)
        rows.append(_row(f"{stored:,} events stored", _rate(data, (), options, report)))
        stored *= 10
    _tell("By stored events", rows, report)


def _rate(data: Path, meters: Sequence[dict[str, Any]], options: argparse.Namespace, report: Report) -> dict[str, Any]:
    """`meters` are made; without any, those of the preload are there. The first load warms up."""
    known = {meter["key"] for meter in METERS} & {meter["key"] for meter in meters or METERS}
    with Server(JUSTPAID, data) as server:
        server.define_meters(meters)
        drive(server, Loading(min(3.0, options.seconds), run=1), report, known)
        result = drive(server, Loading(options.seconds, run=2), report, known)
        for failed in server.failed_checks():
            report.failures.append(f"{data.name}: check {failed}")
    return result


def _row(name: str, result: dict[str, Any]) -> dict[str, Any]:
    return {
        "": name,
        "events/s": result["events_per_second"],
        "metered/s": result["metered_per_second"],
        "p99 ms": result["latency_ms"]["p99"],
        "CPU s": result["cpu_seconds"],
        "memory MiB": result["memory_peak_mib"],
    }


def _tell(title: str, rows: list[dict[str, Any]], report: Report, *, alone: dict[str, Any] | None = None) -> None:
    """`alone` is shown, but does less work than the others and is not compared with them."""
    first = rows[0]["metered/s"]
    for row in rows:
        row["to the first"] = round(row["metered/s"] / first, 2)
        if row is not rows[0]:
            report.goal(f"within 20 %: {row['']}", row["to the first"] >= _WITHIN)
    shown = rows if alone is None else [*rows, {**alone, "to the first": round(alone["metered/s"] / first, 2)}]
    print_table(title, shown)
    report.figures[title] = shown


if __name__ == "__main__":
    sys.exit(main())
