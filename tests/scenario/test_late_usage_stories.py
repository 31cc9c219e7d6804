"""Dated stories of usage that comes after its invoice was issued: what it comes to, how it is put right; by hand."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from justpaid import catalog, invoicing, metering
from justpaid.ingest import Backfill, Standing, Submission
from justpaid.kernel.errors import Conflict
from justpaid.kernel.ids import new_id
from tests.scenario.conftest import Books, money
from tests.scenario.test_totals_stories import Till

OpenDesk = Callable[..., "Desk"]


class Desk(Till):
    """Books with words for usage that changes after it was billed."""

    def void_event(self, n: int) -> None:
        """The n-th event of these books never happened."""
        self.engines.corrections.void(self._standing(n))

    def amend_event(self, n: int, **changes: Any) -> None:
        self.engines.corrections.amend(self._standing(n), changes, live=False)

    def _standing(self, n: int) -> Standing:
        assert self.engines.metering.drain(10)
        event = self.engines.metering.events.find(self.organisation_id, f"evt-{n}")
        assert event is not None
        return Standing(
            organisation_id=self.organisation_id,
            id=event.id,
            sequence=event.sequence,
            customer_key=event.customer_key,
            event=event.event,
            timestamp=event.timestamp,
            quantity=event.quantity,
            properties=event.properties,
        )

    def backfill(self, start: str, end: str, *events: tuple[str, str, int], replace: bool = False) -> Backfill:
        """Closed at once. Events: (customer, local time, quantity)."""
        made = Backfill(new_id("bf"), self.organisation_id, self.at(start), self.at(end), replace=replace)
        sent = [
            {"id": f"{made.id}-{n}", "customer_id": customer, "event": "call", "timestamp": self.at(when).isoformat(),
             "quantity": quantity}
            for n, (customer, when, quantity) in enumerate(events)
        ]  # fmt: skip
        receipt = self.engines.backfills.send(
            made, Submission(self.organisation_id, False, json.dumps(sent).encode())
        )  # fmt: skip
        assert receipt.accepted == len(events), receipt.errors
        self.engines.backfills.close(made)
        return made

    def late(self, number: str) -> list[tuple[str, str, str]]:
        """(description, quantity, amount) of each line that is late still."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = invoicing.find_invoice(session, number)
            (late,) = invoicing.find_late_usage(session, self.engines.metering, [found])
        return [(one.line.description, money(one.quantity), money(one.amount)) for one in late.lines]

    def correct(self, number: str, policy: Any = "next_invoice") -> str | None:
        """What it is on: `items`, or the number of its document; None where nothing was to be done."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = invoicing.find_invoice(session, number)
            now = self.engines.clock.now()
            made = invoicing.correct_late_usage(session, self.engines.metering, found, policy, now)
            on = self._document(session, made) if made else None
        self.check()
        return on

    def _document(self, session: Any, made: invoicing.LateUsageCorrection) -> str | None:
        if made.supplementary_id:
            return invoicing.find_invoice(session, made.supplementary_id).number
        return invoicing.find_credit_note(session, made.credit_note_id).number if made.credit_note_id else "items"

    def corrections(self, number: str) -> list[tuple[str, str]]:
        """(policy, net) of each that stands."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = invoicing.find_invoice(session, number)
            live = invoicing.live_corrections(session, [found.id]).get(found.id, [])
            return [(one.policy, money(sum((x.amount - x.discount for x in one.lines), Decimal(0)))) for one in live]

    def items(self) -> list[tuple[str, str]]:
        """(description, amount) of those that wait."""
        with self.engines.database.tenant(self.organisation_id) as session:
            waiting = invoicing.list_items(session, limit=100, pending=True)
            return [(item.description, money(item.unit_amount)) for item in reversed(waiting)]

    def void_invoice(self, number: str) -> None:
        with self.engines.database.tenant(self.organisation_id) as session:
            invoicing.void_invoice(session, invoicing.find_invoice(session, number), self.engines.clock.now())
        self.check()

    def correct_alone(self) -> bool:
        """In a thread, without the checks."""
        with self.engines.database.tenant(self.organisation_id) as session:
            found = invoicing.find_invoice(session, "INV-000001")
            now = self.engines.clock.now()
            return invoicing.correct_late_usage(
                session, self.engines.metering, found, "supplementary_invoice", now
            ) is not None  # fmt: skip

    def run_alone(self) -> None:
        e = self.engines
        invoicing.run_billing(e.database, e.metering, e.clock, self.organisation_id, as_of=e.clock.now())

    def check(self) -> None:
        super().check()
        with self.engines.database.tenant(self.organisation_id) as session:
            for note in invoicing.list_credit_notes(session, limit=100):
                if note.reason == "late_usage":
                    assert invoicing.verify_credit_note(session, self.engines.metering, note).ok


