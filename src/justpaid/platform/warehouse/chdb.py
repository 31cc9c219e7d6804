"""The warehouse on one node: ClickHouse in process, through chDB.

One process owns the folder. A connection runs one statement at a time, so there is a small pool of them; calls release
Python's lock while they run.
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.background import defer
from justpaid.platform.warehouse.disks import POLICY, configured
from justpaid.platform.warehouse.literals import parameter

#: chDB finds a table by the name that it has in the frame that runs the statement (`ChdbWarehouse._run`).
GIVEN: Final = "Python(given)"
_CONNECTIONS: Final = 4
_DATABASE: Final = "justpaid"

# One insert is one block and so one part, which a crash leaves there whole or not at all.
_ONE_PART: Final = "max_insert_threads = 1, min_insert_block_size_rows = 100000000, min_insert_block_size_bytes = 0"
# What is inserted is aggregated already: nothing of it would be merged before it is written.
_AS_IT_IS: Final = "optimize_on_insert = 0"
# A rollup statement grows with the meters that a block meets.
_LONG_STATEMENTS: Final = (
    "max_query_size = 100000000, max_ast_elements = 10000000, max_expanded_ast_elements = 10000000"
)


class ChdbWarehouse:
    """See `Warehouse`."""

    def __init__(self, path: str, cold: Path | None = None) -> None:
        disks = configured(Path(path), cold)
        address = f"{path}?config-file={disks}" if disks else path
        self._policy = POLICY if disks else None
        try:
            # Imported here: loading the engine takes a second that commands without a warehouse should not pay.
            from chdb.session import Session

            self._sessions: queue.LifoQueue[Any] = queue.LifoQueue()
            first = Session(address)
            first.query(f"CREATE DATABASE IF NOT EXISTS {_DATABASE}")
            for session in [first, *(Session(address) for _ in range(_CONNECTIONS - 1))]:
                session.query(f"USE {_DATABASE}")
                self._sessions.put(session)
        except Exception as error:
            raise EngineUnavailable(
                f"The warehouse in {path} can't be opened: {error}. If another JustPaid process uses this data "
                "directory, stop it first; if the disk is full, make room."
            ) from error

    def query(self, sql: str, parameters: dict[str, Any] | None = None, given: pa.Table | None = None) -> pa.Table:
        statement = f"{sql} SETTINGS output_format_arrow_string_as_string = 1"
        return self._run(statement, parameters, "ArrowTable", given)

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> None:
        head, select, rest = sql.partition("SELECT")
        if select and head.lstrip().startswith("INSERT"):
            sql = f"{head} SETTINGS {_ONE_PART}, {_AS_IT_IS}, {_LONG_STATEMENTS} {select}{rest}"
        self._run(sql, parameters, "Null")

    def insert(self, table: str, rows: pa.Table) -> None:
        columns = ", ".join(rows.column_names)
        insert = f"INSERT INTO {table} ({columns}) SETTINGS {_ONE_PART} SELECT {columns} FROM {GIVEN}"
        self._run(insert, None, "Null", rows)

    def use_all_disks(self, table: str) -> None:
        if self._policy is not None:
            self.execute(f"ALTER TABLE {table} MODIFY SETTING storage_policy = '{self._policy}'")

    def defer_merges(self) -> None:
        defer("MergeMutate")

    def close(self) -> None:
        """Once the statements that run have ended; those that come later are refused."""
        for _ in range(_CONNECTIONS):
            self._sessions.get().close()
        self._sessions.put(None)

    def _run(self, sql: str, parameters: dict[str, Any] | None, output: str, given: pa.Table | None = None) -> Any:
        bound = {name: parameter(value) for name, value in (parameters or {}).items()}
        with self._session() as session:
            return session.query(sql, output, params=bound)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        session = self._sessions.get()
        if session is None:
            self._sessions.put(None)  # for the next who waits
            raise EngineUnavailable("The warehouse is closed: the server is stopping.")
        try:
            yield session
        except Exception as error:
            raise EngineUnavailable(f"The warehouse could not run a statement: {_reason(error)}") from error
        finally:
            self._sessions.put(session)


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:500]
