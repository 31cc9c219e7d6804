"""PostgreSQL: transactions that are bound to one organisation, and the migrations that shape it.

Row-level security keeps organisations apart. A tenant transaction runs as the role `justpaid_app` and names its
organisation in the setting `justpaid.organisation`; where it is unset, no row is visible. `system()` runs as
`justpaid_system`, for what has to look across organisations (authentication, schedulers, standing checks). Neither
role can bypass a policy or own a table. Two roles and not one policy with an OR: that would keep PostgreSQL from
using the organisation's index.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from justpaid.kernel.errors import EngineUnavailable

APP_ROLE: Final = "justpaid_app"
SYSTEM_ROLE: Final = "justpaid_system"
_MIGRATION_LOCK: Final = 7_461_202_611  # any constant; one per product, so that two starting processes meet on it


class Record(DeclarativeBase):
    """Base of all tables. Instants carry a time zone, JSON is JSONB, names are predictable for migrations."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: sa.DateTime(timezone=True),
        dict[str, Any]: JSONB,
        dict[str, str]: JSONB,
        list[Any]: JSONB,
        str: sa.Text,
    }
    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class TenantRecord(Record):
    """Base of every table that belongs to an organisation; `isolate` gives each its row-level security."""

    __abstract__ = True

    organisation_id: Mapped[str] = mapped_column(sa.ForeignKey("organisations.id"), index=True)


class InstallationRecord(Record):
    """Base of tables that belong to no organisation; `reserve` keeps each from all but system transactions."""

    __abstract__ = True


def reserve(table: str) -> list[str]:
    """The statements that let only system transactions see `table`, for the migration that creates it."""
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY all_organisations ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true)",
    ]


def isolate(table: str, column: str = "organisation_id") -> list[str]:
    """The statements that put row-level security on `table`, for the migration that creates it."""
    own = f"{column} = current_setting('justpaid.organisation', true)"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY own_organisation ON {table} TO {APP_ROLE} USING ({own}) WITH CHECK ({own})",
        f"CREATE POLICY all_organisations ON {table} TO {SYSTEM_ROLE} USING (true) WITH CHECK (true)",
    ]


class Database:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        self.url = with_driver(url)
        self.engine = sa.create_engine(
            self.url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True, pool_timeout=20
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def tenant(self, organisation_id: str) -> Iterator[Session]:
        """One transaction that sees only this organisation; commits when the block ends well."""
        with self.begin(organisation_id) as session:
            yield session
            session.commit()

    @contextmanager
    def system(self) -> Iterator[Session]:
        """One transaction that sees all organisations."""
        with self._sessions(info={"role": SYSTEM_ROLE, "organisation": ""}) as session:
            yield session
            session.commit()

    def begin(self, organisation_id: str) -> Session:
        """A transaction bound to the organisation, for callers that commit and close it themselves."""
        return self._sessions(info={"role": APP_ROLE, "organisation": organisation_id})

    def ready(self) -> None:
        """Raises: EngineUnavailable if the server does not answer."""
        try:
            with self.engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        except sa.exc.OperationalError as error:
            raise EngineUnavailable(f"PostgreSQL does not answer: {_first_line(error)}") from error

    def migrate(self) -> None:
        """Bring the schema up to date; processes that start together wait for each other.

        Raises: EngineUnavailable if the server can't be reached or its user may not create what is needed.
        """
        try:
            with self.engine.connect() as lock:
                lock.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _MIGRATION_LOCK})
                lock.commit()
                try:
                    with self.engine.begin() as connection:
                        ensure_roles(connection)
                        command.upgrade(alembic_config(connection), "head")
                        _grant(connection)
                finally:
                    lock.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _MIGRATION_LOCK})
                    lock.commit()
        except sa.exc.DBAPIError as error:
            raise EngineUnavailable(
                f"PostgreSQL could not be prepared: {_first_line(error)}. Check DATABASE_URL, that the server runs, "
                "and that its user may create tables and, once, the roles justpaid_app and justpaid_system."
            ) from error

    def close(self) -> None:
        self.engine.dispose()


def with_driver(url: str) -> str:
    """The same URL with SQLAlchemy's psycopg 3 dialect, whatever spelling of PostgreSQL it came with."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.split("+")[0] not in {"postgres", "postgresql"}:
        raise EngineUnavailable("DATABASE_URL must look like postgresql://user:password@host:5432/justpaid")
    return f"postgresql+psycopg://{rest}"


def alembic_config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


@event.listens_for(Session, "after_begin")
def _bind_organisation(session: Session, _transaction: object, connection: sa.Connection) -> None:
    if "role" in session.info:
        # One round trip: `set_config('role', …, true)` is SET LOCAL ROLE.
        connection.execute(
            sa.text("SELECT set_config('role', :role, true), set_config('justpaid.organisation', :organisation, true)"),
            session.info,
        )


def ensure_roles(connection: sa.Connection) -> None:
    """Roles without login that own nothing and so are subject to every policy; the server's user steps into them.

    It may step into them but does not inherit from them, so that outside of them it sees nothing; before PostgreSQL 16
    there is no such difference.
    """
    dialect_version = connection.dialect.server_version_info or (0,)
    membership, option = ("SET", "WITH INHERIT FALSE, SET TRUE") if dialect_version >= (16,) else ("MEMBER", "")
    for role in (APP_ROLE, SYSTEM_ROLE):
        if not connection.scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
            connection.execute(sa.text(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS"))
        can_step_in = sa.text(f"SELECT pg_has_role(current_user, :role, '{membership}')")
        if not connection.scalar(can_step_in, {"role": role}):
            connection.execute(sa.text(f"GRANT {role} TO CURRENT_USER {option}"))


def _grant(connection: sa.Connection) -> None:
    for role in (APP_ROLE, SYSTEM_ROLE):
        connection.execute(sa.text(f"GRANT USAGE ON SCHEMA public TO {role}"))
        connection.execute(sa.text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"))
        connection.execute(sa.text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"))


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
