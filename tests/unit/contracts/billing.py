"""A subscription that lives in memory: changed, paused and billed through the same pure functions as a stored one."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from justpaid.catalog import Plan, PlanVersion
from justpaid.contracts import Agreed, Agreement, Phase, PriceBook, Segment, Timeline, edits
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.spans import Skeletons
from justpaid.kernel.schedule import Interval


def plan(key: str, *prices: dict[str, Any], interval: Interval = "month", currency: str = "USD") -> PlanVersion:
    return PlanVersion(
        id=key,
        version=1,
        currency=currency,
        interval=interval,
        prices=list(prices),
        currencies={},
        trial_days=0,
        minimum_commitment=None,
        billing_thresholds=[],
        plan=Plan(id=key, key=key, name=key),
    )


def fee(amount: str, billing: str, key: str = "base") -> dict[str, Any]:
    return {"key": key, "name": key, "model": "flat", "amount": amount, "billing": billing}


def seat(amount: str, billing: str, key: str = "seats") -> dict[str, Any]:
    return {"key": key, "name": key, "model": "seats", "unit_amount": amount, "billing": billing}


@dataclass
class Life:
    """`bills` are what the boundaries billed, in their order."""

    timeline: Timeline
    book: PriceBook
    billed_to: datetime | None = None
    billed_ahead: Segment | None = None
    bills: list[tuple[Agreement, list[Line]]] = field(default_factory=list)

    def next_boundary(self) -> datetime | None:
        if self.billed_to is None:
            return self.timeline.start_at
        return self.timeline.boundary_following(self.billed_to, self.billed_ahead)

    def bill_until(self, as_of: datetime) -> None:
        while (at := self.next_boundary()) is not None and at <= as_of:
            agreement = self.timeline.agreement(at, self.billed_to, self.billed_ahead)
            assert Agreement.from_json(agreement.as_json()) == agreement
            bill = Bill.of(agreement, Skeletons(self.book), {}, customer_id="cus", keys=["acme"], currency="USD")
            self.bills.append((agreement, bill.priced({})))
            self.billed_to, self.billed_ahead = at, agreement.ahead

    @property
    def lines(self) -> list[Line]:
        return [line for _, lines in self.bills for line in lines]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


def begin(book: PriceBook, first: PlanVersion, start: datetime, *, zone: str = "UTC", seats: int = 1) -> Life:
    interval: Interval = first.interval  # type: ignore[assignment]
    agreed = Agreed(first.id, interval, start, seats)
    return Life(Timeline((Phase("first", start, "paid", agreed, start),), None, zone), book)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


__all__ = ["Life", "begin", "edits", "fee", "plan", "seat", "utc"]
