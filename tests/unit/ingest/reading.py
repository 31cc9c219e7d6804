"""What ingest makes of a body, without journal and threads."""

from datetime import UTC, datetime

from justpaid.ingest.prepare import Prepared, prepare
from justpaid.ingest.reading import decompress, read_events

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)
LIMIT = 1 << 20


def ingest(body: bytes, *, ndjson: bool = False, encoding: str = "", limit: int = LIMIT) -> Prepared:
    plain = decompress(body, encoding, limit)
    events = read_events(plain, ndjson=ndjson, max_events=100)
    return prepare(events, plain, organisation_id="org_a", now=1_773_000_000_000_000, latest=NOW)


def with_fields(fields: str) -> bytes:
    """An event with id "i" that is valid but for `fields`."""
    return f'{{"id": "i", "customer_id": "acme", "event": "call", {fields}}}'.encode()
