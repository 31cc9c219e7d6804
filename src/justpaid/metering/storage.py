"""What the warehouse takes on disk, and moving what is cold to the slower one."""

from dataclasses import dataclass
from datetime import datetime

import structlog

from justpaid.metering.schema import month_of
from justpaid.platform.warehouse import COLD, Warehouse

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TableSize:
    """`bytes` on disk, indexes included; `cold_bytes` of them on the cold disk."""

    rows: int
    bytes: int
    cold_bytes: int


def table_sizes(warehouse: Warehouse) -> dict[str, TableSize]:
    """By table, of those that have rows."""
    rows = warehouse.query(
        f"""SELECT table, sum(rows) AS n, sum(bytes_on_disk) AS bytes,
            sumIf(bytes_on_disk, disk_name = '{COLD}') AS cold
        FROM system.parts WHERE active AND database = currentDatabase() GROUP BY table ORDER BY table"""
    )
    return {row["table"]: TableSize(row["n"], row["bytes"], row["cold"]) for row in rows.to_pylist()}


def move_cold(warehouse: Warehouse, received_before: datetime) -> None:
    """Move the months of `events` that ended before this instant's month to the cold disk."""
    rows = warehouse.query(
        f"""SELECT DISTINCT partition FROM system.parts
        WHERE active AND database = currentDatabase() AND table = 'events' AND disk_name != '{COLD}' AND rows > 0
            AND match(partition, '^[0-9]{{6}}$') AND partition < '{month_of(received_before):%Y%m}'
        ORDER BY partition"""
    )
    if rows.num_rows:
        warehouse.use_all_disks("events")
    for month in [row["partition"] for row in rows.to_pylist()]:
        warehouse.execute(f"ALTER TABLE events MOVE PARTITION {month} TO DISK '{COLD}'")
        log.info("warehouse.moved_to_cold_disk", month=month)
