"""Thresholds that nobody asks about: looked at each time automatic billing looks, at little cost.

Between whole looks, which come once an hour, only those customers are looked at that have sent events since the look
before. So an hour may pass until a threshold is seen to be reached by what needs no event: a level that goes on, a
backfill that was closed, a new threshold.
"""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa

from justpaid.accounts import Organisation
from justpaid.contracts import Subscription, may_reach_thresholds
from justpaid.invoicing.thresholds import bill_thresholds
from justpaid.metering import Metering
from justpaid.platform.database import Database

_WHOLE_EVERY: Final = timedelta(hours=1)
#: Beyond so many active customers, asking for them by name costs more than looking at all.
_MANY: Final = 10_000


class ThresholdWatch:
    """Remembers for each organisation up to which journal sequence it has looked, and when at all customers."""

    def __init__(self, database: Database, metering: Metering) -> None:
        self._database = database
        self._metering = metering
        self._seen: dict[str, tuple[int, datetime]] = {}

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
        position = self._metering.drainer.position
        since, whole_at = self._seen.get(organisation_id, (0, None))
        keys = None
        if whole_at is not None and now - whole_at < _WHOLE_EVERY:
            keys = self._metering.customers_since(organisation_id, since)
        if keys is None or len(keys) > _MANY:
            keys, whole_at = None, now
        issued = 0
        if keys is None or keys:
            issued = bill_thresholds(self._database, self._metering, organisation_id, now, now, customer_keys=keys)
        assert whole_at is not None
        self._seen[organisation_id] = position, whole_at
        return issued
