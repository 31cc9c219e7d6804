"""What would become of events, without keeping any."""

from datetime import UTC, datetime, timedelta

from justpaid.ingest.event import latest_timestamp
from justpaid.ingest.prepare import prepare
from justpaid.ingest.reading import read_events
from justpaid.ingest.receipt import Receipt

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def dry_run(lines: bytes, *, organisation_id: str, live: bool, now: datetime) -> Receipt:
    """Of events as NDJSON: `accepted` are valid, `errors` say why others are not. Duplicates are not looked for."""
    events = read_events(lines, ndjson=True, max_events=50_000)
    microseconds = (now - _EPOCH) // timedelta(microseconds=1)
    latest = latest_timestamp(now, live=live)
    prepared = prepare(events, lines, organisation_id=organisation_id, now=microseconds, latest=latest)
    prepared.receipt.accepted = len(prepared.entries)
    return prepared.receipt
