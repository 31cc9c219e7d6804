"""Who calls: organisations in test and live mode, and the API keys that act for them."""

from justpaid.accounts.audit import Actor, AuditEntry, audit, list_audit_entries
from justpaid.accounts.authentication import Identity, authenticate, recall
from justpaid.accounts.bootstrap import bootstrap
from justpaid.accounts.keys import IssuedKey, issue_key, list_keys, revoke_key
from justpaid.accounts.organisations import (
    Pair,
    create_organisation,
    find_organisation,
    list_organisations,
    update_organisation,
)
from justpaid.accounts.own_clock import MAX_YEARS_AHEAD, check_advance, clock_of, set_clock
from justpaid.accounts.settings import (
    MAX_NET_DAYS,
    InvoiceSettings,
    OrganisationSettings,
    SellerSettings,
    image_of,
    settings_of,
)
from justpaid.accounts.tables import ApiKey, Mode, Organisation

__all__ = [
    "MAX_NET_DAYS",
    "MAX_YEARS_AHEAD",
    "Actor",
    "ApiKey",
    "AuditEntry",
    "Identity",
    "InvoiceSettings",
    "IssuedKey",
    "Mode",
    "Organisation",
    "OrganisationSettings",
    "Pair",
    "SellerSettings",
    "audit",
    "authenticate",
    "bootstrap",
    "check_advance",
    "clock_of",
    "create_organisation",
    "find_organisation",
    "image_of",
    "issue_key",
    "list_audit_entries",
    "list_keys",
    "list_organisations",
    "recall",
    "revoke_key",
    "set_clock",
    "settings_of",
    "update_organisation",
]
