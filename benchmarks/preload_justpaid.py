"""`python -m benchmarks.preload_justpaid DATA COUNT SPAN_S`: see `preload.py`.

It writes where only the product writes otherwise; the server's own checks, run after each benchmark, tell whether it
did that right.
"""

import json
import os
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import numpy as np

from benchmarks.servers import KEY
from benchmarks.traffic import STORED_FROM, Numbers, stored_ids
from benchmarks.workload import CUSTOMERS, EVENT, MODELS, REGIONS
from justpaid.accounts import bootstrap
from justpaid.ingest import journal_key, scope_of
from justpaid.metering.schema import prepare_warehouse
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.journal import Entries, Journal, open_journal
from justpaid.platform.telemetry import configure_logging
from justpaid.platform.warehouse import Warehouse, open_warehouse

#: The marks by which metering remembers how far it is.
METERED: Final = ("metering.drained", "metering.rolled_up")
_CHUNK: Final = 1_000_000
_KEYS_A_COMMIT: Final = 20_000
_PROBES: Final = 10
_LATELY: Final = 50


def main() -> None:
    data, count, span_s = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    configure_logging("warning", "json")  # to stderr: stdout is for the result
    with EmbeddedPostgres(data / "postgres") as url:
        database = Database(url)
        database.migrate()
        organisation_id = bootstrap(database, KEY)
        database.close()
    journal = open_journal(str(data / "journal"))
    warehouse = open_warehouse(str(data / "warehouse"))
    prepare_warehouse(warehouse)
    scope = scope_of(organisation_id)
    with ThreadPoolExecutor(1) as beside:
        index = beside.submit(fill_index, journal, scope, count)
        _fill_events(warehouse, organisation_id, count, span_s)
        told = index.result()
    journal.set_marks(dict.fromkeys(METERED, str(count).encode()))
    told["lookups_per_second"] = _lookups_per_second(journal, scope, count)
    warehouse.close()
    journal.close()
    json.dump(told, sys.stdout)


def _fill_events(warehouse: Warehouse, organisation_id: str, count: int, span_s: int) -> None:
    """A chunk is one part; the server merges them, as it does with those of the drainer."""
    first_at = int(time.time()) - 3600 - span_s
    for start in range(0, count, _CHUNK):
        end = min(start + _CHUNK, count)
        warehouse.execute(_events(organisation_id, start, end, count, first_at, span_s))


def _events(organisation_id: str, start: int, end: int, count: int, first_at: int, span_s: int) -> str:
    """Row `number` of `count`, in the order of time; what differs between rows is drawn from hashes of the number."""
    models = ", ".join(f"'{name}'" for name in MODELS)
    regions = ", ".join(f"'{name}'" for name in REGIONS)
    return f"""INSERT INTO events (organisation, id, customer, event, timestamp, quantity, properties, received_at, seq)
    SELECT '{organisation_id}', leftPad(lower(hex({mixed_sql("number")})), 16, '0'),
        concat('cus_', leftPad(toString(toUInt32(pow({CUSTOMERS}, {_chance("a")}))), 6, '0')),
        '{EVENT}', at, toDecimal128(1, 12),
        concat('{{"cached":', if({_chance("b")} < 0.2, 'true', 'false'),
            ',"input":', toString(toUInt32(pow(4000, {_chance("c")}))),
            ',"model":"', [{models}][1 + cityHash64(number, 'd') % {len(MODELS)}],
            '","ms":', toString(90 + cityHash64(number, 'e') % 8911),
            ',"output":', toString(toUInt32(pow(2000, {_chance("f")}))),
            ',"region":"', [{regions}][1 + cityHash64(number, 'g') % {len(REGIONS)}], '"}}'),
        at, number
    FROM (
        SELECT number, fromUnixTimestamp64Milli(
            toInt64({first_at} * 1000 + intDiv(number * {span_s}000, {count})), 'UTC') AS at
        FROM numbers({start}, {end - start})
    )"""


def _xor_shift(text: str, bits: int) -> str:
    return f"bitXor({text}, bitShiftRight({text}, {bits}))"


def mixed_sql(number: str) -> str:
    """`traffic.stored_ids` in SQL, so that index and warehouse have the same."""
    mixed = f"({_xor_shift(f'({number} + {STORED_FROM})', 30)} * 0xBF58476D1CE4E5B9)"
    mixed = f"({_xor_shift(mixed, 27)} * 0x94D049BB133111EB)"
    return _xor_shift(mixed, 31)


def _chance(name: str) -> str:
    """In [0, 1)."""
    return f"(cityHash64(number, '{name}') % 1000003) / 1000003"


def fill_index(journal: Journal, scope: bytes, count: int) -> dict[str, Any]:
    """The keys of all ids, with digests of no content: a resend of one would be a conflict."""
    lately: deque[float] = deque(maxlen=_LATELY)
    for start in range(0, count, _KEYS_A_COMMIT):
        began = time.perf_counter()
        size = min(_KEYS_A_COMMIT, count - start)
        entries = _entries(scope, np.arange(start, start + size, dtype=np.uint64), os.urandom(8 * size))
        journal.commit(entries, lambda _accepted, _first: b"")
        journal.release(journal.head)
        lately.append(size / (time.perf_counter() - began))
    return {"index_rate_at_end": round(fmean(lately))}


def _lookups_per_second(journal: Journal, scope: bytes, count: int) -> int:
    """Ids that are there, drawn at random over all of them."""
    chance = np.random.default_rng(1)
    size = min(_KEYS_A_COMMIT, count)
    batches = [chance.integers(0, count, size, dtype=np.uint64) for _ in range(_PROBES)]
    entries = [_entries(scope, np.unique(batch), bytes(8 * size)) for batch in batches]
    began = time.perf_counter()
    for each in entries:
        verdict = journal.commit(each, lambda _accepted, _first: b"")
        assert not verdict.accepted, "an id is missing in the index"
    return round(sum(map(len, entries)) / (time.perf_counter() - began))


def _entries(scope: bytes, numbers: Numbers, digests: bytes) -> Entries:
    return Entries(
        [journal_key(scope, event_id) for event_id in stored_ids(numbers)],
        [digests[at : at + 8] for at in range(0, 8 * len(numbers), 8)],
    )


if __name__ == "__main__":
    main()
