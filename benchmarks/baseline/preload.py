"""`python -m benchmarks.baseline.preload DATA COUNT SPAN_S`: see `benchmarks/preload.py`."""

import asyncio
import sys
from pathlib import Path
from typing import Final

import asyncpg

from benchmarks.baseline.__main__ import TUNING
from benchmarks.baseline.statements import ROLL_UP_ALL, SCHEMA
from benchmarks.workload import CUSTOMERS, EVENT, MODELS, REGIONS
from justpaid.platform import embedded_postgres
from justpaid.platform.telemetry import configure_logging

#: Rows first, indexes after: many times quicker, and the tables end up as compact as they can be.
_EVENTS: Final = f"""
INSERT INTO events (organisation, id, customer, event, timestamp, quantity, properties, received_at)
SELECT 'org_1', substr(md5(number::text), 1, 16), 'cus_' || lpad(floor({CUSTOMERS} ^ random())::int::text, 6, '0'),
    '{EVENT}', at, 1,
    jsonb_build_object('model', (ARRAY{list(MODELS)})[1 + floor(random() * {len(MODELS)})::int],
        'region', (ARRAY{list(REGIONS)})[1 + floor(random() * {len(REGIONS)})::int],
        'input', floor(4000 ^ random())::int, 'output', floor(2000 ^ random())::int,
        'ms', 90 + floor(random() * 8911)::int, 'cached', random() < 0.2), at
FROM (
    SELECT number, now() - interval '1 hour' - make_interval(secs => $2::float * (1 - number::float / $1)) AS at
    FROM generate_series(1, $1::bigint) AS number
) AS numbered
"""


async def _fill(url: str, count: int, span_s: int) -> None:
    database = await asyncpg.connect(url)
    await database.execute(SCHEMA)
    await database.execute("ALTER TABLE events DROP CONSTRAINT events_pkey; DROP INDEX events_of_customer")
    await database.execute(_EVENTS, count, span_s)
    await database.execute("ALTER TABLE events ADD PRIMARY KEY (organisation, id)")
    await database.execute("CREATE INDEX events_of_customer ON events (organisation, customer, timestamp)")
    await database.execute(ROLL_UP_ALL)
    await database.execute("VACUUM (ANALYZE) events")
    await database.execute("VACUUM (ANALYZE) usage")
    await database.execute("CHECKPOINT")
    await database.close()


def main() -> None:
    data, count, span_s = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    configure_logging("warning", "json")  # to stderr: stdout is for the result
    embedded_postgres._SETTINGS.update(TUNING)
    with embedded_postgres.EmbeddedPostgres(data) as url:
        asyncio.run(_fill(url, count, span_s))


if __name__ == "__main__":
    main()
