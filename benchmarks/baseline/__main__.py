"""`python -m benchmarks.baseline DATA PORT`: the baseline over the PostgreSQL that JustPaid brings, on the same HTTP
server and event loop."""

import sys
from pathlib import Path
from typing import Final

from benchmarks.baseline.service import create_app
from benchmarks.listening import listen_until_told
from justpaid.platform import embedded_postgres

#: As one sets up PostgreSQL for this job; JustPaid keeps small tables in it and leaves it small.
TUNING: Final = {
    "shared_buffers": "2GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "work_mem": "64MB",
    "maintenance_work_mem": "1GB",
}
_POOL_SIZE: Final = 6


def main() -> None:
    data, port = Path(sys.argv[1]), int(sys.argv[2])
    embedded_postgres._SETTINGS.update(TUNING)
    with embedded_postgres.EmbeddedPostgres(data) as url:
        listen_until_told(create_app(url, pool_size=_POOL_SIZE), port)


if __name__ == "__main__":
    main()
