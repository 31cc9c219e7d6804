"""Opening the engines of one data directory, each after what it needs, and closing them in reverse.

PostgreSQL, journal and warehouse know nothing of each other and open side by side. Only then comes what joins them:
the schema, metering (which first finishes what a killed predecessor left), and last the committer, which takes events.
"""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from typing import Final, TypeVar

import structlog

from justpaid import accounts
from justpaid.imports import Importer
from justpaid.ingest import Backfills, Committer, Feed, Limits
from justpaid.installation.installation import Installation
from justpaid.kernel.clock import Clock, SystemClock
from justpaid.kernel.errors import InvalidRequest
from justpaid.metering import MeterDefinition, Metering, load_definitions
from justpaid.platform.data_directory import DataDirectory
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.journal import Journal, open_journal
from justpaid.platform.settings import Settings
from justpaid.platform.warehouse import Warehouse, open_warehouse

T = TypeVar("T")

#: Compressed bodies wait in memory for the committer: room for a few of the largest requests.
_QUEUED_BODIES: Final = 4

log = structlog.get_logger(__name__)


@contextmanager
def open_installation(settings: Settings, clock: Clock | None = None) -> Iterator[Installation]:
    """Open the data directory of `settings`, alone, for as long as the block runs.

    Raises: EngineUnavailable, with its remedy, if an engine can't start; InvalidRequest for a bad bootstrap key. What
    was open by then is closed again.
    """
    clock = clock or SystemClock()
    with ExitStack() as opened:
        directory = opened.enter_context(DataDirectory(settings.data_dir))
        database, journal, warehouse = _open_engines(settings, directory, opened)
        feed = Feed()
        metering = _start_metering(settings, database, journal, warehouse, opened)
        limits = _limits(settings)
        backfills = Backfills(journal, clock, limits, metering.backfills.replaced_among)
        ingest = Committer(journal, clock, limits, feed, free_bytes=lambda: shutil.disk_usage(directory.path).free)
        ingest.start()
        _closing(opened, "committer", ingest.stop)
        imports = Importer(database, ingest, clock, directory.imports)
        yield Installation(settings, clock, database, journal, warehouse, metering, ingest, backfills, feed, imports)


def _open_engines(
    settings: Settings, directory: DataDirectory, opened: ExitStack
) -> tuple[Database, Journal, Warehouse]:
    with ThreadPoolExecutor(max_workers=3, thread_name_prefix="open") as side_by_side:
        url = side_by_side.submit(_database_url, settings, directory, opened)
        journal = side_by_side.submit(
            _opened, opened, "journal", lambda: open_journal(str(directory.journal)), lambda it: it.close()
        )
        warehouse = side_by_side.submit(
            _opened, opened, "warehouse", lambda: _warehouse(settings, directory), lambda it: it.close()
        )
        # Interrupted here, the block still waits for all three; interrupted at its end it would not.
        wait((url, journal, warehouse))
    # All three have ended here: what opened is registered for closing, whichever failed.
    engines = url.result(), journal.result(), warehouse.result()
    database = _opened(opened, "database", lambda: Database(engines[0]), lambda it: it.close())
    database.migrate()
    if settings.bootstrap_api_key is not None:
        accounts.bootstrap(database, settings.bootstrap_api_key.get_secret_value(), settings.organisation_name)
    return database, *engines[1:]


def _warehouse(settings: Settings, directory: DataDirectory) -> Warehouse:
    if settings.events_cold_after_days is not None and settings.events_cold_dir is None:
        raise InvalidRequest.of(
            "JUSTPAID_EVENTS_COLD_DIR", "is the folder that JUSTPAID_EVENTS_COLD_AFTER_DAYS moves events to. Set both"
        )
    return open_warehouse(str(directory.warehouse), settings.events_cold_dir)


def _database_url(settings: Settings, directory: DataDirectory, opened: ExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url
    server = EmbeddedPostgres(directory.postgres)
    return _opened(opened, "PostgreSQL", server.start, lambda _: server.stop())


def _start_metering(
    settings: Settings, database: Database, journal: Journal, warehouse: Warehouse, opened: ExitStack
) -> Metering:
    def definitions() -> list[MeterDefinition]:
        with database.system() as session:
            return load_definitions(session)

    metering = Metering(journal, warehouse, definitions, max_rows=settings.drain_max_rows)
    if pending := metering.lag():
        log.warning("recovering events that were accepted but not yet metered when the last run ended", events=pending)
    metering.start()
    _closing(opened, "metering", metering.stop)
    return metering


def _limits(settings: Settings) -> Limits:
    return Limits(
        body_bytes=settings.max_events_body_bytes,
        batch_events=settings.max_batch_events,
        queued_bytes=_QUEUED_BODIES * settings.max_events_body_bytes,
        backlog_bytes=settings.journal_backlog_limit_bytes,
        min_free_bytes=settings.min_free_disk_bytes,
    )


def _opened(opened: ExitStack, name: str, open: Callable[[], T], close: Callable[[T], None]) -> T:
    engine = open()
    log.debug("opened", part=name)
    _closing(opened, name, lambda: close(engine))
    return engine


def _closing(opened: ExitStack, name: str, close: Callable[[], None]) -> None:
    def closed() -> None:
        close()
        log.debug("closed", part=name)

    opened.callback(closed)