CALLS = {"key": "calls", "name": "Calls", "model": "per_unit", "meter": "calls", "unit_amount": "1"}


@pytest.fixture
def desk(books: Callable[..., Books]) -> OpenDesk:
    """`desk()`: acme pays 1 a call from 1 January 2026 and is billed by the month; `prices` in place of that."""

    def open_desk(*prices: dict[str, Any], zone: str = "UTC", currency: str = "USD", policy: str = "") -> Desk:
        opened = books(zone)
        d = Desk(opened.engines, opened.organisation_id, zone)
        d.today("2026-01-01")
        if policy:
            d.settings(late_usage_policy=policy)
        d.meter("calls", "sum", "quantity")
        d.plan("pro", *(prices or (CALLS,)), currency=currency)
        d.customer("acme")
        return d

    return open_desk


def january(d: Desk, calls: int = 10) -> str:
    """Acme's January is billed on 1 February, as INV-000001; the subscription."""
    subscription = d.subscribe("acme", "pro", "2026-01-01")
    if calls:
        d.use("acme", "2026-01-10 12:00", calls)
    d.today("2026-02-01")
    d.bill("2026-02-01")
    return subscription


def test_late_usage_goes_on_the_next_invoice(desk: OpenDesk) -> None:
    """10 calls in January are billed. On 3 February 5 more come for 20 January. February has 7: its invoice is 12."""
    d = desk()
    january(d)
    d.today("2026-02-03")
    d.use("acme", "2026-01-20 09:00", 5)
    assert d.late("INV-000001") == [("Calls", "5", "5")]
    d.use("acme", "2026-02-10", 7)
    d.today("2026-03-01")
    d.bill("2026-03-01")
    assert d.invoices() == [
        ("INV-000001", "2026-01-01", "2026-02-01", "10"),
        ("INV-000002", "2026-02-01", "2026-03-01", "12"),
    ]
    assert d.spans("INV-000002") == [
        ("Calls", "2026-02-01", "2026-03-01", "7"),
        ("Late usage of INV-000001: Calls (calls: 5 more), 2026-01-01 to 2026-02-01", "2026-01-01", "2026-02-01", "5"),
    ]
    assert d.late("INV-000001") == []


def test_it_is_priced_as_if_it_had_come_in_time(desk: OpenDesk) -> None:
    """The first 10 at 1, more at 0.50. 8 are billed at 8. 4 late ones: 2 × 1 + 2 × 0.50 = 3."""
    tiers = [{"up_to": "10", "unit_amount": "1"}, {"up_to": None, "unit_amount": "0.5"}]
    d = desk({"key": "calls", "name": "Calls", "model": "graduated", "meter": "calls", "tiers": tiers})
    january(d, 8)
    d.use("acme", "2026-01-20", 4)
    assert d.late("INV-000001") == [("Calls", "4", "3")]


def test_usage_within_what_is_included_comes_to_nothing(desk: OpenDesk) -> None:
    """100 are included. 8 and 4 late ones: nothing to bill, now or later."""
    d = desk(CALLS | {"included_quantity": "100"})
    january(d, 8)
    d.use("acme", "2026-01-20", 4)
    assert d.late("INV-000001") == [("Calls", "4", "0")]
    assert d.correct("INV-000001") is None
    d.use("acme", "2026-01-21", 90)
    assert d.late("INV-000001") == [("Calls", "94", "2")]  # 102 − 100


def test_a_void_and_an_amendment_are_given_back_on_the_next_invoice(desk: OpenDesk) -> None:
    """10 and 6 calls are billed at 16. The 6 never happened and the 10 were 9: 7 too much. February has 20: 13."""
    d = desk()
    subscription = d.subscribe("acme", "pro", "2026-01-01")
    d.use("acme", "2026-01-10", 10)
    d.use("acme", "2026-01-11", 6)
    d.today("2026-02-01")
    d.bill("2026-02-01")
    d.void_event(2)
    d.amend_event(1, quantity=9)
    assert d.late("INV-000001") == [("Calls", "-7", "-7")]
    d.use("acme", "2026-02-10", 20)
    d.today("2026-03-01")
    d.bill("2026-03-01")
    assert d.invoices()[-1] == ("INV-000002", "2026-02-01", "2026-03-01", "13")
    assert d.late("INV-000001") == []
    assert subscription


