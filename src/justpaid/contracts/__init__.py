"""Stage 3b: who has agreed to what. Subscriptions, their phases and billing periods; see README.md."""

from justpaid.contracts.agreement import Agreement
from justpaid.contracts.change import At, cancel, change, pause, resume, unschedule
from justpaid.contracts.charges import Charge, Charges, PriceBook
from justpaid.contracts.find import (
    Status,
    add_on_versions,
    find_subscription,
    list_subscriptions,
    status_of,
    subscriptions_of,
)
from justpaid.contracts.migrate import MAX_MIGRATED, Migrated, When, migrate, on_other_versions
from justpaid.contracts.phases import AddOn, Agreed, Kind, Phase, Proration, Segment
from justpaid.contracts.ramp import Duration, NewPhase
from justpaid.contracts.records import billed_ahead_of, timeline_of
from justpaid.contracts.subscribe import Anchor, NewSubscription, subscribe
from justpaid.contracts.tables import Subscription, SubscriptionPhase
from justpaid.contracts.thresholds import may_reach_thresholds, set_thresholds, thresholds_of
from justpaid.contracts.timeline import Timeline

__all__ = [
    "MAX_MIGRATED",
    "AddOn",
    "Agreed",
    "Agreement",
    "Anchor",
    "At",
    "Charge",
    "Charges",
    "Duration",
    "Kind",
    "Migrated",
    "NewPhase",
    "NewSubscription",
    "Phase",
    "PriceBook",
    "Proration",
    "Segment",
    "Status",
    "Subscription",
    "SubscriptionPhase",
    "Timeline",
    "When",
    "add_on_versions",
    "billed_ahead_of",
    "cancel",
    "change",
    "find_subscription",
    "list_subscriptions",
    "may_reach_thresholds",
    "migrate",
    "on_other_versions",
    "pause",
    "resume",
    "set_thresholds",
    "status_of",
    "subscribe",
    "subscriptions_of",
    "thresholds_of",
    "timeline_of",
    "unschedule",
]
