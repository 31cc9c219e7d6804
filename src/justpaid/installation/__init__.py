"""One data directory with its engines running: what every process that holds the data opens, and closes in order."""

from justpaid.installation.abandon import abandon
from justpaid.installation.billing import billing_by_itself
from justpaid.installation.checks import CheckResult, run_checks
from justpaid.installation.holder import is_held
from justpaid.installation.installation import Installation
from justpaid.installation.open import open_installation

__all__ = ["CheckResult", "Installation", "abandon", "billing_by_itself", "is_held", "open_installation", "run_checks"]
