"""A PostgreSQL server that someone else runs, reached by DATABASE_URL, with a user that is no superuser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from justpaid.accounts import create_organisation, issue_key, list_keys
from justpaid.kernel.errors import EngineUnavailable
from justpaid.platform.database import Database, with_driver
from justpaid.platform.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its superuser's URL."""
    with EmbeddedPostgres(tmp_path_factory.mktemp("theirs") / "postgres") as url:
        yield url


def execute(url: str, *statements: str) -> None:
    engine = sa.create_engine(with_driver(url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def url_of(server: str, user: str, database: str) -> str:
    return server.replace("postgres@", f"{user}@").replace("/justpaid?", f"/{database}?")


@pytest.fixture
def database(server: str) -> Iterator[Database]:
    execute(server, "CREATE ROLE billing LOGIN CREATEROLE", "CREATE DATABASE theirs OWNER billing")
    database = Database(url_of(server, "billing", "theirs"))
    yield database
    database.close()
    execute(server, "DROP DATABASE theirs", "DROP ROLE justpaid_app, justpaid_system, billing")


def test_an_ordinary_user_that_may_create_roles_is_enough_and_stays_isolated(database: Database) -> None:
    database.migrate()
    database.migrate()
    with database.system() as session:
        ours, theirs = create_organisation(session, "Ours").test, create_organisation(session, "Theirs").test
        issue_key(session, ours, "ours")
        issue_key(session, theirs, "theirs")
    with database.tenant(ours.id) as session:
        assert [key.name for key in list_keys(session)] == ["ours"]
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM api_keys")) == 0


def test_a_user_that_may_not_prepare_it_is_told_what_is_missing(server: str) -> None:
    execute(server, "CREATE ROLE poor LOGIN", "CREATE DATABASE poor OWNER poor")
    database = Database(url_of(server, "poor", "poor"))
    with pytest.raises(EngineUnavailable, match=r"permission denied to create role.*justpaid_app and justpaid_system"):
        database.migrate()
    database.close()
    execute(server, "DROP DATABASE poor", "DROP ROLE poor")


def test_a_server_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody@/nothing?host={tmp_path}")
    with pytest.raises(EngineUnavailable, match="Check DATABASE_URL"):
        database.migrate()


@pytest.mark.parametrize("url", ["mysql://u@h/d", "justpaid", "", "sqlite:///x"])
def test_a_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(EngineUnavailable, match="must look like postgresql://"):
        Database(url)