def test_more_than_the_next_invoice_bills_is_carried_over(desk: OpenDesk) -> None:
    """10 calls are billed and never happened; February has 4. 4 − 10: the invoice is 0 and 6 are carried over."""
    d = desk()
    january(d)
    d.void_event(1)
    d.use("acme", "2026-02-10", 4)
    d.today("2026-03-01")
    d.bill("2026-03-01")
    found = d.found("INV-000002")
    assert (money(found.total), money(found.carried_over)) == ("0", "6")


def test_a_supplementary_invoice_follows_tax_and_discounts_of_the_original(desk: OpenDesk) -> None:
    """100 calls with 20 % off and 19 % tax: 100 − 20 = 80, 15.20 tax. The coupon was for one invoice, and tax is 25 %
    by now. 50 late calls: 50 − 10 = 40, 19 % of it 7.60."""
    d = desk(policy="supplementary_invoice")
    d.tax_rate("de", "19")
    d.coupon("save", percent="20")
    d.give("save", "acme")
    january(d, 100)
    d.tax_rate("new", "25")
    assert d.totals("INV-000001") == ("100", "20", "15.20", "95.20", "95.20")
    d.use("acme", "2026-01-20", 50)
    d.today("2026-02-05")
    d.bill("2026-02-05")
    assert d.invoices()[-1] == ("INV-000002", "2026-01-01", "2026-02-01", "47.60")
    assert d.totals("INV-000002") == ("50", "10", "7.60", "47.60", "47.60")
    assert d.lines("INV-000002") == [("calls", "50", "50")]
    assert d.found("INV-000002").kind == "supplementary"


def test_on_the_next_invoice_tax_and_discounts_are_those_of_the_original_too(desk: OpenDesk) -> None:
    """As above, on February's invoice: 40 net of the discount, 7.60 tax; February's own 10 have 19 + 25 %: 4.40."""
    d = desk()
    d.tax_rate("de", "19")
    d.coupon("save", percent="20")
    d.give("save", "acme")
    january(d, 100)
    d.tax_rate("new", "25")
    d.use("acme", "2026-01-20", 50)
    d.use("acme", "2026-02-10", 10)
    d.today("2026-03-01")
    d.bill("2026-03-01")
    assert d.totals("INV-000002") == ("50", "0", "12", "62", "62")


def test_an_amount_off_is_not_taken_twice(desk: OpenDesk) -> None:
    """30 off once. 20 calls: 20 − 20 = 0. 25 late ones: of 45 the whole 30 come off, 10 more than before: 15."""
    d = desk()
    d.coupon("thirty", amount="30", currency="USD")
    d.give("thirty", "acme")
    january(d, 20)
    assert d.totals("INV-000001") == ("20", "20", "0", "0", "0")
    d.use("acme", "2026-01-20", 25)
    assert d.correct("INV-000001", "supplementary_invoice") == "INV-000002"
    assert d.totals("INV-000002") == ("25", "10", "0", "15", "15")


def test_a_credit_note_gives_back_with_tax_and_more_is_a_supplementary_invoice(desk: OpenDesk) -> None:
    """100 calls at 19 %: 119. 30 of them were not: 30 and 5.70. Then 10 came late after all: 10 and 1.90."""
    d = desk(policy="credit_note")
    d.tax_rate("de", "19")
    january(d, 100)
    d.amend_event(1, quantity=70)
    d.today("2026-02-05")
    d.bill("2026-02-05")
    assert d.note("CN-000001") == ("30", "5.70", "35.70")
    assert d.totals("INV-000001")[-1] == "83.30"
    d.use("acme", "2026-01-20", 10)
    d.today("2026-02-07")
    d.bill("2026-02-07")
    assert d.totals("INV-000002") == ("10", "0", "1.90", "11.90", "11.90")
    assert d.corrections("INV-000001") == [("credit_note", "-30"), ("supplementary_invoice", "10")]


