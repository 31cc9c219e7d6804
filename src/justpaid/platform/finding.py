"""How records are found: one by its key or id, many as pages of a list."""

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from justpaid.kernel.errors import NotFound

Record = TypeVar("Record")


def by_reference(session: Session, table: type[Record], name: str, reference: str) -> Record:
    """The record of `table` with this key or id; `name` is what users call one.  Raises: NotFound."""
    columns: Any = table
    record = session.scalar(sa.select(table).where(sa.or_(columns.key == reference, columns.id == reference)))
    if record is None:
        raise NotFound.of(name, reference)
    return record


def newest_first(
    session: Session,
    query: sa.Select[Record],
    id_: InstrumentedAttribute[str],
    limit: int,
    before_id: str | None,
) -> Sequence[Record]:
    """A page of what `query` finds, newest first, for ids grow with time: those made before `before_id` where it is
    given."""
    query = query.order_by(id_.desc()).limit(limit)
    return session.scalars(query.where(id_ < before_id) if before_id else query).all()
