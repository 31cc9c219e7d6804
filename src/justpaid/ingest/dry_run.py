"""What would become of events, without keeping any."""

from datetime import datetime

from justpaid.ingest.event import latest_timestamp
from justpaid.ingest.prepare import prepare
from justpaid.ingest.reading import read_events
from justpaid.ingest.receipt import Receipt
from justpaid.kernel.instants import microseconds_of


def dry_run(lines: bytes, *, organisation_id: str, live: bool, now: datetime) -> Receipt:
    """Of events as NDJSON: `accepted` are valid, `errors` say why others are not. Duplicates are not looked for."""
    events = read_events(lines, ndjson=True, max_events=50_000)
    latest = latest_timestamp(now, live=live)
    prepared = prepare(events, lines, organisation_id=organisation_id, now=microseconds_of(now), latest=latest)
    prepared.receipt.accepted = len(prepared.entries)
    return prepared.receipt
