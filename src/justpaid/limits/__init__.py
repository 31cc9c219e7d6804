"""What usage and cost are watched against: alerts; see README.md."""

from justpaid.limits.alerts import (
    MAX_RECIPIENTS,
    NewAlert,
    create_alert,
    delete_alert,
    last_firings,
    list_alerts,
)
from justpaid.limits.checker import AlertChecker
from justpaid.limits.standing import Standing, standings
from justpaid.limits.tables import Alert, Base, Firing, Maker, Measure

__all__ = [
    "MAX_RECIPIENTS",
    "Alert",
    "AlertChecker",
    "Base",
    "Firing",
    "Maker",
    "Measure",
    "NewAlert",
    "Standing",
    "create_alert",
    "delete_alert",
    "last_firings",
    "list_alerts",
    "standings",
]
