"""Stage 3a: what is sold. Products, plans, their versions, and the terms that a version sets; see README.md."""

from justpaid.catalog.amounts import MAX_THRESHOLDS, check_thresholds
from justpaid.catalog.apply import Change, apply_catalog
from justpaid.catalog.definition import Definition, SentTerms, check_definition, definition_of
from justpaid.catalog.differences import Difference
from justpaid.catalog.document import DeclaredPlan, DeclaredProduct, catalog_document
from justpaid.catalog.patches import Overrides
from justpaid.catalog.plans import archive_plan, create_plan, find_plan, list_plans, rename_plan, unarchive_plan
from justpaid.catalog.products import change_product, create_product, find_product, list_products, product_taxes
from justpaid.catalog.tables import Plan, PlanKind, PlanVersion, Product
from justpaid.catalog.terms import (
    Terms,
    Threshold,
    billing_thresholds_of,
    check_overrides,
    currency_for,
    offered_currencies,
    terms_of,
)
from justpaid.catalog.versions import (
    add_version,
    delete_draft,
    edit_draft,
    find_version,
    offered_version,
    publish,
)

__all__ = [
    "MAX_THRESHOLDS",
    "Change",
    "DeclaredPlan",
    "DeclaredProduct",
    "Definition",
    "Difference",
    "Overrides",
    "Plan",
    "PlanKind",
    "PlanVersion",
    "Product",
    "SentTerms",
    "Terms",
    "Threshold",
    "add_version",
    "apply_catalog",
    "archive_plan",
    "billing_thresholds_of",
    "catalog_document",
    "change_product",
    "check_definition",
    "check_overrides",
    "check_thresholds",
    "create_plan",
    "create_product",
    "currency_for",
    "definition_of",
    "delete_draft",
    "edit_draft",
    "find_plan",
    "find_product",
    "find_version",
    "list_plans",
    "list_products",
    "offered_currencies",
    "offered_version",
    "product_taxes",
    "publish",
    "rename_plan",
    "terms_of",
    "unarchive_plan",
]
