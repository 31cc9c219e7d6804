"""The billing run: an invoice for every elapsed period of every subscription.

It works on chunks of subscriptions, each in one transaction that makes the invoices, moves `next_bill_at` and gives
the numbers. So a run may die anywhere and be repeated, and several may run side by side: what one has made, the others
see once they have its subscriptions' locks, and the unique constraint on a subscription's period holds in any case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.accounts import find_organisation, settings_of
from justpaid.contracts import Subscription, SubscriptionPhase, timeline_of
from justpaid.invoicing.additions import Additions, load_additions, store_lines
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.consolidated import SharedBill, together, with_companions
from justpaid.invoicing.due import Due, load_due
from justpaid.invoicing.finalize import ToIssue, issue, issued_columns, waiting_drafts
from justpaid.invoicing.late_usage_run import put_late_usage_right
from justpaid.invoicing.quantities import Answers, read_quantities
from justpaid.invoicing.refresh import refresh_drafts
from justpaid.invoicing.spans import Skeletons
from justpaid.invoicing.tables import BillingRun, Invoice, InvoicePart
from justpaid.invoicing.tally import Tally, customer_as_billed
from justpaid.invoicing.thresholds import bill_thresholds
from justpaid.invoicing.turns import take_turn
from justpaid.kernel.clock import Clock
from justpaid.kernel.ids import new_id
from justpaid.kernel.period import Period
from justpaid.metering import Metering
from justpaid.platform.bulk import insert_rows, update_rows
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

#: A usage question costs its 20 milliseconds whether it is about ten customers or a thousand.
CHUNK: Final = 1_000


@dataclass(slots=True)
class New:
    """An invoice that is about to be stored; `due` are the subscriptions that share it, mostly one."""

    due: Sequence[Due]
    bill: Bill | SharedBill
    tally: Tally
    row: dict[str, Any]


def run_billing(
    database: Database,
    metering: Metering,
    clock: Clock,
    organisation_id: str,
    *,
    as_of: datetime,
    finalize: bool = True,
    grace: timedelta | None = None,
    chunk: int = CHUNK,
) -> BillingRun:
    """Bill all that has elapsed by `as_of`, counting what was journalled by now.

    `finalize`: also finalise it, and the drafts that wait, and bill what has reached its threshold by then. With a
    `grace` only what ended, and was drafted, that long ago, so that late events still count; and no drafts that a run
    was asked not to finalise: those wait for a person.
    `chunk`: as many subscriptions share a transaction.
    Raises: Overloaded if metering is far behind; EngineUnavailable. What was made by then stays, and counts.
    """
    run = BillingRun(
        id=new_id("run"), organisation_id=organisation_id, as_of=as_of, finalize=finalize, status="running",
        invoices_created=0, invoices_finalized=0, created_at=clock.now(),
    )  # fmt: skip
    with database.tenant(organisation_id) as session:
        session.add(run)
    # First, so that the invoices which this run makes take it.
    put_late_usage_right(database, metering, run, clock.now(), by_itself=grace is not None)
    Billing(database, metering, clock, run, grace, chunk).bill()
    with database.tenant(organisation_id) as session:
        run = session.merge(run)
        run.status = "completed"
        run.finished_at = clock.now()
    return run


class Billing:
    """One run at work. What it has learnt of plans and agreements stays from chunk to chunk."""

    def __init__(
        self,
        database: Database,
        metering: Metering,
        clock: Clock,
        run: BillingRun,
        grace: timedelta | None,
        chunk: int,
    ) -> None:
        self._database = database
        self._metering = metering
        self._clock = clock
        self._run = run
        self._grace = grace
        self._chunk = chunk
        self._skeletons = Skeletons()

    def bill(self) -> None:
        at_once = self._run.finalize and self._grace is None and not self._drafts_wait()
        while self._bill_chunk(at_once):
            failpoint("billing.between_chunks")
        if self._run.finalize:
            self._bill_thresholds()
            while self._finalize_chunk():
                failpoint("billing.between_finalizations")

    def _bill_thresholds(self) -> None:
        run, now = self._run, self._clock.now()
        until = min(run.as_of, now)
        reached = bill_thresholds(self._database, self._metering, run.organisation_id, until, now, run_id=run.id)
        run.invoices_created += reached
        run.invoices_finalized += reached

    def _drafts_wait(self) -> bool:
        """Numbers follow the ends of periods: older drafts come before what is made now."""
        with self._database.tenant(self._run.organisation_id) as session:
            return bool(waiting_drafts(session, until=self._run.as_of, limit=1))

    def _bill_chunk(self, at_once: bool) -> bool:
        """Bill up to a chunk of due boundaries, the oldest first; False when there was none.

        `at_once`: what it makes is issued in the same transaction and never was a draft.
        """
        run = self._run
        with self._database.tenant(run.organisation_id) as session:
            take_turn(session, run.organisation_id)
            organisation = find_organisation(session, run.organisation_id)
            shared = settings_of(organisation.settings).invoice.consolidate_invoices
            due = load_due(session, _due_subscriptions(session, run.as_of, self._chunk, shared), self._skeletons)
            if not due:
                return False
            unbilled = _unbilled(session, due)
            # Before usage is read: whoever waits for a discount must not hold metering still.
            additions = load_additions(session, unbilled)
            with self._metering.snapshot() as cutoff:
                bills = [(group, additions.bill_of(group)) for group in together(unbilled, shared)]
                answers = read_quantities(self._metering, [asked for _, bill in bills for asked in bill.asked()])
            made = [new for group, _ in bills if (new := _new(run, additions, group, answers, cutoff))]
            if at_once:
                run.invoices_finalized += _issue(session, run, made, self._clock.now())
            _store(session, run, made)
            update_rows(session, Subscription, [_moved_on(one) for one in due])
            failpoint("billing.before_commit")
            run.invoices_created += len(made)
            _count(session, run)
        failpoint("billing.after_commit")
        return True

    def _finalize_chunk(self) -> bool:
        """Issue up to a chunk of waiting drafts; those that this run did not just make are recounted first."""
        run = self._run
        with self._database.tenant(run.organisation_id) as session:
            drafts = waiting_drafts(session, until=run.as_of, limit=self._chunk, grace=self._grace)
            refresh_drafts(session, self._metering, [invoice for invoice in drafts if invoice.billing_run_id != run.id])
            run.invoices_finalized += issue(session, run.organisation_id, drafts, self._clock.now())
            failpoint("billing.before_finalize_commit")
            _count(session, run)
        return bool(drafts)


def _due_subscriptions(session: Session, as_of: datetime, limit: int, shared: bool) -> Sequence[Subscription]:
    query = (
        sa.select(Subscription)
        .where(Subscription.next_bill_at <= as_of)
        .order_by(Subscription.next_bill_at, Subscription.id)
        .options(
            joinedload(Subscription.customer),
            selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version),
        )
        .with_for_update(of=Subscription)
    )
    return with_companions(session, session.scalars(query.limit(limit)).all(), query, shared)


def _new(run: BillingRun, additions: Additions, group: Sequence[Due], answers: Answers, cutoff: int) -> New | None:
    """A boundary at which nothing is charged, as in a pause, has no invoice, and no part of one."""
    billed = [one for one in group if one.bill.lines(answers)] if len(group) > 1 else group
    billed = billed or group[:1]
    bill = additions.bill_of(billed)
    tally = additions.tally(bill, billed, answers)
    if not tally.lines:
        return None
    return New(billed, bill, tally, _invoice_row(run, billed[0], tally, cutoff))


def _unbilled(session: Session, due: Sequence[Due]) -> list[Due]:
    """Without those whose boundary has its invoice, and only has to be moved on from.

    Whoever makes an invoice of a subscription holds its lock, as this transaction does now; so none comes in between.
    """
    ids = [one.subscription.id for one in due]
    since = min(one.bill.agreement.period.end for one in due)
    alone = sa.select(Invoice.subscription_id, Invoice.period_start, Invoice.period_end).where(
        Invoice.kind != "supplementary", Invoice.subscription_id.in_(ids), Invoice.period_end >= since
    )
    shared = sa.select(InvoicePart.subscription_id, InvoicePart.period_start, InvoicePart.period_end).where(
        InvoicePart.subscription_id.in_(ids), InvoicePart.period_end >= since
    )
    billed = {(of, Period(start, end)) for of, start, end in session.execute(alone.union_all(shared))}
    return [one for one in due if (one.subscription.id, one.bill.agreement.period) not in billed]


def _issue(session: Session, run: BillingRun, made: Sequence[New], now: datetime) -> int:
    """Make the rows those of issued invoices; how many were not skipped."""
    drafts = [
        ToIssue(
            id=one.row["id"],
            kind="subscription",
            customer_id=one.row["customer_id"],
            currency=one.row["currency"],
            total=one.row["total"],
            carried_over=one.row["carried_over"],
            net_days=None,
            charges=any(line.amount for line in one.tally.lines),
        )
        for one in made
    ]
    issued = issued_columns(session, run.organisation_id, drafts, now)
    for one in made:
        one.row |= issued[one.row["id"]]
    return sum(columns["number"] is not None for columns in issued.values())


def _store(session: Session, run: BillingRun, made: Sequence[New]) -> None:
    insert_rows(session, Invoice, [one.row for one in made])
    insert_rows(session, InvoicePart, [row for one in made for row in _part_rows(one)])
    store_lines(session, run.organisation_id, [(one.row["id"], one.tally, one.bill.meters) for one in made])


def _part_rows(new: New) -> list[dict[str, Any]]:
    """None of an invoice of one subscription."""
    if isinstance(new.bill, Bill):
        return []
    return [
        {
            "invoice_id": new.row["id"],
            "organisation_id": new.row["organisation_id"],
            "position": position,
            "subscription_id": part.subscription_id,
            "plan_version_id": part.bill.agreement.agreed[-1].plan_version_id,
            "plan_name": part.plan_name,
            "period_start": part.bill.agreement.period.start,
            "period_end": part.bill.agreement.period.end,
            "agreement": part.bill.agreement.as_json(),
        }
        for position, part in enumerate(new.bill.parts, 1)
    ]


def _count(session: Session, run: BillingRun) -> None:
    counted = {"invoices_created": run.invoices_created, "invoices_finalized": run.invoices_finalized}
    session.execute(sa.update(BillingRun).where(BillingRun.id == run.id).values(counted))


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