def test_a_credit_note_takes_from_other_lines_what_a_discount_took_from_its_own(desk: OpenDesk) -> None:
    """60 a month and 40 calls, 50 off: 30 + 20 = 50 to pay. The calls were not: the 50 come off the 60, so 10 is to be
    paid and 40 goes back, though the calls' own line has only 20 left."""
    d = desk({"key": "base", "name": "Base", "model": "flat", "amount": "60"}, CALLS)
    d.coupon("fifty", amount="50", currency="USD")
    d.give("fifty", "acme")
    january(d, 40)
    assert d.totals("INV-000001") == ("100", "50", "0", "50", "50")
    d.void_event(1)
    assert d.correct("INV-000001", "credit_note") == "CN-000001"
    assert d.note("CN-000001") == ("40", "0", "40")
    assert d.totals("INV-000001")[-1] == "10"


def test_what_was_credited_already_is_not_credited_again(desk: OpenDesk) -> None:
    """10 calls, of which 8 were credited by hand. None of them was: 10 would have to go back, 2 are left."""
    d = desk()
    january(d)
    d.credit("INV-000001", lines=[(1, "8")])
    d.void_event(1)
    with pytest.raises(Conflict, match="10 would have to be, and 2 is left"):
        d.correct("INV-000001", "credit_note")
    d.settings(late_usage_policy="credit_note")
    d.today("2026-02-05")
    d.bill("2026-02-05")  # says so in the log, and goes on
    assert d.corrections("INV-000001") == []


def test_a_minimum_commitment_takes_up_late_usage(desk: OpenDesk) -> None:
    """50 at least. 10 calls and 40 true-up are billed. 15 late ones cost 15 and lessen the true-up by 15; 30 more are
    55 in all, 5 above it."""
    d = desk()
    with d.engines.database.tenant(d.organisation_id) as session:
        catalog.create_plan(
            session, d.organisation_id, key="min", name="min", currency="USD", interval="month", prices=[CALLS],
            minimum_commitment={"amount": "50"},
        )  # fmt: skip
    d.subscribe("acme", "min", "2026-01-01")
    d.use("acme", "2026-01-10", 10)
    d.today("2026-02-01")
    d.bill("2026-02-01")
    d.use("acme", "2026-01-20", 15)
    assert d.late("INV-000001") == [("Calls", "15", "15"), ("Minimum commitment", "0", "-15")]
    assert d.correct("INV-000001", "supplementary_invoice") == "INV-000002"
    assert d.totals("INV-000002") == ("0", "0", "0", "0", "0")
    d.use("acme", "2026-01-21", 30)
    assert d.late("INV-000001") == [("Calls", "30", "30"), ("Minimum commitment", "-1", "-25")]
    assert d.correct("INV-000001", "supplementary_invoice") == "INV-000003"
    assert d.totals("INV-000003")[0] == "5"


def test_repeating_it_changes_nothing(desk: OpenDesk) -> None:
    d = desk()
    january(d)
    d.use("acme", "2026-01-20", 5)
    assert [d.correct("INV-000001", "supplementary_invoice") for _ in range(3)] == ["INV-000002", None, None]
    d.today("2026-02-05")
    d.bill("2026-02-05")
    d.bill("2026-02-05")
    assert d.corrections("INV-000001") == [("supplementary_invoice", "5")]


def test_usage_that_trickles_in_makes_one_item(desk: OpenDesk) -> None:
    """5, then 3 more, then 8 that came were void: nothing waits any more. 2 come in the end."""
    d = desk()
    january(d)
    for n, waits in ((5, "5"), (3, "8")):
        d.use("acme", "2026-01-20", n)
        d.bill("2026-02-05")
        assert [amount for _, amount in d.items()] == [waits]
    d.void_event(2)
    d.void_event(3)
    d.bill("2026-02-05")
    assert d.items() == []
    d.use("acme", "2026-01-21", 2)
    d.bill("2026-02-05")
    assert d.corrections("INV-000001") == [("next_invoice", "2")]


def test_after_it_was_billed_more_is_billed_alone(desk: OpenDesk) -> None:
    """5 late in February's invoice, 3 more for January in March's."""
    d = desk()
    january(d)
    d.use("acme", "2026-01-20", 5)
    d.today("2026-03-01")
    d.bill("2026-03-01")
    d.use("acme", "2026-01-21", 3)
    d.today("2026-04-01")
    d.bill("2026-04-01")
    assert [total for *_, total in d.invoices()] == ["10", "5", "3"]
    assert d.corrections("INV-000001") == [("next_invoice", "5"), ("next_invoice", "3")]


