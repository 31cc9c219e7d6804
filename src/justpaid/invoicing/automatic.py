"""Invoices that make themselves: a thread that bills every organisation's elapsed periods, and keeps its credits.

A period is billed `grace` after its end, so that events which are a little late still count; the same time must have
passed since the subscription was made, so that a backdated one can be given its events first.
"""

import threading
from datetime import timedelta

import sqlalchemy as sa
import structlog

from justpaid.accounts import Organisation
from justpaid.contracts import Subscription
from justpaid.invoicing.credit_upkeep import keep_credits
from justpaid.invoicing.run import run_billing
from justpaid.kernel.clock import Clock
from justpaid.metering import Metering
from justpaid.platform.database import Database

log = structlog.get_logger(__name__)


class AutomaticBilling:
    """`interval` between looks; several processes may each have one, since runs tolerate company."""

    def __init__(
        self, database: Database, metering: Metering, clock: Clock, *, interval: timedelta, grace: timedelta
    ) -> None:
        self._database = database
        self._metering = metering
        self._clock = clock
        self._interval = interval
        self._grace = grace
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="automatic-billing", daemon=True)

    def start(self) -> None:
        if self._interval:
            self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def bill_due(self) -> int:
        """Bill what is due now, for every organisation; how many invoices that made."""
        created = 0
        as_of = self._clock.now() - self._grace
        with self._database.system() as session:
            # An organisation whose test clock stands is billed when the clock is moved.
            due = (
                sa.select(Subscription.organisation_id)
                .join(Organisation, Organisation.id == Subscription.organisation_id)
                .where(Subscription.next_bill_at <= as_of, Subscription.created_at <= as_of)
                .where(Organisation.clock_at.is_(None))
            )
            organisations = session.scalars(due.distinct()).all()
        for organisation_id in organisations:
            if self._stopping.is_set():
                break
            run = run_billing(
                self._database, self._metering, self._clock, organisation_id, as_of=as_of, made_before=as_of
            )
            log.info("billing.automatic_run", organisation=organisation_id, invoices=run.invoices_created)
            created += run.invoices_created
        return created

    def _run(self) -> None:
        while not self._stopping.wait(self._interval.total_seconds()):
            try:
                self.bill_due()
                keep_credits(self._database, self._metering, self._clock.now())
            except Exception as error:
                log.error("billing.automatic_run_failed", error=str(error))
