"""What a subscription agrees on, and for how long: the values that its timeline is made of. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from justpaid.kernel.period import Period
from justpaid.kernel.schedule import Interval, Schedule

Kind = Literal["paid", "trial", "paused"]
Proration = Literal["prorate", "none"]


@dataclass(frozen=True, slots=True)
class AddOn:
    """Another plan's version beside the subscription's own, `quantity` times. It has the same interval and currency."""

    plan_version_id: str
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Agreed:
    """What is charged: a plan version, how many seats, price overrides (by price key) and add-ons.

    `interval` is the plan version's; with `billing_anchor` it makes the billing periods.
    """

    plan_version_id: str
    interval: Interval
    billing_anchor: datetime
    seats: int = 1
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)  # compared, though
    add_ons: tuple[AddOn, ...] = ()

    def schedule(self, timezone: str) -> Schedule:
        return Schedule(self.interval, self.billing_anchor, timezone)

    @property
    def version_ids(self) -> tuple[str, ...]:
        return (self.plan_version_id, *(add_on.plan_version_id for add_on in self.add_ons))

    def as_json(self) -> dict[str, Any]:
        return {
            "plan_version_id": self.plan_version_id,
            "interval": self.interval,
            "billing_anchor": self.billing_anchor.isoformat(),
            "seats": self.seats,
            "overrides": dict(self.overrides),
            "add_ons": add_ons_as_json(self.add_ons),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Agreed":
        return cls(
            plan_version_id=stored["plan_version_id"],
            interval=stored["interval"],
            billing_anchor=datetime.fromisoformat(stored["billing_anchor"]),
            seats=stored["seats"],
            overrides=stored["overrides"],
            add_ons=add_ons_from_json(stored["add_ons"]),
        )


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a subscription with the same terms, from `start_at` to the next phase or the subscription's end.

    Usage follows the terms at once. Fees follow them from `fees_from` on: the same instant where the change is
    prorated, the next boundary that was not billed yet where it is not.
    """

    id: str
    start_at: datetime
    kind: Kind
    agreed: Agreed
    fees_from: datetime
    proration: Proration = "prorate"


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of time with what is agreed in it."""

    agreed: Agreed
    period: Period

    def as_json(self) -> dict[str, Any]:
        return {"agreed": self.agreed.as_json(), **period_as_json(self.period)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Segment":
        return cls(Agreed.from_json(stored["agreed"]), period_from_json(stored))


def add_ons_as_json(add_ons: tuple[AddOn, ...]) -> list[dict[str, Any]]:
    return [{"plan_version_id": one.plan_version_id, "quantity": one.quantity} for one in add_ons]


def add_ons_from_json(stored: list[Any]) -> tuple[AddOn, ...]:
    return tuple(AddOn(one["plan_version_id"], one["quantity"]) for one in stored)


def period_as_json(period: Period) -> dict[str, str]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def period_from_json(stored: Mapping[str, Any]) -> Period:
    return Period(datetime.fromisoformat(stored["start"]), datetime.fromisoformat(stored["end"]))
