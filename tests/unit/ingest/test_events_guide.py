"""docs/guides/events.md names every code that a receipt can hold, and its example is one that is refused so."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from justpaid.ingest.event import EventRejected, parse_timestamp

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "guides" / "events.md").read_text()


def test_every_code_of_a_receipt_has_its_remedy() -> None:
    source = "".join(path.read_text() for path in (ROOT / "src" / "justpaid" / "ingest").glob("*.py"))
    raised = set(re.findall(r'EventRejected\(\s*"(\w+)"', source)) | {f"invalid_{name}" for name in ("id", "event")}
    told = set(re.findall(r"`(\w+)`", GUIDE))
    assert {"missing_field", "malformed_json", "invalid_quantity"} <= raised
    assert raised | {"conflict", "invalid_customer_id"} <= told


def test_the_receipt_shown_is_what_a_sender_gets() -> None:
    with pytest.raises(EventRejected) as refused:
        parse_timestamp("2026-04-17T15:19:02", datetime(2100, 1, 1, tzinfo=UTC))
    assert f'"code": "{refused.value.code}"' in GUIDE
    assert refused.value.message in GUIDE
