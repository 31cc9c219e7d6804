"""Store many events quickly, as if they had been ingested: the same rows in the same tables and indexes.

JustPaid: `events` by SQL, the de-duplication index by the journal's own commit, and then the meters are made, so that
the product itself rolls up what is stored, and all is merged, as it would be after the months in which so many events
come. Baseline: the same rows by SQL, then its own rollup statement, VACUUM and CHECKPOINT. Ids look
random in both; customers, models and sizes are spread as the traffic's are.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from benchmarks.servers import BASELINE, JUSTPAID, Kind, Server
from benchmarks.workload import METERS
from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.warehouse import Warehouse, open_warehouse

_OR_SAY_SO: Final = "SETTINGS optimize_throw_if_noop = 1, optimize_skip_merged_partitions = 1"
_ROOT: Final = Path(__file__).parent.parent
_COMMANDS: Final = {JUSTPAID.name: "benchmarks.preload_justpaid", BASELINE.name: "benchmarks.baseline.preload"}


def preload(kind: Kind, data: Path, count: int, *, span_s: int) -> dict[str, Any]:
    """Store `count` events of the last `span_s` seconds (until an hour ago) in an empty `data`; says what it took."""
    if kind.name not in _COMMANDS:
        return {}
    for folder in ("postgres", "journal", "warehouse") if kind is JUSTPAID else ("",):
        (data / folder).mkdir(mode=0o700, parents=True)
    started = time.perf_counter()
    told = subprocess.run(
        [sys.executable, "-m", _COMMANDS[kind.name], str(data), str(count), str(span_s)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    filled_s = round(time.perf_counter() - started, 1)
    if kind is JUSTPAID:
        with Server(kind, data) as server:
            server.define_meters(METERS)
            server.until_rolled_up()
        _merge_all(data)
    rolled_up_s = round(time.perf_counter() - started - filled_s, 1)
    return {"events": count, "filled_s": filled_s, "rolled_up_s": rolled_up_s, **json.loads(told.stdout or b"{}")}


def kept(folder: Path, count: int, *, span_s: int) -> tuple[Path, dict[str, Any]]:
    """JustPaid's data with `count` events stored in `folder` by this or an earlier run, and what storing them took."""
    told = folder / "stored.json"
    if not told.exists():
        folder.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps(preload(JUSTPAID, folder / "data", count, span_s=span_s)))
    took: dict[str, Any] = json.loads(told.read_text())
    if took["events"] != count:
        raise SystemExit(f"{folder} holds {took['events']:,} events; ask for --preload {took['events']}")
    return folder / "data", took


def _merge_all(data: Path) -> None:
    warehouse = open_warehouse(str(data / "warehouse"))
    for table in ("events", "usage"):
        while not _merged(warehouse, table):
            time.sleep(1)
    warehouse.close()


def _merged(warehouse: Warehouse, table: str) -> bool:
    """False where merges that the engine has begun by itself were in the way."""
    try:
        warehouse.execute(f"OPTIMIZE TABLE {table} FINAL {_OR_SAY_SO}")
    except EngineUnavailable as error:
        if "CANNOT_ASSIGN_OPTIMIZE" in error.detail:
            return False
        raise
    return True
