"""What an exception of the database driver means to a client."""

import sqlalchemy as sa
import structlog
from psycopg import errors as pg

from justpaid.kernel.errors import Conflict, EngineUnavailable, InvalidRequest, JustPaidError, Overloaded

log = structlog.get_logger(__name__)


def meaning(error: sa.exc.SQLAlchemyError) -> JustPaidError | None:
    """None where it is a mistake of ours."""
    if isinstance(error, sa.exc.TimeoutError):
        return Overloaded("All connections to PostgreSQL are in use. Nothing was kept; try again.")
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    match error.orig:
        case pg.UniqueViolation() | pg.ForeignKeyViolation() | pg.ExclusionViolation():
            return Conflict("Another request changed the same record at this moment. Read it again, then repeat.")
        case pg.SerializationFailure() | pg.DeadlockDetected() | pg.LockNotAvailable() | pg.QueryCanceled():
            return Overloaded("Other requests hold the same records. Nothing was kept; try again.")
        case pg.DataError():
            # A check of ours is missing; the client gets the truth all the same.
            log.warning("value_refused_by_database", error=str(error.orig))
            return InvalidRequest("A value in this request is out of the range that can be stored. Check its fields.")
        case pg.OperationalError() | pg.InterfaceError():
            log.error("database_unavailable", error=str(error.orig))
            return EngineUnavailable("The database does not answer. Nothing was kept; try again in a few seconds.")
        case _:
            return None
