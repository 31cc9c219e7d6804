"""Stage 3a: what is sold. Plans, their immutable versions, and the terms that a version sets; see README.md."""

from justpaid.catalog.plans import add_version, create_plan, find_plan, list_plans
from justpaid.catalog.tables import Plan, PlanVersion
from justpaid.catalog.terms import Overrides, Terms, is_in_advance, terms_of

__all__ = [
    "Overrides",
    "Plan",
    "PlanVersion",
    "Terms",
    "add_version",
    "create_plan",
    "find_plan",
    "is_in_advance",
    "list_plans",
    "terms_of",
]
