"""Who appears: Larkspur AI, whose product completes code and converses, and its customers. All of them are invented."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from justpaid.demo.draw import BITS, Wheel, draws
from justpaid.demo.trace import Call, Service

COMPANY: Final = "Larkspur AI"

#: Share, in percent, of this month's calls that are new business: made by a second copy of a recorded call.
GROWTH_PERCENT: Final = 12

#: The trace does not say which models served it; these are drawn by weight.
_MODELS: Final[dict[Service, tuple[tuple[str, int], ...]]] = {
    "code": (("claude-sonnet-4-5", 60), ("gpt-4.1-mini", 40)),
    "conversation": (("gpt-4o", 65), ("gpt-4o-mini", 35)),
}


@dataclass(frozen=True, slots=True)
class Customer:
    """`code` and `conversation` are its weights in the traffic of each service; `users` how many people use it.

    It starts on day `start_day` of last month, local midnight. `anchor`: billed by calendar month or from that day.
    """

    key: str
    name: str
    plan: str
    currency: str
    timezone: str
    city: str
    country: str
    code: int
    conversation: int
    users: int
    start_day: int = 1
    anchor: Literal["calendar", "anniversary"] = "calendar"

    def as_json(self) -> dict[str, Any]:
        return {
            "external_id": self.key,
            "name": self.name,
            "email": f"billing@{self.key}.example",
            "currency": self.currency,
            "timezone": self.timezone,
            "address": {"city": self.city, "country": self.country},
            "metadata": {"segment": self.plan},
        }


CUSTOMERS: Final = (
    Customer("acme", "Acme Corp", "scale", "USD", "America/New_York", "New York", "US", 24, 20, 60),
    Customer("globex", "Globex Inc", "scale", "USD", "America/Chicago", "Chicago", "US", 14, 18, 45),
    Customer("hooli", "Hooli", "team", "USD", "America/Los_Angeles", "Palo Alto", "US", 12, 14, 28),
    Customer("umbrella", "Umbrella", "enterprise-eu", "EUR", "Europe/Berlin", "Berlin", "DE", 12, 14, 70),
    Customer("initech", "Initech", "team", "USD", "America/Chicago", "Austin", "US", 10, 6, 12),
    Customer("soylent", "Soylent", "japan", "JPY", "Asia/Tokyo", "Tokyo", "JP", 8, 10, 30),
    Customer(
        "wayne", "Wayne Enterprises", "scale", "USD", "Europe/London", "London", "GB", 8, 8, 25, 10, "anniversary"
    ),
    Customer("stark", "Stark Industries", "starter", "USD", "America/New_York", "New York", "US", 6, 4, 9, 15),
    Customer("wonka", "Wonka Industries", "enterprise-eu", "EUR", "Europe/Paris", "Paris", "FR", 4, 3, 14),
    Customer("cyberdyne", "Cyberdyne Systems", "starter", "USD", "Australia/Sydney", "Sydney", "AU", 2, 3, 4),
)


@dataclass(frozen=True, slots=True)
class Part:
    """Who made a call, with which model; `grows` if this month has it a second time."""

    customer: Customer
    model: str
    user: str
    grows: bool


@cache
def part_of(call: Call) -> Part:
    """Depends on nothing but the call, so that a restart and a later month find the same."""
    who, model, user, growth = draws(f"part {call.service} {call.number}")
    customer = CUSTOMERS[_wheels()[call.service].position(who)]
    models = _MODELS[call.service]
    # Squared, so that a few people use it much and many now and then.
    person = (user * user >> BITS) * customer.users >> BITS
    return Part(
        customer=customer,
        model=models[Wheel(weight for _, weight in models).position(model)][0],
        user=f"{customer.key}-user-{person + 1:02d}",
        grows=growth * 100 >> BITS < GROWTH_PERCENT,
    )


@cache
def _wheels() -> dict[Service, Wheel]:
    return {
        "code": Wheel(customer.code for customer in CUSTOMERS),
        "conversation": Wheel(customer.conversation for customer in CUSTOMERS),
    }
