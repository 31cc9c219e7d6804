"""The catalogue as one document: what `justpaid plans apply` sends and `justpaid plans export` writes.

It declares what is to be. A product or plan that it does not name stays as it is; drafts are no part of it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.catalog.definition import Definition, SentTerms, definition_of
from justpaid.catalog.tables import Plan, PlanKind, Product

_DEFAULTS: Final[dict[str, Any]] = {"kind": "plan", "archived": False, "trial_days": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredProduct:
    """`name` defaults to the key."""

    key: str
    name: str | None = None
    description: str | None = None
    tax_rates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPlan:
    """`name` defaults to the key. `terms` are those of its published version."""

    key: str
    name: str | None = None
    kind: PlanKind = "plan"
    archived: bool = False
    terms: SentTerms


def catalog_document(session: Session) -> dict[str, Any]:
    """`{"products": […], "plans": […]}`, each in order of its key, without what has its default.

    Applied again, it changes nothing. Plans that were never published are left out.
    """
    products = session.scalars(sa.select(Product).order_by(Product.key))
    plans = session.scalars(sa.select(Plan).order_by(Plan.key).options(selectinload(Plan.versions)))
    return {
        "products": [_compact(product_tree(product)) for product in products],
        "plans": [_plan_document(plan) for plan in plans if plan.published],
    }


def product_tree(product: Product) -> dict[str, Any]:
    return {
        "key": product.key,
        "name": product.name,
        "description": product.description,
        "tax_rates": product.tax_rates,
    }


def plan_tree(key: str, name: str, kind: PlanKind, archived: bool, definition: Definition) -> dict[str, Any]:
    """All that a document can say of a plan."""
    return {"key": key, "name": name, "kind": kind, "archived": archived, **asdict(definition)}


def _plan_document(plan: Plan) -> dict[str, Any]:
    assert plan.published is not None
    definition = definition_of(plan.published)
    tree = plan_tree(plan.key, plan.name, plan.kind, plan.archived_at is not None, definition)
    prices = [_compact(price) for price in definition.prices]
    kept = {name: value for name, value in tree.items() if value not in (None, {}, []) and _DEFAULTS.get(name) != value}
    return {**_unnamed(kept), "prices": prices}


def _compact(value: Any) -> Any:
    """Without nulls, which are defaults everywhere but in a patch."""
    match value:
        case Mapping():
            return _unnamed({key: _compact(member) for key, member in value.items() if member is not None})
        case list():
            return [_compact(member) for member in value]
        case _:
            return value


def _unnamed(record: dict[str, Any]) -> dict[str, Any]:
    """Without a name that is the key anyway."""
    return {field: value for field, value in record.items() if field != "name" or value != record.get("key")}
