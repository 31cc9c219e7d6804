"""Making plans and their versions, and reading them."""

from typing import Annotated

from fastapi import Path

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.migrations import MigrationIn, MigrationOut
from justpaid.api.schemas.plans import (
    PlanIn,
    PlanOut,
    PlanPatch,
    PlanVersionIn,
    PlanWithVersionsOut,
    TermsPatch,
)
from justpaid.api.unit_of_work import Unit
from justpaid.catalog import (
    PlanVersion,
    add_version,
    delete_draft,
    edit_draft,
    find_plan,
    find_version,
    publish,
    rename_plan,
)
from justpaid.catalog import archive_plan as archive
from justpaid.catalog import create_plan as create
from justpaid.catalog import list_plans as newest
from justpaid.catalog import unarchive_plan as unarchive
from justpaid.contracts import MAX_MIGRATED, migrate, on_other_versions
from justpaid.kernel.errors import InvalidRequest

router = new_router("plans", "/v1/plans")

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version's number.")]


@router.post("", status_code=201)
def create_plan(body: PlanIn, unit: Unit) -> PlanOut:
    """Make a plan with its first version."""
    plan = create(
        unit.session,
        unit.organisation_id,
        key=body.key,
        name=body.name,
        kind=body.kind,
        draft=body.draft,
        **body.terms(),
    )
    return PlanOut.of(plan)


@router.get("")
def list_plans(unit: Unit, paging: Paging) -> Page[PlanOut]:
    """All plans, each as its published version has it, newest first."""
    return paging.page(newest(unit.session, limit=paging.fetch, before_id=paging.before_id("plan")), PlanOut.of)


@router.get("/{plan}")
def get_plan(plan: str, unit: Unit) -> PlanWithVersionsOut:
    """One plan, by its key or id, with all its versions."""
    return PlanWithVersionsOut.of(find_plan(unit.session, plan))


@router.patch("/{plan}")
def update_plan(plan: str, body: PlanPatch, unit: Unit) -> PlanOut:
    """Rename it. Prices change with a new version."""
    found = find_plan(unit.session, plan)
    rename_plan(unit.session, found, body.name)
    return PlanOut.of(found)


@router.post("/{plan}/archive")
def archive_plan(plan: str, unit: Unit) -> PlanOut:
    """Offer it no more. Subscriptions that exist go on."""
    found = find_plan(unit.session, plan)
    archive(unit.session, found)
    return PlanOut.of(found)


@router.post("/{plan}/unarchive")
def unarchive_plan(plan: str, unit: Unit) -> PlanOut:
    """Offer it again."""
    found = find_plan(unit.session, plan)
    unarchive(unit.session, found)
    return PlanOut.of(found)


@router.post("/{plan}/versions", status_code=201)
def create_plan_version(plan: str, body: PlanVersionIn, unit: Unit) -> PlanOut:
    """Add a version, for new subscriptions; those that exist keep theirs."""
    found = find_plan(unit.session, plan)
    return PlanOut.of(found, add_version(unit.session, found, body.changes(), draft=body.draft))


@router.get("/{plan}/versions/{version}")
def get_plan_version(plan: str, version: Number, unit: Unit) -> PlanOut:
    """The plan as this version has it."""
    found = _version(unit, plan, version)
    return PlanOut.of(found.plan, found)


@router.patch("/{plan}/versions/{version}")
def update_plan_version(plan: str, version: Number, body: TermsPatch, unit: Unit) -> PlanOut:
    """Change the terms of a draft that are sent."""
    found = _version(unit, plan, version)
    return PlanOut.of(found.plan, edit_draft(unit.session, found, body.changes()))


@router.delete("/{plan}/versions/{version}")
def delete_plan_version(plan: str, version: Number, unit: Unit) -> PlanWithVersionsOut:
    """Throw a draft away."""
    found = _version(unit, plan, version)
    delete_draft(unit.session, found)
    return PlanWithVersionsOut.of(found.plan)


@router.post("/{plan}/versions/{version}/publish")
def publish_plan_version(plan: str, version: Number, unit: Unit) -> PlanOut:
    """Offer a draft to new subscriptions. From then on it never changes."""
    found = _version(unit, plan, version)
    return PlanOut.of(found.plan, publish(unit.session, found))


@router.post("/{plan}/versions/{version}/migrate")
def migrate_subscriptions(plan: str, version: Number, body: MigrationIn, unit: Unit) -> MigrationOut:
    """Move subscriptions of the plan to this version. One that can't be moved says why, and keeps no other from it."""
    target, now = _version(unit, plan, version), unit.now()
    next_after = None
    if body.subscriptions == "all":
        ids = on_other_versions(unit.session, target, now, after_id=body.after)
        next_after = ids[-1] if len(ids) == MAX_MIGRATED else None
    elif body.after is None:
        ids = list(dict.fromkeys(body.subscriptions))
    else:
        raise InvalidRequest.of("after", 'goes with "all"; leave it out where subscriptions are named')
    told = migrate(unit.session, target, ids, at=body.at, now=now, proration=body.proration, dry_run=body.dry_run)
    return MigrationOut.of(target, told, dry_run=body.dry_run, next_after=next_after)


def _version(unit: Unit, plan: str, number: int) -> PlanVersion:
    return find_version(find_plan(unit.session, plan), number)
