"""Make plans, rename and archive them, and find them."""

from collections.abc import Sequence
from typing import Unpack

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from justpaid.catalog.definition import Definition, SentTerms, check_definition
from justpaid.catalog.keys import check_key
from justpaid.catalog.tables import Plan, PlanKind
from justpaid.catalog.versions import database_time, new_version
from justpaid.kernel.errors import Conflict
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import by_reference, newest_first


def create_plan(
    session: Session,
    organisation_id: str,
    *,
    key: str,
    name: str | None,
    kind: PlanKind = "plan",
    draft: bool = False,
    **terms: Unpack[SentTerms],
) -> Plan:
    """A plan with its version 1, published unless it is a `draft`.

    Raises: InvalidRequest; Conflict if the key is taken.
    """
    check_key(key)
    definition = check_definition(session, **terms)
    return insert_plan(session, organisation_id, definition, key=key, name=name, kind=kind, draft=draft)


def insert_plan(
    session: Session,
    organisation_id: str,
    definition: Definition,
    *,
    key: str,
    name: str | None,
    kind: PlanKind,
    draft: bool = False,
) -> Plan:
    """Raises: Conflict if the key is taken."""
    plan = Plan(id=new_id("plan"), organisation_id=organisation_id, key=key, name=name or key, kind=kind)
    plan.versions.append(new_version(session, plan, 1, definition, draft=draft))
    session.add(plan)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(
            f"A plan with the key {key!r} exists. To change its prices, POST /v1/plans/{key}/versions."
        ) from None
    session.refresh(plan)
    session.refresh(plan.versions[0])
    return plan


def archive_plan(session: Session, plan: Plan) -> None:
    """No new subscriptions; those that exist go on. Archiving again changes nothing."""
    if plan.archived_at is None:
        plan.archived_at = database_time(session)
        session.flush()


def unarchive_plan(session: Session, plan: Plan) -> None:
    plan.archived_at = None
    session.flush()


def rename_plan(session: Session, plan: Plan, name: str) -> None:
    plan.name = name
    session.flush()


def find_plan(session: Session, reference: str) -> Plan:
    """The plan with this key or id.  Raises: NotFound."""
    return by_reference(session, Plan, "plan", reference)


def list_plans(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Plan]:
    """Newest first; those made before `before_id` where it is given."""
    return newest_first(session, sa.select(Plan).options(selectinload(Plan.versions)), Plan.id, limit, before_id)
