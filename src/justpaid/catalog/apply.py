"""Make the catalogue what a document declares."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog.definition import check_definition, definition_of
from justpaid.catalog.differences import Difference, differences
from justpaid.catalog.document import DeclaredPlan, DeclaredProduct, plan_tree, product_tree
from justpaid.catalog.keys import check_key
from justpaid.catalog.plans import archive_plan, insert_plan, rename_plan, unarchive_plan
from justpaid.catalog.products import change_product, create_product
from justpaid.catalog.tables import Plan, Product
from justpaid.catalog.versions import append_version, lock_plan
from justpaid.kernel.errors import FieldError, InvalidRequest
from justpaid.pricing import invalid_request

Action = Literal["create", "new_version", "change", "none"]


@dataclass(frozen=True, slots=True)
class Change:
    """What applying does to one product or plan. `version`: what new subscriptions to the plan get afterwards."""

    record: Literal["product", "plan"]
    key: str
    action: Action
    version: int | None
    differences: list[Difference]


def apply_catalog(
    session: Session,
    organisation_id: str,
    products: Sequence[DeclaredProduct],
    plans: Sequence[DeclaredPlan],
    *,
    dry_run: bool = False,
) -> list[Change]:
    """All of it, or nothing where anything is wrong. `dry_run`: check all the same, and change nothing.

    A plan gets a new version only where its terms differ from the published ones.
    Raises: InvalidRequest with every field that is wrong, such as `plans.1.prices.0.tiers.2.up_to`.
    """
    # Documents of one organisation are applied one after the other.
    lock = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('catalogue:' || :organisation, 0))")
    session.execute(lock, {"organisation": organisation_id})
    errors = [*_check_keys("products", products), *_check_keys("plans", plans)]
    if errors:
        raise invalid_request(errors)
    with session.begin_nested() as attempt:
        changes = []
        for position, product in enumerate(products):
            try:
                changes.append(_apply_product(session, organisation_id, product))
            except InvalidRequest as error:
                errors += [FieldError(f"products.{position}.{e.field}", e.message, e.code) for e in error.errors]
        for position, plan in enumerate(plans):
            try:
                changes.append(_apply_plan(session, organisation_id, plan))
            except InvalidRequest as error:
                errors += [FieldError(f"plans.{position}.{e.field}", e.message, e.code) for e in error.errors]
        if errors:
            raise invalid_request(errors)
        if dry_run:
            attempt.rollback()
    return changes


def _check_keys(field: str, declared: Sequence[DeclaredProduct | DeclaredPlan]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for position, one in enumerate(declared):
        try:
            check_key(one.key)
        except InvalidRequest as error:
            yield FieldError(f"{field}.{position}.key", error.errors[0].message)
        if one.key in seen:
            yield FieldError(f"{field}.{position}.key", f"{one.key!r} is declared twice", "taken")
        seen.add(one.key)


def _apply_product(session: Session, organisation_id: str, declared: DeclaredProduct) -> Change:
    tax_rates = None if declared.tax_rates is None else list(declared.tax_rates)
    fields: dict[str, Any] = {
        "name": declared.name or declared.key,
        "description": declared.description,
        "tax_rates": tax_rates,
    }
    after = {"key": declared.key, **fields}
    product = session.scalar(sa.select(Product).where(Product.key == declared.key))
    if product is None:
        create_product(session, organisation_id, key=declared.key, **fields)
        return Change("product", declared.key, "create", None, _differences({}, after))
    found = _differences(product_tree(product), after)
    change_product(session, product, fields)
    return Change("product", declared.key, "change" if found else "none", None, found)


def _apply_plan(session: Session, organisation_id: str, declared: DeclaredPlan) -> Change:
    key, name = declared.key, declared.name or declared.key
    definition = check_definition(session, **declared.terms)
    after = plan_tree(key, name, declared.kind, declared.archived, definition)
    plan = session.scalar(sa.select(Plan).where(Plan.key == key))
    if plan is None:
        plan = insert_plan(session, organisation_id, definition, key=key, name=name, kind=declared.kind)
        _set_archived(session, plan, declared.archived)
        return Change("plan", key, "create", 1, _differences({}, after))
    if plan.kind != declared.kind:
        raise InvalidRequest.of("kind", f"the plan {key!r} is a {plan.kind} and stays one; choose another key")
    lock_plan(session, plan)
    current = plan.published
    before = definition_of(current) if current else None
    archived = plan.archived_at is not None
    tree = plan_tree(key, plan.name, plan.kind, archived, before) if before else {}
    found = _differences(tree, after)
    if plan.name != name:
        rename_plan(session, plan, name)
    _set_archived(session, plan, declared.archived)
    if before != definition:
        current = append_version(session, plan, definition)
        return Change("plan", key, "new_version", current.version, found)
    return Change("plan", key, "change" if found else "none", current.version if current else None, found)


def _set_archived(session: Session, plan: Plan, archived: bool) -> None:
    if archived != (plan.archived_at is not None):
        (archive_plan if archived else unarchive_plan)(session, plan)


def _differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What is empty is not told. Prices are compared by key, so that one put first is not a change of all."""
    found = differences(_comparable(before), _comparable(after))
    old, new = ([price["key"] for price in tree.get("prices", ())] for tree in (before, after))
    if [key for key in old if key in new] != [key for key in new if key in old]:
        found.append(Difference("order of prices", ", ".join(old), ", ".join(new)))
    return found


def _comparable(tree: dict[str, Any]) -> dict[str, Any]:
    told = {field: value for field, value in tree.items() if value not in ({}, [])}
    if "prices" in told:
        told["prices"] = {price["key"]: {f: v for f, v in price.items() if f != "key"} for price in tree["prices"]}
    return told
