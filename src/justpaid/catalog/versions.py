"""A plan's versions: add one, edit a draft, publish it, and find the one that is meant."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog.definition import Definition, SentTerms, as_sent, check_definition
from justpaid.catalog.tables import Plan, PlanKind, PlanVersion
from justpaid.kernel.errors import Conflict, FieldError, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.pricing import invalid_request

#: Terms whose figures are in the version's currency.
_IN_CURRENCY: Final = ("prices", "currencies", "minimum_commitment", "billing_thresholds")


def new_version(session: Session, plan: Plan, number: int, definition: Definition, *, draft: bool) -> PlanVersion:
    """Not added to the plan yet."""
    return PlanVersion(
        id=new_id("pv"),
        organisation_id=plan.organisation_id,
        version=number,
        published_at=None if draft else database_time(session),
        **asdict(definition),
    )


def add_version(session: Session, plan: Plan, changes: Mapping[str, Any], *, draft: bool = False) -> PlanVersion:
    """The next version; terms that are left out are taken from `plan.latest`. Subscriptions keep the version they have.

    Raises: InvalidRequest.
    """
    lock_plan(session, plan)
    definition = check_definition(session, **_with_changes(plan.latest, changes))
    return append_version(session, plan, definition, draft=draft)


def append_version(session: Session, plan: Plan, definition: Definition, *, draft: bool = False) -> PlanVersion:
    """The next version of a plan that is locked."""
    version = new_version(session, plan, plan.versions[-1].version + 1, definition, draft=draft)
    plan.versions.append(version)
    session.flush()
    session.refresh(version)
    return version


def edit_draft(session: Session, version: PlanVersion, changes: Mapping[str, Any]) -> PlanVersion:
    """Terms that are left out stay.  Raises: InvalidRequest; Conflict if it is published."""
    _lock_draft(session, version)
    for column, value in asdict(check_definition(session, **_with_changes(version, changes))).items():
        setattr(version, column, value)
    session.flush()
    return version


def publish(session: Session, version: PlanVersion) -> PlanVersion:
    """From now on it never changes, and is what new subscriptions get.  Raises: Conflict if it is published."""
    lock_plan(session, version.plan)
    _lock_draft(session, version)
    version.published_at = database_time(session)
    session.flush()
    return version


def delete_draft(session: Session, version: PlanVersion) -> None:
    """Raises: Conflict if it is published, or its plan's only version."""
    lock_plan(session, version.plan)
    _lock_draft(session, version)
    if len(version.plan.versions) == 1:
        raise Conflict(f"It is the only version of {version.plan.key!r}. PATCH it, or archive the plan.")
    session.delete(version)
    session.flush()
    session.refresh(version.plan, ["versions"])


def find_version(plan: Plan, number: int) -> PlanVersion:
    """Raises: NotFound."""
    for version in plan.versions:
        if version.version == number:
            return version
    raise NotFound.of(f"version of {plan.key!r}", str(number))


def offered_version(
    plan: Plan, *, kind: PlanKind = "plan", version: int | None = None, field: str = "plan"
) -> PlanVersion:
    """The version that a new subscription (or, of `kind` `add_on`, a new add-on) gets: the one published last.

    `version` asks for another published one. `field` is what names the plan in the request.
    Raises: InvalidRequest for a plan of another kind; NotFound; Conflict if it is archived or not published.
    """
    if plan.kind != kind:
        reason = (
            "is an add-on: it goes on top of a subscription to a plan"
            if plan.kind == "add_on"
            else "is a plan and no add-on: subscribe to it"
        )
        raise InvalidRequest.of(field, f"{plan.key!r} {reason}")
    if plan.archived_at is not None:
        raise Conflict(f"The plan {plan.key!r} is archived. Choose another, or POST /v1/plans/{plan.key}/unarchive.")
    found = plan.published if version is None else find_version(plan, version)
    if found is None or found.published_at is None:
        number = (found or plan.latest).version
        raise Conflict(
            f"Version {number} of the plan {plan.key!r} is a draft. "
            f"Publish it first: POST /v1/plans/{plan.key}/versions/{number}/publish."
        )
    return found


def lock_plan(session: Session, plan: Plan) -> None:
    """Nobody else adds to its versions, publishes one or deletes one until this transaction ends."""
    session.execute(sa.select(Plan.id).where(Plan.id == plan.id).with_for_update())
    session.refresh(plan, ["versions"])


def database_time(session: Session) -> datetime:
    """What puts published versions in order, whichever process asks. A test clock would not: it stands still."""
    return session.scalars(sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True)))).one()


def _lock_draft(session: Session, version: PlanVersion) -> None:
    session.refresh(version, with_for_update={"of": PlanVersion})
    if version.published_at is not None:
        raise Conflict(
            f"Version {version.version} is published and never changes. "
            f"POST /v1/plans/{version.plan.key}/versions makes the next one."
        )


def _with_changes(version: PlanVersion, changes: Mapping[str, Any]) -> SentTerms:
    """Raises: InvalidRequest where another currency comes without the figures in it."""
    before = as_sent(version)
    currency = changes.get("currency", version.currency)
    if currency != version.currency:
        missing = [field for field in _IN_CURRENCY if before.get(field) and field not in changes]
        reason = f"is required where the currency changes: its figures are in {version.currency}"
        if missing:
            raise invalid_request([FieldError(field, reason, "required") for field in missing])
    return cast(SentTerms, {**before, **changes})
