"""Stage 3b: who has agreed to what. Subscriptions and their billing periods; see README.md."""

from justpaid.contracts.periods import (
    boundary_following,
    current_period,
    first_boundary,
    period_from,
    period_until,
    schedule_of,
)
from justpaid.contracts.subscriptions import (
    Anchor,
    NewSubscription,
    cancel,
    find_subscription,
    list_subscriptions,
    status_of,
    subscribe,
)
from justpaid.contracts.tables import Subscription

__all__ = [
    "Anchor",
    "NewSubscription",
    "Subscription",
    "boundary_following",
    "cancel",
    "current_period",
    "find_subscription",
    "first_boundary",
    "list_subscriptions",
    "period_from",
    "period_until",
    "schedule_of",
    "status_of",
    "subscribe",
]
