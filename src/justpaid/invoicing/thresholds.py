"""Progressive billing: invoices for what has accrued of a running period, as soon as it reaches a billing threshold.

First, without locks, many subscriptions are looked at with one question to metering for each meter and period; only
those that have reached their threshold are locked, counted again as of a cut-off, and billed. Two that look at once
take turns, and the number of a threshold invoice within its period is unique in any case.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from justpaid.contracts import (
    Subscription,
    SubscriptionPhase,
    billed_ahead_of,
    may_reach_thresholds,
    thresholds_of,
    timeline_of,
)
from justpaid.customers import CustomerKey
from justpaid.invoicing.accrued import accrued, next_threshold
from justpaid.invoicing.additions import plan_keys, store_lines
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line, total_of
from justpaid.invoicing.due import load_bills
from justpaid.invoicing.finalize import issue
from justpaid.invoicing.progress import Progress, Running, deducted, load_progress
from justpaid.invoicing.quantities import Answers, read_quantities
from justpaid.invoicing.tables import Invoice
from justpaid.invoicing.tally import Tally, customer_as_billed, load_conditions
from justpaid.invoicing.turns import take_turn
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.ids import new_id
from justpaid.metering import Metering
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

_CHUNK: Final = 1_000
#: Were metering further behind, what it has not counted yet would be seen at the next look.
_CATCH_UP_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Accrual:
    """A subscription with the usage of its running period so far. `made`: its threshold invoices, void ones too."""

    subscription: Subscription
    bill: Bill
    made: Progress

    def reached(self, lines: Sequence[Line], until: datetime) -> bool:
        threshold = next_threshold(thresholds_of(self.subscription, until), len(self.made.invoices))
        unbilled = EXACT.subtract(total_of(lines), self.made.usage)
        return threshold is not None and unbilled >= threshold.amount


def bill_thresholds(
    database: Database,
    metering: Metering,
    organisation_id: str,
    until: datetime,
    now: datetime,
    *,
    customer_keys: Collection[str] | None = None,
    run_id: str | None = None,
) -> int:
    """Issue an invoice for each subscription whose usage up to `until` has reached its threshold; how many.

    `customer_keys`: look only at the customers that events name so.  Raises: as `run_billing`.
    """
    issued, after = 0, ""
    while True:
        with database.tenant(organisation_id) as session:
            looked_at = _running(session, until, after=after, customer_keys=customer_keys)
            if not looked_at:
                return issued
            metering.catch_up(_CATCH_UP_S)
            found = _accruals(session, looked_at, until)
            answers = read_quantities(metering, [asked for one in found for asked in one.bill.asked()])
            reached = [one.subscription.id for one in found if one.reached(one.bill.lines(answers), until)]
        after = looked_at[-1].id
        if reached:
            issued += _bill(database, metering, organisation_id, reached, until, now, run_id)


def _bill(
    database: Database,
    metering: Metering,
    organisation_id: str,
    reached: Collection[str],
    until: datetime,
    now: datetime,
    run_id: str | None,
) -> int:
    with database.tenant(organisation_id) as session:
        take_turn(session, organisation_id)
        found = _accruals(session, _running(session, until, ids=reached), until)
        # Before usage is read: whoever waits for a discount must not hold metering still.
        held = {discount for one in found for discount in one.made.held}
        conditions = load_conditions(session, [one.subscription.customer for one in found], held=held)
        plans = plan_keys(session, [one.bill.agreement.plan_version_id or "" for one in found])
        with metering.snapshot() as cutoff:
            answers = read_quantities(metering, [asked for one in found for asked in one.bill.asked()])
        drafts = []
        for one in found:
            lines = one.bill.lines(answers)
            if one.reached(lines, until):
                whole = conditions.tally(
                    one.subscription.customer,
                    lines,
                    currency=one.bill.currency,
                    plans={one.subscription.id: plans.get(one.bill.agreement.plan_version_id or "", "")},
                    held=one.made.held,
                )
                drafts.append(_draft(session, one, deducted(whole, one.made), cutoff, until, now, run_id))
        issue(session, organisation_id, drafts, now)
        failpoint("billing.before_threshold_commit")
    return len(drafts)


def _running(
    session: Session,
    until: datetime,
    *,
    after: str = "",
    customer_keys: Collection[str] | None = None,
    ids: Collection[str] | None = None,
) -> Sequence[Subscription]:
    """Those that may reach a threshold in a period that runs at `until`, by id; `ids`: of these, locked."""
    query = (
        sa.select(Subscription)
        .where(Subscription.start_at < until, Subscription.next_bill_at > until, may_reach_thresholds(until))
        .order_by(Subscription.id)
        .limit(_CHUNK)
        .options(
            joinedload(Subscription.customer),
            selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version),
        )
    )
    if ids is not None:
        return session.scalars(query.where(Subscription.id.in_(ids)).with_for_update(of=Subscription)).all()
    if customer_keys is not None:
        owners = sa.select(CustomerKey.customer_id).where(CustomerKey.key.in_(customer_keys))
        query = query.where(Subscription.customer_id.in_(owners))
    return session.scalars(query.where(Subscription.id > after)).all()


def _accruals(session: Session, subscriptions: Sequence[Subscription], until: datetime) -> list[Accrual]:
    """Without those that have an invoice up to this very instant, as where a test clock stands."""
    agreements = []
    for one in subscriptions:
        assert one.next_bill_at is not None
        agreements.append((one, timeline_of(one).agreement(one.next_bill_at, one.billed_to, billed_ahead_of(one))))
    starts: Mapping[str, Running] = {one.id: (one.id, agreement.period.start) for one, agreement in agreements}
    made = load_progress(session, starts.values(), even_void=True)
    return [
        Accrual(one, accrued(bill, until), progress)
        for (one, _), bill in zip(agreements, load_bills(session, agreements), strict=True)
        for progress in [made.get(starts[one.id], Progress())]
        if all(invoice.period_end < until for invoice in progress.invoices)
    ]


def _draft(
    session: Session, one: Accrual, tally: Tally, cutoff: int, until: datetime, now: datetime, run_id: str | None
) -> Invoice:
    subscription, agreement = one.subscription, one.bill.agreement
    customer = subscription.customer
    invoice = Invoice(
        id=new_id("inv"),
        organisation_id=subscription.organisation_id,
        kind="threshold",
        threshold_number=len(one.made.invoices) + 1,
        status="draft",
        customer_id=customer.id,
        subscription_id=subscription.id,
        plan_version_id=agreement.agreed[-1].plan_version_id,
        billing_run_id=run_id,
        currency=one.bill.currency,
        timezone=subscription.timezone,
        period_start=agreement.period.start,
        period_end=until,
        customer=customer_as_billed(customer),
        customer_keys=list(one.bill.keys),
        agreement=agreement.as_json(),
        cutoff=cutoff,
        credits_applied=Decimal(0),
        amount_paid=Decimal(0),
        amount_credited=Decimal(0),
        po_number=customer.po_number,
        created_at=now,
        **tally.columns(),
    )
    session.add(invoice)
    session.flush()
    store_lines(session, subscription.organisation_id, [(invoice.id, tally, one.bill.meters)])
    return invoice


def unbilled_usage(bill: Bill, answers: Answers, until: datetime, made: Progress) -> Decimal:
    """Usage charges up to `until` that no threshold invoice has billed, before discounts and tax."""
    return EXACT.subtract(total_of(accrued(bill, until).lines(answers)), made.usage)
