"""Stage 1: accept, validate, receipt. From a request body to the journal; see README.md."""

from justpaid.ingest.block import Columns, decode_block
from justpaid.ingest.committer import Committer, Limits, Submission
from justpaid.ingest.correct import Corrections, Standing
from justpaid.ingest.event import journal_key, scope_of
from justpaid.ingest.feed import Feed, LiveEvent, Watcher
from justpaid.ingest.receipt import Receipt
from justpaid.ingest.versions import Version, versions_of

__all__ = [
    "Columns",
    "Committer",
    "Corrections",
    "Feed",
    "Limits",
    "LiveEvent",
    "Receipt",
    "Standing",
    "Submission",
    "Version",
    "Watcher",
    "decode_block",
    "journal_key",
    "scope_of",
    "versions_of",
]
