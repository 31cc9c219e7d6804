"""Many rows in one statement: they travel as one JSON text, which PostgreSQL takes apart itself.

A row costs Python its encoding in C and nothing else, so that a thread which stores a hundred thousand leaves the
others their turns. COPY would be as quick, but does not obey row-level security.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.platform.database import Record

#: Decimals as text, so that every digit and every place of them arrives; instants as RFC 3339.
_JSON: Final = msgspec.json.Encoder()

Rows = Sequence[Mapping[str, Any]]


def insert_rows(session: Session, table: type[Record], rows: Rows) -> None:
    """Insert `rows`, which all have the same columns. None is NULL, in a column of JSON too.

    Raises: IntegrityError.
    """
    if not rows:
        return
    columns = _quoted(rows[0])
    _execute(
        session,
        f"INSERT INTO {table.__tablename__} ({columns}) "
        f"SELECT {columns} FROM json_populate_recordset(NULL::{table.__tablename__}, CAST(:rows AS json))",
        rows,
    )


def update_rows(session: Session, table: type[Record], rows: Rows) -> None:
    """Set what `rows`, which all have an `id` and the same other columns, say of the rows with these ids."""
    if not rows:
        return
    settings = ", ".join(f'"{name}" = changed."{name}"' for name in rows[0] if name != "id")
    _execute(
        session,
        f"UPDATE {table.__tablename__} AS stored SET {settings} "
        f"FROM json_populate_recordset(NULL::{table.__tablename__}, CAST(:rows AS json)) AS changed "
        "WHERE stored.id = changed.id",
        rows,
    )


def _execute(session: Session, sql: str, rows: Rows) -> None:
    session.execute(sa.text(sql), {"rows": _JSON.encode(rows).decode()})


def _quoted(row: Mapping[str, Any]) -> str:
    return ", ".join(f'"{name}"' for name in row)
