"""The billing run: an invoice for every elapsed period of every subscription.

It works on chunks of subscriptions, each in one transaction that makes the invoices, moves `next_bill_at` and gives
the numbers. So a run may die anywhere and be repeated, and several may run side by side: what one has made, the unique
constraint on (subscription, period end) keeps the others from making again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.contracts import Subscription, SubscriptionPhase, timeline_of
from justpaid.invoicing.additions import load_additions, store_lines
from justpaid.invoicing.due import Due, load_due
from justpaid.invoicing.finalize import issue, waiting_drafts
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.refresh import refresh_drafts
from justpaid.invoicing.tables import BillingRun, Invoice
from justpaid.invoicing.tally import Tally, customer_as_billed
from justpaid.invoicing.thresholds import bill_thresholds
from justpaid.invoicing.turns import take_turn
from justpaid.kernel.clock import Clock
from justpaid.kernel.ids import new_id
from justpaid.metering import Metering
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

_CHUNK: Final = 200


def run_billing(
    database: Database,
    metering: Metering,
    clock: Clock,
    organisation_id: str,
    *,
    as_of: datetime,
    finalize: bool = True,
    grace: timedelta | None = None,
) -> BillingRun:
    """Bill all that has elapsed by `as_of`, counting what was journalled by now.

    `finalize`: also finalise it, and the drafts that wait, and bill what has reached its threshold by then. With a
    `grace` only what ended, and was drafted, that long ago, so that late events still count; and no drafts that a run
    was asked not to finalise: those wait for a person.
    Raises: Overloaded if metering is far behind; EngineUnavailable. What was made by then stays, and counts.
    """
    run = BillingRun(
        id=new_id("run"), organisation_id=organisation_id, as_of=as_of, finalize=finalize, status="running",
        invoices_created=0, invoices_finalized=0, created_at=clock.now(),
    )  # fmt: skip
    with database.tenant(organisation_id) as session:
        session.add(run)
    while _bill_chunk(database, metering, run):
        failpoint("billing.between_chunks")
    if finalize:
        until = min(as_of, clock.now())
        reached = bill_thresholds(database, metering, organisation_id, until, clock.now(), run_id=run.id)
        run.invoices_created, run.invoices_finalized = run.invoices_created + reached, reached
        while _finalize_chunk(database, metering, clock, run, grace):
            failpoint("billing.between_finalizations")
    with database.tenant(organisation_id) as session:
        run = session.merge(run)
        run.status = "completed"
        run.finished_at = clock.now()
    return run


def _bill_chunk(database: Database, metering: Metering, run: BillingRun) -> bool:
    """Bill up to a chunk of due boundaries, the oldest first; False when there was none."""
    with database.tenant(run.organisation_id) as session:
        take_turn(session, run.organisation_id)
        due = load_due(session, _due_subscriptions(session, run.as_of))
        if not due:
            return False
        # Before usage is read: whoever waits for a discount must not hold metering still.
        additions = load_additions(session, due)
        with metering.snapshot() as cutoff:
            answers = read_quantities(metering, [asked for one in due for asked in one.bill.asked()])
        created = _store(session, run, due, {one.subscription.id: additions.tally(one, answers) for one in due}, cutoff)
        failpoint("billing.before_commit")
        run.invoices_created += created
        session.execute(
            sa.update(BillingRun).where(BillingRun.id == run.id).values(invoices_created=run.invoices_created)
        )
    failpoint("billing.after_commit")
    return True


def _due_subscriptions(session: Session, as_of: datetime) -> Sequence[Subscription]:
    query = sa.select(Subscription).where(Subscription.next_bill_at <= as_of)
    return session.scalars(
        query.order_by(Subscription.next_bill_at, Subscription.id)
        .limit(_CHUNK)
        .options(
            joinedload(Subscription.customer),
            selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version),
        )
        .with_for_update(of=Subscription)
    ).all()


def _store(session: Session, run: BillingRun, due: Sequence[Due], tallies: Mapping[str, Tally], cutoff: int) -> int:
    """Insert the invoices that are not there yet, with their lines, and move each subscription on; how many.

    A boundary at which nothing is charged, as in a pause, has no invoice.
    """
    bills = {one.subscription.id: one.bill for one in due}
    rows = [
        _invoice_row(run, one, tallies[one.subscription.id], cutoff)
        for one in due
        if tallies[one.subscription.id].lines
    ]
    inserted = (
        session.execute(
            insert(Invoice)
            .values(rows)
            .on_conflict_do_nothing(index_elements=["subscription_id", "period_start", "period_end"])
            .returning(Invoice.id, Invoice.subscription_id)
        ).all()
        if rows
        else []
    )
    stored = [(id_, tallies[of], bills[of].meters) for id_, of in inserted if of is not None]
    store_lines(session, run.organisation_id, stored)
    session.execute(sa.update(Subscription), [_moved_on(one) for one in due])
    return len(inserted)


def _moved_on(due: Due) -> dict[str, Any]:
    agreement = due.bill.agreement
    return {
        "id": due.subscription.id,
        "billed_from": agreement.period.start,
        "billed_to": agreement.at,
        "billed_ahead": agreement.ahead and agreement.ahead.as_json(),
        "next_bill_at": timeline_of(due.subscription).boundary_following(agreement.at, agreement.ahead),
    }


def _invoice_row(run: BillingRun, due: Due, tally: Tally, cutoff: int) -> dict[str, Any]:
    subscription, customer = due.subscription, due.subscription.customer
    bill, agreement = due.bill, due.bill.agreement
    return {
        "id": new_id("inv"),
        "organisation_id": run.organisation_id,
        "kind": "subscription",
        "status": "draft",
        "customer_id": customer.id,
        "subscription_id": subscription.id,
        "plan_version_id": agreement.agreed[-1].plan_version_id,
        "billing_run_id": run.id,
        "currency": bill.currency,
        "timezone": subscription.timezone,
        "period_start": agreement.period.start,
        "period_end": agreement.period.end,
        "customer": customer_as_billed(customer),
        "customer_keys": list(bill.keys),
        "agreement": agreement.as_json(),
        "cutoff": cutoff,
        "credits_applied": 0,
        "amount_paid": 0,
        "po_number": customer.po_number,
        "created_at": run.created_at,
        **tally.columns(),
    }


def _finalize_chunk(
    database: Database, metering: Metering, clock: Clock, run: BillingRun, grace: timedelta | None
) -> bool:
    """Issue up to a chunk of waiting drafts; those that this run did not just make are recounted first."""
    with database.tenant(run.organisation_id) as session:
        drafts = waiting_drafts(session, until=run.as_of, limit=_CHUNK, grace=grace)
        refresh_drafts(session, metering, [invoice for invoice in drafts if invoice.billing_run_id != run.id])
        run.invoices_finalized += issue(session, run.organisation_id, drafts, clock.now())
        failpoint("billing.before_finalize_commit")
        session.execute(
            sa.update(BillingRun)
            .where(BillingRun.id == run.id)
            .values(invoices_created=run.invoices_created, invoices_finalized=run.invoices_finalized)
        )
    return bool(drafts)
