"""One data directory with its engines running: what every process that holds the data opens, and closes in order."""

from justpaid.installation.abandon import abandon
from justpaid.installation.alerts import alerts_by_themselves
from justpaid.installation.backtests import backtests_by_themselves
from justpaid.installation.billing import billing_by_itself
from justpaid.installation.checks import CheckResult, run_checks
from justpaid.installation.holder import is_held
from justpaid.installation.imports import imports_by_itself
from justpaid.installation.installation import Installation
from justpaid.installation.open import open_installation
from justpaid.installation.preparing import prepared_apart
from justpaid.installation.records import open_records
from justpaid.installation.retention import keep_to_the_settings, retention_by_itself
from justpaid.installation.storage import Storage, StoreSize, storage_of
from justpaid.installation.upkeep import upkeep_by_itself

__all__ = [
    "CheckResult",
    "Installation",
    "Storage",
    "StoreSize",
    "abandon",
    "alerts_by_themselves",
    "backtests_by_themselves",
    "billing_by_itself",
    "imports_by_itself",
    "is_held",
    "keep_to_the_settings",
    "open_installation",
    "open_records",
    "prepared_apart",
    "retention_by_itself",
    "run_checks",
    "storage_of",
    "upkeep_by_itself",
]
