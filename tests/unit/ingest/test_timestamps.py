"""Timestamps: every spelling that is read, to the microsecond, and every one that is not."""

from datetime import UTC, datetime

import pytest

from tests.unit.ingest.reading import NOW, ingest, with_fields

FIRST = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "instant"),
    [
        ('"2026-03-01T10:00:00Z"', FIRST),
        ('"2026-03-01t10:00:00z"', FIRST),
        ('"2026-03-01 10:00:00Z"', FIRST),
        ('"2026-03-01T10:00:00+00:00"', FIRST),
        ('"2026-03-01T10:00:00-00:00"', FIRST),
        ('"2026-03-01T12:00:00+02:00"', FIRST),
        ('"2026-03-01T04:15:00-05:45"', FIRST),
        ('"2026-03-01T00:00:00+14:00"', datetime(2026, 2, 28, 10, tzinfo=UTC)),
        ('"2026-03-01T10:00:00.5Z"', FIRST.replace(microsecond=500_000)),
        ('"2026-03-01T10:00:00.847Z"', FIRST.replace(microsecond=847_000)),
        ('"2026-03-01T10:00:00.123456Z"', FIRST.replace(microsecond=123_456)),
        ('"2026-03-01T10:00:00.1234569Z"', FIRST.replace(microsecond=123_456)),  # cut, not rounded: never into tomorrow
        ('"2026-03-01T10:00:00.123456789+00:00"', FIRST.replace(microsecond=123_456)),
        ('"2024-02-29T00:00:00Z"', datetime(2024, 2, 29, tzinfo=UTC)),
        # A leap second counts as the first second after it, as on Unix.
        ('"2016-12-31T23:59:60Z"', datetime(2017, 1, 1, tzinfo=UTC)),
        ('"2016-12-31T23:59:60.5z"', datetime(2017, 1, 1, microsecond=500_000, tzinfo=UTC)),
        ('"2017-01-01T01:59:60+02:00"', datetime(2017, 1, 1, tzinfo=UTC)),
        ("1772359200", FIRST),
        ("1772359200000", FIRST),
        ("1772359200.25", FIRST.replace(microsecond=250_000)),
        ("1772359200123.456", FIRST.replace(microsecond=123_456)),
        ("1.7723592e9", FIRST),
        ("17723592e5", FIRST),
        ("946684800", datetime(2000, 1, 1, tzinfo=UTC)),
        ('"2000-01-01T00:00:00Z"', datetime(2000, 1, 1, tzinfo=UTC)),
        ('"2026-03-15T12:00:00Z"', NOW),
    ],
)  # fmt: skip
def test_what_is_read(sent: str, instant: datetime) -> None:
    prepared = ingest(with_fields(f'"timestamp": {sent}'))
    assert prepared.receipt.errors == []
    assert prepared.columns.timestamp == [round(instant.timestamp() * 1_000_000)]


@pytest.mark.parametrize("fields", ['"timestamp": null', '"quantity": 1'])
def test_without_one_it_is_the_time_of_arrival(fields: str) -> None:
    assert ingest(with_fields(fields)).columns.timestamp == [1_773_000_000_000_000]


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ('"2026-03-01T10:00:00"', "has no offset"),
        ('"2026-03-01 10:00:00"', "has no offset"),
        ('"2026-03-01"', "has no offset"),
        ('"2026-03-01T10:00:00.25"', "has no offset"),
        ('"9999-12-31T23:59:59Z"', "is outside 2000-01-01 to 2026-03-15T12:00Z"),
        ('"9999-12-31T23:59:59-14:00"', "is outside"),
        ('"9999-12-31T23:59:60Z"', "is neither"),
        ('"0001-01-01T00:00:00+14:00"', "is outside"),
        ('"1999-12-31T23:59:59.999999Z"', "is outside"),
        ('"2026-03-15T12:00:00.000001Z"', "is outside"),
        ("0", "is outside"),
        ("-5", "is outside"),
        ("-1772359200", "is outside"),
        ("1772359200000000", "is "),  # microseconds
        ("1e18", "is neither"),
        ("-1e18", "is neither"),
        ("123456789012345678901234", "is neither"),
        ("1e-999999", "is outside"),
        ('"2026-02-29T00:00:00Z"', "is neither"),
        ('"2026-13-01T00:00:00Z"', "is neither"),
        ('"2026-03-01T25:00:00Z"', "is neither"),
        ('"2026-03-01T10:61:00Z"', "is neither"),
        ('"2026-03-01T10:00:61Z"', "is neither"),
        ('"2026-03-01T10:00:00+24:00"', "is neither"),
        ('"2026-03-01T10:00:00 Europe/Berlin"', "is neither"),
        ('"Sun, 01 Mar 2026 10:00:00 GMT"', "is neither"),
        ('"01/03/2026"', "is neither"),
        ('"1772359200"', "is neither"),
        ('"now"', "is neither"),
        ('""', "is neither"),
        ('"٢026-03-01T10:00:00Z"', "is neither"),
        ("true", "is neither"),
        ("[]", "is neither"),
        ("{}", "is neither"),
    ],
)
def test_what_is_not_read(sent: str, reason: str) -> None:
    prepared = ingest(with_fields(f'"timestamp": {sent}'))
    (error,) = prepared.receipt.errors
    assert (error["code"], error["id"]) == ("invalid_timestamp", "i")
    assert error["message"].startswith("timestamp: ")
    assert reason in error["message"]
    assert len(prepared.entries) == 0
