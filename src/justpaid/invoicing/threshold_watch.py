"""Thresholds that nobody asks about: looked at each time automatic billing looks, at little cost.

`UsageWatch` says whom to look at, so an hour may pass until a threshold is seen to be reached by what needs no event,
such as a new threshold.
"""

from datetime import datetime

import sqlalchemy as sa

from justpaid.accounts import Organisation
from justpaid.contracts import Subscription, may_reach_thresholds
from justpaid.invoicing.thresholds import bill_thresholds
from justpaid.metering import Metering, UsageWatch
from justpaid.platform.database import Database


class ThresholdWatch:
    def __init__(self, database: Database, metering: Metering) -> None:
        self._database = database
        self._metering = metering
        self._watch = UsageWatch(metering)

    def look(self, now: datetime) -> int:
        """For every organisation with thresholds whose clock does not stand; how many invoices were issued."""
        return sum(self._look_at(organisation_id, now) for organisation_id in self._organisations(now))

    def _organisations(self, now: datetime) -> list[str]:
        having = (
            sa.select(Subscription.id)
            .where(Subscription.organisation_id == Organisation.id, Subscription.next_bill_at > now)
            .where(Subscription.start_at < now, may_reach_thresholds(now))
        )
        query = sa.select(Organisation.id).where(Organisation.clock_at.is_(None), sa.exists(having))
        with self._database.system() as session:
            return list(session.scalars(query.order_by(Organisation.id)))

    def _look_at(self, organisation_id: str, now: datetime) -> int:
        look = self._watch.begin(organisation_id, now)
        issued = 0
        if not look.is_empty:
            issued = bill_thresholds(
                self._database, self._metering, organisation_id, now, now, customer_keys=look.customer_keys
            )
        self._watch.done(look)
        return issued
