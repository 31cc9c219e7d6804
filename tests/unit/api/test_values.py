import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from pydantic import BaseModel, ValidationError

from justpaid.api.values import ExactDecimal, Instant


class Priced(BaseModel):
    amount: ExactDecimal


class Dated(BaseModel):
    at: Instant


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("0.002", "0.002"), (Decimal("0.0020"), "0.002"), (100, "100"), ("1e3", "1000"), ("-0", "0")],
)
def test_decimals_are_read_and_shown_exactly(sent: object, shown: str) -> None:
    assert json.loads(Priced.model_validate({"amount": sent}).model_dump_json()) == {"amount": shown}


@pytest.mark.parametrize("sent", ["", " 5 ", "1,5", "NaN", 1.5, True, None, "0.0000000000001", "1e20", [1]])
def test_other_amounts_are_refused(sent: object) -> None:
    with pytest.raises(ValidationError):
        Priced.model_validate({"amount": sent})


@pytest.mark.parametrize(
    ("sent", "instant", "shown"),
    [
        ("2026-04-17T15:19:02Z", datetime(2026, 4, 17, 15, 19, 2, tzinfo=UTC), "2026-04-17T15:19:02Z"),
        ("2026-04-17t17:19:02+02:00", datetime(2026, 4, 17, 15, 19, 2, tzinfo=UTC), "2026-04-17T15:19:02Z"),
        (
            "2026-04-17T15:19:02.847Z",
            datetime(2026, 4, 17, 15, 19, 2, 847_000, tzinfo=UTC),
            "2026-04-17T15:19:02.847000Z",
        ),
        ("2024-02-29T23:59:59-00:30", datetime(2024, 3, 1, 0, 29, 59, tzinfo=UTC), "2024-03-01T00:29:59Z"),
    ],
)
def test_instants_are_read_with_their_offset_and_shown_in_utc(sent: str, instant: datetime, shown: str) -> None:
    dated = Dated.model_validate({"at": sent})
    assert dated.at == instant
    assert json.loads(dated.model_dump_json()) == {"at": shown}


@pytest.mark.parametrize(
    "sent",
    [
        "2026-04-17T15:19:02",  # no offset
        "2026-04-17",
        "2026-02-30T00:00:00Z",
        "2026-04-17T24:61:00Z",
        "9999-12-31T23:59:59Z",
        "1969-12-31T23:59:59Z",
        "2026-04-17T15:19:02+99:99",
        "20260417T151902Z",
        "٢٠٢٦-04-17T15:19:02Z",
        1_776_439_142,
        None,
    ],
)
def test_other_instants_are_refused(sent: object) -> None:
    with pytest.raises(ValidationError):
        Dated.model_validate({"at": sent})
