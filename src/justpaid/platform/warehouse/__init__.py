"""The column store that holds every event and every rollup, and answers usage questions.

On one node this is ClickHouse inside the process (`chdb.py`). A ClickHouse server takes its place behind the same
interface and with the same SQL: statements use bound parameters (`{name:Type}`), and what they read of this process's
memory is given to them as one table (`GIVEN`; to a server it goes as external data).
"""

from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from justpaid.platform.warehouse.chdb import GIVEN, ChdbWarehouse
from justpaid.platform.warehouse.disks import COLD
from justpaid.platform.warehouse.literals import quote, quote_instant, quote_second

__all__ = ["COLD", "GIVEN", "Warehouse", "open_warehouse", "quote", "quote_instant", "quote_second"]


class Warehouse(Protocol):
    """Safe for use by several threads at once."""

    def query(self, sql: str, parameters: dict[str, Any] | None = None, given: pa.Table | None = None) -> pa.Table:
        """The result of a SELECT. Decimals, instants and texts come as Arrow decimals, timestamps and strings.

        The statement finds the rows of `given` in the table `GIVEN`; columns that its schema allows no null in are
        not Nullable.

        Raises: EngineUnavailable.
        """
        ...

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        """Run a statement. What an INSERT … SELECT adds is there whole or not at all, and on disk when it returns."""
        ...

    def insert(self, table: str, rows: pa.Table) -> None:
        """Add `rows`: whole or not at all, and on disk when it returns."""
        ...

    def use_all_disks(self, table: str) -> None:
        """Let parts of the table lie on the cold disk too, where there is one; safe to repeat."""
        ...

    def defer_merges(self) -> None:
        """Let merges in the background yield to statements, once there are tables; safe to repeat."""
        ...

    def close(self) -> None: ...


def open_warehouse(path: str, cold: Path | None = None) -> Warehouse:
    """Open, or make, the warehouse in this folder, with a second disk at `cold`.  Raises: EngineUnavailable."""
    return ChdbWarehouse(path, cold)
