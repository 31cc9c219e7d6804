"""Make plans and versions, and find them."""

import re
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from justpaid.catalog.tables import Plan, PlanVersion
from justpaid.catalog.terms import Terms, check_terms
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.pricing import dump_price

_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


def create_plan(
    session: Session,
    organisation_id: str,
    *,
    key: str,
    name: str | None,
    currency: str,
    interval: str,
    prices: Sequence[object],
) -> Plan:
    """A plan with its version 1.  Raises: InvalidRequest; Conflict if the key is taken."""
    if not _KEY.fullmatch(key):
        raise InvalidRequest.of("key", "1 to 64 of a-z, 0-9, _ . -, beginning with a letter or digit")
    terms = check_terms(session, currency, interval, prices)
    plan = Plan(id=new_id("plan"), organisation_id=organisation_id, key=key, name=name or key)
    plan.versions.append(_version(organisation_id, 1, terms))
    session.add(plan)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict(
            f"A plan with the key {key!r} exists. To change its prices, POST /v1/plans/{key}/versions."
        ) from None
    session.refresh(plan)
    return plan


def add_version(
    session: Session, plan: Plan, *, currency: str | None, interval: str | None, prices: Sequence[object]
) -> PlanVersion:
    """The next version; what is left out is taken from the one before. Subscriptions keep the version they have.

    Raises: InvalidRequest.
    """
    session.execute(sa.select(Plan.id).where(Plan.id == plan.id).with_for_update())
    session.refresh(plan, ["versions"])
    latest = plan.latest
    terms = check_terms(session, currency or latest.currency, interval or latest.interval, prices)
    version = _version(plan.organisation_id, latest.version + 1, terms)
    plan.versions.append(version)
    session.flush()
    session.refresh(version)
    return version


def find_plan(session: Session, reference: str) -> Plan:
    """The plan with this key or id.  Raises: NotFound."""
    plan = session.scalar(sa.select(Plan).where(sa.or_(Plan.key == reference, Plan.id == reference)))
    if plan is None:
        raise NotFound.of("plan", reference)
    return plan


def list_plans(session: Session, *, limit: int, before_id: str | None = None) -> Sequence[Plan]:
    """Newest first; those made before `before_id` where it is given."""
    query = sa.select(Plan).order_by(Plan.id.desc()).limit(limit)
    return session.scalars(query.where(Plan.id < before_id) if before_id else query).all()


def _version(organisation_id: str, number: int, terms: Terms) -> PlanVersion:
    return PlanVersion(
        id=new_id("pv"),
        organisation_id=organisation_id,
        version=number,
        currency=terms.currency,
        interval=terms.interval,
        prices=[dump_price(price) for price in terms.prices],
    )
