"""PostgreSQL alone, whether or not a server runs over the data: for what its owner does beside it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

from justpaid.installation.holder import is_held
from justpaid.platform.data_directory import DataDirectory
from justpaid.platform.database import Database
from justpaid.platform.embedded_postgres import EmbeddedPostgres
from justpaid.platform.settings import Settings


@contextmanager
def open_records(settings: Settings) -> Iterator[Database]:
    """The database of this installation: of the running server's, else opened for as long as the block runs.

    Who may enter the data folder, or has DATABASE_URL, owns the installation; nothing else is asked.
    Raises: EngineUnavailable.
    """
    with ExitStack() as opened:
        url = settings.database_url
        if url is None:
            postgres = EmbeddedPostgres(settings.data_dir / "postgres")
            if is_held(settings.data_dir):
                opened.callback(postgres.stop)
                url = postgres.visit()
            else:
                opened.enter_context(DataDirectory(settings.data_dir))
                url = opened.enter_context(postgres)
        database = opened.enter_context(closing(Database(url, pool_size=2)))
        database.migrate()
        yield database
