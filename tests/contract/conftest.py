"""The API over a real PostgreSQL, one server a test process. Each test gets companies of its own."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from justpaid.accounts import create_organisation, issue_key
from justpaid.api import create_app, tables  # noqa: F401  (declares its table)
from justpaid.ingest import Backfills, Committer, Feed, Limits
from justpaid.kernel.clock import SystemClock
from justpaid.metering import MeterDefinition, Metering, load_definitions
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.journal import Journal, open_journal
from justpaid.platform.settings import Settings, load_settings
from justpaid.platform.warehouse import Warehouse

BODY_LIMIT = 1 << 20

_numbers = itertools.count(1)


@dataclass
class TestInstallation:
    """PostgreSQL and the settings; the other engines are not needed by these routes."""

    __test__ = False

    database: Database
    settings: Settings
    clock: SystemClock = field(default_factory=SystemClock)
    readiness: bool | str = True
    metering: Any = None
    ingest: Any = None
    backfills: Any = None
    feed: Any = None
    imports: Any = None
    journal: Any = None
    warehouse: Any = None

    def ready(self) -> bool | str:
        self.database.ready()
        return self.readiness


@dataclass(frozen=True)
class Engines:
    """Journal, warehouse, and what runs between them; its fields are those of `TestInstallation`."""

    journal: Journal
    warehouse: Warehouse
    metering: Metering
    ingest: Committer
    backfills: Backfills
    feed: Feed


@dataclass(frozen=True)
class Company:
    """One organisation in test mode, its twin in live mode, and a client for each."""

    organisation_id: str
    client: TestClient
    live: TestClient
    secret: str


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("contract") / "postgres")
    database = Database(server.start())
    database.migrate()
    yield database
    database.close()
    server.stop()


@pytest.fixture(scope="module")
def engines(database: Database, warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """For modules whose `installation` is `TestInstallation(database, load_settings(), **vars(engines))`."""
    for table in ("events", "usage", "voids", "expired", "backfills"):
        warehouse.execute(f"DROP TABLE IF EXISTS {table}")

    def definitions() -> list[MeterDefinition]:
        with database.system() as session:
            return load_definitions(session)

    journal = open_journal(str(tmp_path_factory.mktemp("engines") / "journal"))
    metering = Metering(journal, warehouse, definitions, max_rows=100_000)
    feed = Feed()
    limits = Limits(body_bytes=BODY_LIMIT, batch_events=1000)
    ingest = Committer(journal, SystemClock(), limits, feed)
    backfills = Backfills(journal, SystemClock(), limits, metering.backfills.replaced_among)
    metering.start()
    ingest.start()
    yield Engines(journal, warehouse, metering, ingest, backfills, feed)
    ingest.stop()
    metering.stop()
    journal.close()


@pytest.fixture
def installation(database: Database) -> TestInstallation:
    return TestInstallation(database, load_settings())


class CurrentInstallation:
    """Stands for the installation of the test that runs."""

    of: TestInstallation

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.of, name, value)

    def become(self, installation: TestInstallation) -> None:
        object.__setattr__(self, "of", installation)


@pytest.fixture(scope="session")
def shared_app() -> FastAPI:
    """One a process: an app's first request takes a fifth of a second."""
    return create_app(CurrentInstallation())  # type: ignore[arg-type]


@pytest.fixture
def app(shared_app: FastAPI, installation: TestInstallation) -> FastAPI:
    shared_app.state.installation.become(installation)
    return shared_app


@pytest.fixture
def anonymous(app: FastAPI) -> TestClient:
    """A client without a key."""
    return TestClient(app)


def companies(app: FastAPI, database: Database) -> Callable[[], Company]:
    """What makes a new one at each call."""

    def make() -> Company:
        with database.system() as session:
            pair = create_organisation(session, f"Company {next(_numbers)}")
            test, live = (issue_key(session, each, "tests") for each in (pair.test, pair.live))

        def client(secret: str) -> TestClient:
            return TestClient(app, headers={"Authorization": f"Bearer {secret}"})

        return Company(pair.test.id, client(test.secret), client(live.secret), test.secret)

    return make


@pytest.fixture
def new_company(app: FastAPI, database: Database) -> Callable[[], Company]:
    return companies(app, database)


@pytest.fixture
def company(new_company: Callable[[], Company]) -> Company:
    return new_company()


@pytest.fixture
def client(company: Company) -> TestClient:
    return company.client
