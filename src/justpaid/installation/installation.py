"""The opened engines of one data directory."""

from dataclasses import dataclass

from justpaid.imports import Importer
from justpaid.ingest import Backfills, Committer, Feed
from justpaid.kernel.clock import Clock
from justpaid.kernel.errors import EngineUnavailable
from justpaid.metering import Metering
from justpaid.platform.database import Database
from justpaid.platform.journal import Journal
from justpaid.platform.settings import Settings
from justpaid.platform.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Installation:
    """Made by `open_installation`, which also closes it. `ingest` takes events, `backfills` those of the past,
    `feed` shows them as they come, `imports` reads them from files."""

    settings: Settings
    clock: Clock
    database: Database
    journal: Journal
    warehouse: Warehouse
    metering: Metering
    ingest: Committer
    backfills: Backfills
    feed: Feed
    imports: Importer

    def ready(self) -> bool | str:
        """True, or the reason why requests can't be served now."""
        if not self.ingest.running:
            return "the committer has stopped, so no event is accepted; restart the server"
        if not self.metering.running:
            return "metering has stopped, so usage stands still; restart the server"
        try:
            self.database.ready()
        except EngineUnavailable as error:
            return error.detail
        return True
