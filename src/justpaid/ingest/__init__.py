"""Stage 1: accept, validate, receipt. From a request body to the journal; see README.md."""

from justpaid.ingest.backfill import Backfill, Stage, Steps, steps_of
from justpaid.ingest.backfills import Backfills
from justpaid.ingest.block import Columns, decode_block
from justpaid.ingest.committer import Committer, Limits, Submission
from justpaid.ingest.correct import Corrections, Standing
from justpaid.ingest.dry_run import dry_run
from justpaid.ingest.event import journal_key, scope_of
from justpaid.ingest.feed import Feed, LiveEvent, Watcher
from justpaid.ingest.open_backfill import backfill_of, find_backfill, list_backfills, open_backfill
from justpaid.ingest.pace import Pace
from justpaid.ingest.preparer import Preparer
from justpaid.ingest.receipt import Receipt
from justpaid.ingest.sampler import Sampler
from justpaid.ingest.tables import BackfillRecord
from justpaid.ingest.versions import Version, last_version, versions_of

__all__ = [
    "Backfill",
    "BackfillRecord",
    "Backfills",
    "Columns",
    "Committer",
    "Corrections",
    "Feed",
    "Limits",
    "LiveEvent",
    "Pace",
    "Preparer",
    "Receipt",
    "Sampler",
    "Stage",
    "Standing",
    "Steps",
    "Submission",
    "Version",
    "Watcher",
    "backfill_of",
    "decode_block",
    "dry_run",
    "find_backfill",
    "journal_key",
    "last_version",
    "list_backfills",
    "open_backfill",
    "scope_of",
    "steps_of",
    "versions_of",
]