def test_a_customer_without_an_invoice_to_come_gets_one(desk: OpenDesk) -> None:
    """The subscription ends with January. 5 late: a supplementary invoice. 2 of them were not: a credit note."""
    d = desk()
    d.subscribe("acme", "pro", "2026-01-01", end="2026-02-01")
    d.use("acme", "2026-01-10", 10)
    d.today("2026-02-01")
    d.bill("2026-02-01")
    d.use("acme", "2026-01-20", 5)
    d.bill("2026-02-03")
    assert d.invoices()[-1] == ("INV-000002", "2026-01-01", "2026-02-01", "5")
    d.amend_event(1, quantity=8)
    d.bill("2026-02-04")
    assert d.note("CN-000001") == ("2", "0", "2")


def test_the_policy_none_leaves_it_until_it_is_another(desk: OpenDesk) -> None:
    d = desk(policy="none")
    january(d)
    d.use("acme", "2026-01-20", 5)
    d.bill("2026-02-05")
    assert d.corrections("INV-000001") == []
    assert d.late("INV-000001") == [("Calls", "5", "5")]
    with pytest.raises(Conflict, match="policy is none"):
        d.correct("INV-000001", "none")
    d.settings(late_usage_policy="supplementary_invoice")
    d.bill("2026-02-06")
    assert d.corrections("INV-000001") == [("supplementary_invoice", "5")]


def test_a_void_supplementary_invoice_leaves_it_to_be_put_right(desk: OpenDesk) -> None:
    """5 on INV-000002, 3 on INV-000003. The first is void: 5 are late again. The original can't be voided before."""
    d = desk()
    january(d)
    d.use("acme", "2026-01-20", 5)
    assert d.correct("INV-000001", "supplementary_invoice") == "INV-000002"
    d.use("acme", "2026-01-21", 3)
    assert d.correct("INV-000001", "supplementary_invoice") == "INV-000003"
    d.void_invoice("INV-000002")
    assert d.late("INV-000001") == [("Calls", "5", "5")]
    with pytest.raises(Conflict, match="INV-000003; void that first"):
        d.void_invoice("INV-000001")
    assert d.correct("INV-000001") == "items"
    assert d.corrections("INV-000001") == [("supplementary_invoice", "3"), ("next_invoice", "5")]
    d.void_invoice("INV-000003")
    d.void_invoice("INV-000001")
    assert d.items() == []


def test_a_closed_and_a_reverted_backfill(desk: OpenDesk) -> None:
    """January had 10 calls. A backfill says it were 25 instead: 15 more. It is reverted: 15 less, which are more than
    the first invoice billed; they come off the second."""
    d = desk(policy="credit_note")
    january(d)
    backfill = d.backfill("2026-01-01", "2026-02-01", ("acme", "2026-01-05", 25), replace=True)
    d.today("2026-02-03")
    d.bill("2026-02-03")
    assert d.totals("INV-000002")[0] == "15"
    d.engines.backfills.revert(backfill)
    d.today("2026-02-05")
    d.bill("2026-02-05")
    assert d.note("CN-000001")[0] == "15"
    assert [d.totals(number)[-1] for number in ("INV-000001", "INV-000002")] == ["10", "0"]


def test_a_late_change_of_a_level_is_late_in_every_period_after_it(desk: OpenDesk) -> None:
    """2 seats from 1 January at 10 a month. In March it turns out that there was a third one from 1 January: 10 for
    January and 10 for February."""
    seats = {"key": "seats", "name": "Seats", "model": "per_unit", "meter": "seats", "unit_amount": "10"}
    d = desk(CALLS)
    d.meter("seats", "weighted_sum", "properties.change", event="seat")
    d.plan("level", seats)
    d.subscribe("acme", "level", "2026-01-01")
    d.use("acme", "2026-01-01", event="seat", change=2)
    for month in ("2026-02-01", "2026-03-01"):
        d.today(month)
        d.bill(month)
    d.use("acme", "2026-01-01 00:00", event="seat", change=1)
    d.today("2026-04-01")
    d.bill("2026-04-01")
    assert [total for *_, total in d.invoices()] == ["20", "20", "50"]  # 30 for March, and 10 + 10
    assert d.late("INV-000001") == d.late("INV-000002") == []


def test_a_key_that_becomes_the_customers(desk: OpenDesk) -> None:
    """4 calls were sent as acme-old, whom nobody knew. They are acme's once that is its alias."""
    d = desk()
    d.use("acme-old", "2026-01-15", 4)
    january(d)
    d.bill("2026-02-02")
    d.of_customer("acme", aliases=["acme-old"])
    assert d.late("INV-000001") == [("Calls", "4", "4")]
    d.bill("2026-02-03")
    assert d.corrections("INV-000001") == [("next_invoice", "4")]


