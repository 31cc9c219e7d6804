"""Makes what the story needs, or finds it where an earlier run has made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from justpaid.demo.cast import CUSTOMERS, Customer
from justpaid.demo.client import Api, Json
from justpaid.demo.offer import METERS, PLANS
from justpaid.demo.placing import first_start


@dataclass(frozen=True, slots=True)
class Cast:
    """`ids`: the API's id of each customer, by key. `subscribed`: the subscriptions that exist, by customer key."""

    ids: Mapping[str, str]
    subscribed: Mapping[str, Json]
    is_new: bool

    def starts(self, now: datetime) -> dict[str, datetime]:
        """When each customer's subscription starts or started, by key."""
        return {
            customer.key: datetime.fromisoformat(self.subscribed[customer.key]["start_at"])
            if customer.key in self.subscribed
            else first_start(customer, now)
            for customer in CUSTOMERS
        }


def establish(api: Api) -> Cast:
    """Meters, plans and customers.

    No subscriptions yet: usage is sent first, or a billing run that the server starts by itself could come between.
    """
    made = [api.ensure("/v1/meters", meter["key"], meter)[1] for meter in METERS]
    made += [api.ensure("/v1/plans", plan["key"], plan)[1] for plan in PLANS]
    ids: dict[str, str] = {}
    subscribed: dict[str, Json] = {}
    for customer in CUSTOMERS:
        record, is_new = api.ensure("/v1/customers", customer.key, customer.as_json())
        ids[customer.key] = record["id"]
        made.append(is_new)
        if not is_new:
            subscribed.update((customer.key, one) for one in api.pages("/v1/subscriptions", customer_id=customer.key))
    return Cast(ids, subscribed, all(made))


def subscribe(api: Api, cast: Cast, starts: Mapping[str, datetime]) -> dict[str, Json]:
    """Every customer's subscription, by customer key."""
    return {
        customer.key: cast.subscribed.get(customer.key) or _subscribe(api, customer, starts[customer.key])
        for customer in CUSTOMERS
    }


def _subscribe(api: Api, customer: Customer, start: datetime) -> Json:
    body = {
        "customer_id": customer.key,
        "plan": customer.plan,
        "start_at": start.isoformat(),
        "billing_anchor": customer.anchor,
    }
    return api.post("/v1/subscriptions", body)
