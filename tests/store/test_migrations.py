"""The migrations make exactly the declared tables, and no table of an organisation goes without its isolation."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import justpaid.accounts.audit
import justpaid.accounts.people_tables
import justpaid.accounts.tables
import justpaid.api.tables
import justpaid.catalog.tables
import justpaid.contracts.tables
import justpaid.coupons.tables
import justpaid.credits.tables
import justpaid.customers.tables
import justpaid.delivery.outbox
import justpaid.imports.tables
import justpaid.ingest.tables
import justpaid.insights.backtest.tables
import justpaid.invoicing.credit_note_tables
import justpaid.invoicing.sharing
import justpaid.invoicing.tables
import justpaid.ledger.tables
import justpaid.limits.tables
import justpaid.metering.tables
import justpaid.portal.links
import justpaid.taxes.tables  # noqa: F401  (each declares its tables)
from justpaid.platform.database import APP_ROLE, Database, InstallationRecord, Record
from justpaid.platform.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with EmbeddedPostgres(tmp_path_factory.mktemp("migrations") / "postgres") as url:
        database = Database(url)
        database.migrate()
        yield database
        database.close()


def test_all_migrations_together_make_the_declared_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Record.metadata) == []


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()


def test_every_table_but_alembics_is_isolated_by_organisation(database: Database) -> None:
    with database.engine.connect() as connection:
        bare = connection.scalars(
            sa.text("""SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY relname""")
        ).all()
        policies = dict(
            connection.execute(
                sa.text("SELECT tablename, count(*) FROM pg_policies WHERE policyname = 'own_organisation' GROUP BY 1")
            ).all()
        )
    assert bare == ["alembic_version"]
    reserved = {m.class_.__tablename__ for m in Record.registry.mappers if issubclass(m.class_, InstallationRecord)}
    assert policies == dict.fromkeys(Record.metadata.tables.keys() - reserved, 1)


def test_users_and_their_secrets_are_closed_to_every_organisation(database: Database) -> None:
    from justpaid.accounts import create_organisation, create_user

    with database.system() as session:
        organisation_id = create_organisation(session, "Ours").test.id
        create_user(session, "ann@acme.example", "Ann")
        assert session.scalar(sa.text("SELECT count(*) FROM users")) == 1
    with database.tenant(organisation_id) as session:
        for table in ("users", "sessions", "one_time_links", "sign_in_attempts"):
            assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0
        assert session.execute(sa.text("UPDATE users SET password_hash = 'x'")).rowcount == 0  # type: ignore[attr-defined]


def test_a_transaction_sees_and_writes_only_its_own_organisation(database: Database) -> None:
    from justpaid.accounts import create_organisation

    with database.system() as session:
        ours, theirs = create_organisation(session, "Ours").test.id, create_organisation(session, "Theirs").test.id
    count = sa.text("SELECT count(*) FROM organisations WHERE id IN (:a, :b)")
    with database.tenant(ours) as session:
        assert session.scalar(count, {"a": ours, "b": theirs}) == 1
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"), session.begin_nested():
            session.execute(
                sa.text("INSERT INTO meters VALUES ('m', 'k', 'n', 'e', 'count', NULL, '[]', '[]', now(), :org)"),
                {"org": theirs},
            )
    with database.system() as session:
        assert session.scalar(count, {"a": ours, "b": theirs}) == 2
    with database.engine.begin() as connection:
        connection.execute(sa.text(f"SET LOCAL ROLE {APP_ROLE}"))
        assert connection.scalar(sa.text("SELECT count(*) FROM organisations")) == 0
