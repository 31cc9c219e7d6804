"""The events behind a line: whatever the meter does with them, their parts sum to the quantity that was billed."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from justpaid import invoicing
from justpaid.kernel.errors import Conflict
from justpaid.metering import CountedEvent
from tests.scenario.conftest import Books
from tests.scenario.test_late_usage_stories import Desk

OpenDesk = Callable[..., Desk]

#: Of January: (local time, number, user). Two at the same time, one without a number, one below zero.
EVENTS: tuple[tuple[str, Any, str], ...] = (
    ("2026-01-05", 4, "ann"),
    ("2026-01-10 12:00", 7, "bob"),
    ("2026-01-10 12:00", 7, "ann"),
    ("2026-01-15", "none", "cy"),
    ("2026-01-21", -1.5, ""),
    ("2026-01-31 23:59", 2, "bob"),
)


@pytest.fixture
def proof(books: Callable[..., Books]) -> OpenDesk:
    """Acme is billed for January by a meter of this aggregation; then an event comes late and one is voided."""

    def open_proof(aggregation: str, start: str = "2026-01-01", zone: str = "Europe/Berlin") -> Desk:
        opened = books(zone)
        d = Desk(opened.engines, opened.organisation_id, zone)
        d.today("2026-01-01")
        property = {"count": None, "unique": "properties.user"}.get(aggregation, "properties.number")
        d.meter("m", aggregation, property)
        price = {"key": "m", "name": "M", "model": "per_unit", "meter": "m", "unit_amount": "1"}
        d.plan("pro", price)
        d.customer("acme", "acme-alias")
        d.subscribe("acme", "pro", start, anchor="calendar")
        d.use("acme", "2025-12-31 23:59", number=3, user="dec")
        for at, number, user in EVENTS:
            d.use("acme-alias" if user == "bob" else "acme", at, number=number, user=user)
        d.use("acme", "2026-02-01", number=100, user="feb")
        d.today("2026-02-01")
        d.bill("2026-02-01")
        d.use("acme", "2026-01-12", number=50, user="late")
        d.void_event(3)
        return d

    return open_proof


def events(d: Desk, number: str = "INV-000001", line: int = 1, size: int = 100) -> list[CountedEvent]:
    """A page of this size after the other."""
    assert d.engines.metering.drain(10)
    with d.engines.database.tenant(d.organisation_id) as session:
        counting = invoicing.counting_of(session, invoicing.find_invoice(session, number), line)
    found: list[CountedEvent] = []
    while page := d.engines.metering.counted_events.page(counting, size, found[-1].place if found else None):
        found += page
    assert found == list(d.engines.metering.counted_events.every(counting))
    return found


def quantity(d: Desk, number: str = "INV-000001", line: int = 1) -> Decimal:
    with d.engines.database.tenant(d.organisation_id) as session:
        return invoicing.find_invoice(session, number).lines[line - 1].quantity


def parts(found: list[CountedEvent]) -> list[str]:
    return ["-" if one.part is None else f"{one.part.normalize():f}" for one in found]


@pytest.mark.parametrize("size", [2, 100])
@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("count", ["1", "1", "1", "1", "1", "1"]),
        ("sum", ["4", "7", "7", "0", "-1.5", "2"]),
        ("unique", ["1", "1", "0", "1", "0", "0"]),  # ann, bob, cy; no text is no user
        ("max", ["0", "7", "0", "0", "0", "0"]),
        ("min", ["0", "0", "0", "0", "-1.5", "0"]),
        ("latest", ["0", "0", "0", "0", "0", "2"]),
    ],
)
def test_the_parts_sum_to_the_quantity(proof: OpenDesk, aggregation: str, expected: list[str], size: int) -> None:
    """What came after the cut-off is not there, and what was withdrawn after it is."""
    d = proof(aggregation)
    found = events(d, size=size)
    assert parts(found) == expected
    assert sum((one.part or Decimal(0) for one in found), Decimal(0)) == quantity(d)


def test_an_average_is_no_sum(proof: OpenDesk) -> None:
    """18.5 over 5 events that hold a number."""
    d = proof("average")
    found = events(d)
    values = [one.value for one in found if one.value is not None]
    assert parts(found) == ["-"] * 6
    assert sum(values, Decimal(0)) / len(values) == quantity(d) == Decimal("3.7")


@pytest.mark.parametrize("start", ["2026-01-01", "2026-01-08 06:30"])
def test_a_level_grows_by_its_parts(proof: OpenDesk, start: str) -> None:
    """The level of 3 that December left is there too. Where the month is a part of one, each part is for that share."""
    d = proof("weighted_sum", start)
    found = events(d, size=3)
    assert len(found) == 7
    assert sum((one.part or Decimal(0) for one in found), Decimal(0)) == quantity(d)
    if start == "2026-01-01":
        assert parts(found)[:2] == ["3", "3.483870967742"]  # 4 × 27 of 31 days
    with d.engines.database.tenant(d.organisation_id) as session:
        invoice = invoicing.find_invoice(session, "INV-000001")
        told = invoicing.explain_line(session, d.engines.metering, invoice, 1)
    assert told.metered is not None
    assert told.proration is None if start == "2026-01-01" else told.proration is not None
    if told.proration:
        assert told.metered.value > told.line.quantity


@pytest.mark.parametrize(("aggregation", "added", "gone"), [("count", "1", "-1"), ("sum", "50", "-7")])
def test_a_line_of_late_usage_has_what_came_and_what_went(
    proof: OpenDesk, aggregation: str, added: str, gone: str
) -> None:
    d = proof(aggregation)
    d.correct("INV-000001", "supplementary_invoice")
    if aggregation == "count":
        # One came and one went: nothing to bill, so another one comes.
        d.use("acme", "2026-01-13", number=50, user="late")
        assert d.correct("INV-000001", "supplementary_invoice") == "INV-000002"
    found = events(d, "INV-000002")
    assert [(one.change, part) for one, part in zip(found, parts(found), strict=True)] == [
        ("taken_back", gone), *[("added", added)] * (len(found) - 1),
    ]  # fmt: skip
    assert sum((one.part or Decimal(0) for one in found), Decimal(0)) == quantity(d, "INV-000002")


def test_an_item_of_late_usage_leads_to_its_events(proof: OpenDesk) -> None:
    d = proof("sum")
    d.today("2026-03-01")
    d.bill("2026-03-01")
    assert d.spans("INV-000002")[1][0].startswith("Late usage of INV-000001: M (m: 43 more)")
    assert parts(events(d, "INV-000002", 2)) == ["-7", "50"]
    with d.engines.database.tenant(d.organisation_id) as session:
        invoice = invoicing.find_invoice(session, "INV-000002")
        told = invoicing.explain_line(session, d.engines.metering, invoice, 2)
    assert (told.origin, told.correction is not None) == ("late_usage", True)


def test_an_item_has_no_events(proof: OpenDesk) -> None:
    d = proof("count")
    number = d.one_off("acme", ("Workshop", "100"))
    with pytest.raises(Conflict, match="bills no usage"):
        events(d, number)