@pytest.mark.parametrize(
    ("zone", "inside", "outside"),
    [
        ("Asia/Tokyo", "2026-01-31 23:59", "2026-02-01 00:00"),
        ("America/Los_Angeles", "2026-01-31 23:59", "2026-02-01 00:00"),
        ("Pacific/Kiritimati", "2026-01-01 00:00", "2025-12-31 23:59"),
    ],
)
def test_late_is_what_lies_in_the_customers_own_period(desk: OpenDesk, zone: str, inside: str, outside: str) -> None:
    d = desk(zone=zone)
    january(d)
    d.use("acme", inside, 3)
    d.use("acme", outside, 100)
    assert d.late("INV-000001") == [("Calls", "3", "3")]


def test_yen_are_whole(desk: OpenDesk) -> None:
    """0.335 a call: 10 are 3.35 → 3. 3 late ones make 13 × 0.335 = 4.355 → 4: 1 more, not 1.005 → 1 by itself."""
    d = desk(CALLS | {"unit_amount": "0.335"}, currency="JPY")
    january(d)
    d.use("acme", "2026-01-20", 3)
    assert d.late("INV-000001") == [("Calls", "3", "1")]
    d.use("acme", "2026-01-20", 1)  # 14 × 0.335 = 4.69 → 5
    assert d.late("INV-000001") == [("Calls", "4", "2")]


def test_a_meter_that_was_changed_since_counts_as_it_did(desk: OpenDesk) -> None:
    """The meter only counts large calls from February on; January is what its meter was then."""
    d = desk()
    january(d)
    size = metering.Filter("properties.size", metering.Operator.EQ, ("large",))
    d.change_meter("calls", filters=[size])
    assert d.late("INV-000001") == []
    d.use("acme", "2026-01-20", 5)
    assert d.late("INV-000001") == [("Calls", "5", "5")]


def test_drafts_and_one_off_invoices_have_no_late_usage(desk: OpenDesk) -> None:
    d = desk()
    d.subscribe("acme", "pro", "2026-01-01")
    d.use("acme", "2026-01-10", 10)
    d.today("2026-02-01")
    d.bill("2026-02-01", finalize=False)
    (draft,) = d.drafts()
    with pytest.raises(Conflict, match="takes late usage when it is refreshed"):
        d.correct(draft)
    d.use("acme", "2026-01-20", 5)
    d.bill("2026-02-01")
    assert d.totals("INV-000001")[0] == "15"
    number = d.one_off("acme", ("Workshop", "100"))
    with pytest.raises(Conflict, match="one_off"):
        d.correct(number)


def test_several_at_once_make_one_correction(desk: OpenDesk) -> None:
    """8 corrections and 4 runs at the same time: 5 late calls are billed once."""
    d = desk(policy="supplementary_invoice")
    january(d)
    d.use("acme", "2026-01-20", 5)
    with ThreadPoolExecutor(12) as pool:
        tried = [pool.submit(d.correct_alone) for _ in range(8)]
        runs = [pool.submit(d.run_alone) for _ in range(4)]
        made = [one.result() for one in tried]
        _ = [one.result() for one in runs]
    assert sum(made) <= 1
    assert d.corrections("INV-000001") == [("supplementary_invoice", "5")]
    assert [number for number, *_ in d.invoices()] == ["INV-000001", "INV-000002"]


def test_the_database_refuses_a_second_correction_from_the_same_state(desk: OpenDesk) -> None:
    d = desk()
    january(d)
    d.use("acme", "2026-01-20", 5)
    d.correct("INV-000001", "supplementary_invoice")

    def repeat_it() -> None:
        with d.engines.database.tenant(d.organisation_id) as session:
            first = session.scalars(sa.select(invoicing.LateUsageCorrection)).one()
            again = {name: getattr(first, name) for name in ("organisation_id", "invoice_id", "number", "created_at")}
            more = {"policy": "next_invoice", "cutoff": 0, "customer_keys": [], "after": [], "discounts": []}
            session.add(invoicing.LateUsageCorrection(id=new_id("luc"), **again, **more))

    with pytest.raises(sa.exc.IntegrityError, match="uq_late_usage_corrections_invoice_id_number"):
        repeat_it()
