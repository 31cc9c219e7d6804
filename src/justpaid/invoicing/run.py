"""The billing run: an invoice for every elapsed period of every subscription.

It works on chunks of subscriptions, each in one transaction that makes the invoices, moves `next_bill_at` and gives
the numbers. So a run may die anywhere and be repeated, and several may run side by side: what one has made, the unique
constraint on (subscription, period end) keeps the others from making again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.contracts import Subscription, SubscriptionPhase, timeline_of
from justpaid.invoicing.compose import Line, total_of
from justpaid.invoicing.due import Due, load_due
from justpaid.invoicing.finalize import finalize_drafts
from justpaid.invoicing.quantities import Answers, read_quantities
from justpaid.invoicing.tables import BillingRun, Invoice, InvoiceLine
from justpaid.kernel.clock import Clock
from justpaid.kernel.ids import new_id
from justpaid.metering import MeterDefinition, Metering
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

_CHUNK: Final = 200
_TURNS: Final = 5_302_771_946  # so that these locks are apart from those of other purposes


def run_billing(
    database: Database,
    metering: Metering,
    clock: Clock,
    organisation_id: str,
    *,
    as_of: datetime,
    finalize: bool = True,
    made_before: datetime | None = None,
) -> BillingRun:
    """Bill all that has elapsed by `as_of`, counting what was journalled by now.

    `finalize`: also finalise it, and the drafts that wait. `made_before` leaves out subscriptions made later, and
    drafts that a run was asked not to finalise: those wait for a person.
    Raises: Overloaded if metering is far behind; EngineUnavailable. What was made by then stays, and counts.
    """
    run = BillingRun(
        id=new_id("run"), organisation_id=organisation_id, as_of=as_of, finalize=finalize, status="running",
        invoices_created=0, invoices_finalized=0, created_at=clock.now(),
    )  # fmt: skip
    with database.tenant(organisation_id) as session:
        session.add(run)
    while _bill_chunk(database, metering, run, made_before):
        failpoint("billing.between_chunks")
    if finalize:
        while _finalize_chunk(database, clock, run, leave_reviewed=made_before is not None):
            failpoint("billing.between_finalizations")
    with database.tenant(organisation_id) as session:
        run = session.merge(run)
        run.status = "completed"
        run.finished_at = clock.now()
    return run


def _bill_chunk(database: Database, metering: Metering, run: BillingRun, made_before: datetime | None) -> bool:
    """Bill up to a chunk of due boundaries, the oldest first; False when there was none."""
    with database.tenant(run.organisation_id) as session:
        _take_turn(session, run.organisation_id)
        due = load_due(session, _due_subscriptions(session, run.as_of, made_before))
        if not due:
            return False
        with metering.snapshot() as cutoff:
            answers = read_quantities(metering, [asked for one in due for asked in one.bill.asked()])
        created = _store(session, run, due, answers, cutoff)
        failpoint("billing.before_commit")
        run.invoices_created += created
        session.execute(
            sa.update(BillingRun).where(BillingRun.id == run.id).values(invoices_created=run.invoices_created)
        )
    failpoint("billing.after_commit")
    return True


def _take_turn(session: Session, organisation_id: str) -> None:
    """Let one chunk of the organisation at a time go, until this transaction ends.

    What is due first changes with each chunk, so that two runs would lock the same subscriptions in different orders
    and wait for each other.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(organisation_id, _TURNS))))


def _due_subscriptions(session: Session, as_of: datetime, made_before: datetime | None) -> Sequence[Subscription]:
    query = sa.select(Subscription).where(Subscription.next_bill_at <= as_of)
    if made_before is not None:
        query = query.where(Subscription.created_at <= made_before)
    return session.scalars(
        query.order_by(Subscription.next_bill_at, Subscription.id)
        .limit(_CHUNK)
        .options(
            joinedload(Subscription.customer),
            selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version),
        )
        .with_for_update(of=Subscription)
    ).all()


def _store(session: Session, run: BillingRun, due: Sequence[Due], answers: Answers, cutoff: int) -> int:
    """Insert the invoices that are not there yet, with their lines, and move each subscription on; how many.

    A boundary at which nothing is charged, as in a pause, has no invoice.
    """
    composed = {one.subscription.id: one.bill.lines(answers) for one in due}
    bills = {one.subscription.id: one.bill for one in due}
    rows = [
        _invoice_row(run, one, composed[one.subscription.id], cutoff) for one in due if composed[one.subscription.id]
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
    lines = [
        _line_row(run.organisation_id, invoice_id, position, line, bills[subscription_id].meters)
        for invoice_id, subscription_id in inserted
        for position, line in enumerate(composed[subscription_id], 1)
    ]
    if lines:
        session.execute(sa.insert(InvoiceLine), lines)
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


def _invoice_row(run: BillingRun, due: Due, lines: Sequence[Line], cutoff: int) -> dict[str, Any]:
    subscription, customer, total = due.subscription, due.subscription.customer, total_of(lines)
    bill, agreement = due.bill, due.bill.agreement
    return {
        "id": new_id("inv"),
        "organisation_id": run.organisation_id,
        "status": "draft",
        "customer_id": customer.id,
        "subscription_id": subscription.id,
        "plan_version_id": agreement.agreed[-1].plan_version_id,
        "billing_run_id": run.id,
        "currency": bill.currency,
        "timezone": subscription.timezone,
        "period_start": agreement.period.start,
        "period_end": agreement.period.end,
        "customer": {
            "name": customer.name,
            "email": customer.email,
            "external_id": customer.external_id,
            "address": customer.address,
        },
        "customer_keys": list(bill.keys),
        "agreement": agreement.as_json(),
        "cutoff": cutoff,
        "subtotal": total,
        "discount": 0,
        "tax": 0,
        "credits_applied": 0,
        "total": total,
        "amount_paid": 0,
        "amount_due": total,
    }


def _line_row(
    organisation_id: str, invoice_id: str, position: int, line: Line, meters: Mapping[str, MeterDefinition]
) -> dict[str, Any]:
    return {
        "id": new_id("il"),
        "organisation_id": organisation_id,
        "invoice_id": invoice_id,
        "position": position,
        "description": line.description,
        "price_key": line.price_key,
        "meter": line.meter,
        "meter_definition": meters[line.meter].as_json() if line.meter else None,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "amount": line.amount,
        "amount_exact": line.amount_exact,
        "period_start": line.period.start,
        "period_end": line.period.end,
        "steps": line.steps_as_json(),
        "groups": line.groups_as_json(),
    }


def _finalize_chunk(database: Database, clock: Clock, run: BillingRun, *, leave_reviewed: bool) -> bool:
    with database.tenant(run.organisation_id) as session:
        finalized = finalize_drafts(
            session, run.organisation_id, clock.now(), until=run.as_of, limit=_CHUNK, leave_reviewed=leave_reviewed
        )
        failpoint("billing.before_finalize_commit")
        run.invoices_finalized += finalized
        session.execute(
            sa.update(BillingRun).where(BillingRun.id == run.id).values(invoices_finalized=run.invoices_finalized)
        )
    return finalized > 0
