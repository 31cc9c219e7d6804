"""Who calls: organisations in test and live mode, and the API keys that act for them."""

from justpaid.accounts.authentication import Identity, authenticate, recall
from justpaid.accounts.bootstrap import bootstrap
from justpaid.accounts.keys import IssuedKey, issue_key, list_keys, revoke_key
from justpaid.accounts.organisations import Pair, create_organisation, find_organisation, list_organisations
from justpaid.accounts.settings import InvoiceSettings, OrganisationSettings, settings_of
from justpaid.accounts.tables import ApiKey, Mode, Organisation

__all__ = [
    "ApiKey",
    "Identity",
    "InvoiceSettings",
    "IssuedKey",
    "Mode",
    "Organisation",
    "OrganisationSettings",
    "Pair",
    "authenticate",
    "bootstrap",
    "create_organisation",
    "find_organisation",
    "issue_key",
    "list_keys",
    "list_organisations",
    "recall",
    "revoke_key",
    "settings_of",
]
