"""What a customer's own people see: portal links, periods and spikes; see README.md."""

from justpaid.portal.history import MAX_DAYS, MAX_PERIODS, Day, PastPeriod, days_with_spikes, past_periods
from justpaid.portal.links import (
    DEFAULT_LIFE,
    MAX_LIFE,
    NewPortalLink,
    PortalLink,
    Theme,
    Visitor,
    create_portal_link,
    is_portal_token,
    list_portal_links,
    open_portal,
    revoke_portal_link,
)
from justpaid.portal.spikes import spikes

__all__ = [
    "DEFAULT_LIFE",
    "MAX_DAYS",
    "MAX_LIFE",
    "MAX_PERIODS",
    "Day",
    "NewPortalLink",
    "PastPeriod",
    "PortalLink",
    "Theme",
    "Visitor",
    "create_portal_link",
    "days_with_spikes",
    "is_portal_token",
    "list_portal_links",
    "open_portal",
    "past_periods",
    "revoke_portal_link",
    "spikes",
]
