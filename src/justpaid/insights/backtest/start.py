"""Ask for a backtest, and call it off."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts import find_organisation
from justpaid.catalog import PlanVersion, SentTerms, check_definition, find_plan, find_version
from justpaid.catalog import definition_of as terms_of_version
from justpaid.customers import find_customer
from justpaid.insights.backtest.chosen import chosen_customers
from justpaid.insights.backtest.tables import Backtest
from justpaid.kernel.errors import Conflict, InvalidRequest
from justpaid.kernel.ids import new_id
from justpaid.kernel.period import Period
from justpaid.kernel.schedule import Schedule

MAX_MONTHS: Final = 12
MAX_CUSTOMERS: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBacktest:
    """`plan` with the number of a `version` (None: its newest draft, else its newest version), or else `terms`.

    `of_plan`: only subscriptions that have this plan now. `customers`: only these, by id or external id.
    """

    period: Period
    plan: str | None = None
    version: int | None = None
    terms: SentTerms | None = None
    of_plan: str | None = None
    customers: Sequence[str] | None = None


def start_backtest(session: Session, organisation_id: str, new: NewBacktest, now: datetime) -> Backtest:
    """It waits for the worker.  Raises: InvalidRequest; NotFound for a plan or version that is not there."""
    zone = find_organisation(session, organisation_id).timezone
    _check_period(new.period, zone, now)
    version = None
    if new.plan is not None and new.terms is None:
        version = _version(session, new.plan, new.version)
        terms = terms_of_version(version)
    elif new.terms is not None and new.plan is None:
        terms = check_definition(session, **new.terms)
    else:
        raise InvalidRequest.of("plan", "give the key of a plan, or terms, and not both")
    customers = _customer_ids(session, new.customers)
    of_plan = find_plan(session, new.of_plan).key if new.of_plan else None
    chosen = chosen_customers(of_plan, customers, new.period).subquery()
    total = sa.select(sa.func.count(sa.distinct(chosen.c.customer_id)))
    backtest = Backtest(
        id=new_id("bt"),
        organisation_id=organisation_id,
        status="queued",
        plan=version.plan.key if version else None,
        version=version.version if version else None,
        terms=asdict(terms),
        of_plan=of_plan,
        customers=customers,
        period_start=new.period.start,
        period_end=new.period.end,
        timezone=zone,
        customers_total=session.scalar(total),
        customers_done=0,
        done_until="",
        created_at=now,
    )
    session.add(backtest)
    session.flush()
    return backtest


def cancel_backtest(session: Session, backtest: Backtest, now: datetime) -> Backtest:
    """What is done by then can still be read.  Raises: Conflict once it has ended."""
    session.refresh(backtest, with_for_update=True)
    if backtest.status not in ("queued", "running"):
        raise Conflict(f"Backtest {backtest.id} is {backtest.status}; only one that waits or runs can be canceled.")
    backtest.status = "canceled"
    backtest.finished_at = now
    session.flush()
    return backtest


def _check_period(period: Period, zone: str, now: datetime) -> None:
    if period.end > now:
        raise InvalidRequest.of("to", "must not be in the future: a backtest is about usage that there is")
    if not period.duration:
        raise InvalidRequest.of("to", "must be after from")
    if period.end > Schedule("month", period.start, zone).boundary(MAX_MONTHS):
        raise InvalidRequest.of("to", f"must be at most {MAX_MONTHS} months after from")


def _version(session: Session, plan: str, number: int | None) -> PlanVersion:
    found = find_plan(session, plan)
    if number is not None:
        return find_version(found, number)
    drafts = [version for version in found.versions if version.published_at is None]
    return drafts[-1] if drafts else found.latest


def _customer_ids(session: Session, references: Sequence[str] | None) -> list[str] | None:
    if references is None:
        return None
    if not 1 <= len(references) <= MAX_CUSTOMERS:
        raise InvalidRequest.of("customers", f"must be 1 to {MAX_CUSTOMERS} customers; leave it out for all")
    return sorted({find_customer(session, reference).id for reference in references})
