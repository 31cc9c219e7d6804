"""Invoices that make themselves: a server bills elapsed periods, and usage that has reached a billing threshold, and
keeps the credits of every organisation, again and again.

A period is drafted at its end and issued a grace later, with its usage counted anew, so that events which are a little
late still count. The grace also runs from the drafting, so that a backdated subscription can be given its events first.
"""

import threading
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from justpaid.accounts import Organisation, settings_of
from justpaid.contracts import Subscription
from justpaid.invoicing.credit_upkeep import keep_credits
from justpaid.invoicing.run import run_billing
from justpaid.invoicing.tables import BillingRun, Invoice
from justpaid.invoicing.threshold_watch import ThresholdWatch
from justpaid.kernel.clock import Clock
from justpaid.metering import Metering
from justpaid.platform.database import Database

log = structlog.get_logger(__name__)


class AutomaticBilling:
    """Several processes may each have one, since runs tolerate company."""

    def __init__(self, database: Database, metering: Metering, clock: Clock, *, grace: timedelta) -> None:
        self._database = database
        self._metering = metering
        self._clock = clock
        self._grace = grace
        self._thresholds = ThresholdWatch(database, metering)

    def look(self, stopping: threading.Event | None = None) -> None:
        """Do all that is due, until `stopping` is set."""
        self.bill_due(stopping)
        self._thresholds.look(self._clock.now())
        keep_credits(self._database, self._metering, self._clock.now())

    def bill_due(self, stopping: threading.Event | None = None) -> int:
        """Draft what is due now, and issue what has had its grace, for every organisation; how many were drafted."""
        created = 0
        now = self._clock.now()
        for organisation_id, grace in self._organisations(now):
            if stopping and stopping.is_set():
                break
            run = run_billing(self._database, self._metering, self._clock, organisation_id, as_of=now, grace=grace)
            log.info(
                "billing.automatic_run",
                organisation=organisation_id,
                invoices=run.invoices_created,
                finalized=run.invoices_finalized,
            )
            created += run.invoices_created
        return created

    def _organisations(self, now: datetime) -> list[tuple[str, timedelta]]:
        """Those with something to draft or to issue, each with its grace."""
        with self._database.system() as session:
            due = sa.select(Subscription.organisation_id).where(Subscription.next_bill_at <= now).distinct()
            drafts = (
                sa.select(Invoice.organisation_id, Invoice.period_end, Invoice.created_at)
                .join(BillingRun, BillingRun.id == Invoice.billing_run_id)
                .where(Invoice.status == "draft", Invoice.subscription_id.is_not(None), BillingRun.finalize)
            ).subquery()
            oldest = sa.select(
                drafts.c.organisation_id, sa.func.min(sa.func.greatest(drafts.c.period_end, drafts.c.created_at))
            ).group_by(drafts.c.organisation_id)
            waiting = {organisation_id: since for organisation_id, since in session.execute(oldest)}  # noqa: C416
            due_now = set(session.scalars(due))
            ids = {*due_now, *waiting}
            # An organisation whose test clock stands is billed when the clock is moved.
            found = sa.select(Organisation).where(Organisation.id.in_(ids), Organisation.clock_at.is_(None))
            graces = {one.id: self._grace_of(one) for one in session.scalars(found.order_by(Organisation.id))}
        return [(id_, grace) for id_, grace in graces.items() if id_ in due_now or waiting[id_] <= now - grace]

    def _grace_of(self, organisation: Organisation) -> timedelta:
        hours = settings_of(organisation.settings).invoice.grace_hours
        return self._grace if hours is None else timedelta(hours=hours)
