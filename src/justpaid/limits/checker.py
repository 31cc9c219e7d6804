"""Looking whether alerts have reached their thresholds, which a server does every few seconds and at little cost.

`UsageWatch` says whose usage is new; besides, a new alert is looked at in any case. An organisation whose test clock
stands is looked at as of that clock.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from justpaid.accounts import Organisation, find_organisation
from justpaid.customers import CustomerKey
from justpaid.delivery import enqueue
from justpaid.kernel.clock import Clock
from justpaid.kernel.ids import new_id
from justpaid.limits.news import news_of
from justpaid.limits.standing import Standing, standings
from justpaid.limits.tables import Alert, Firing
from justpaid.metering import Look, Metering, UsageWatch
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

_CHUNK: Final = 500


class AlertChecker:
    """Several processes may each have one, since the database lets an alert fire once."""

    def __init__(self, database: Database, metering: Metering, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._metering = metering
        self._watch = UsageWatch(metering)

    def look(self, stopping: threading.Event | None = None) -> int:
        """For every organisation with alerts, until `stopping` is set; how many fired."""
        fired = 0
        for organisation_id, clock_at in self._organisations():
            if stopping and stopping.is_set():
                break
            look = self._watch.begin(organisation_id, clock_at or self._clock.now())
            fired += self._look_at(look, clock_at or self._clock.now())
            self._watch.done(look)
        return fired

    def _organisations(self) -> Sequence[tuple[str, datetime | None]]:
        having = sa.exists().where(Alert.organisation_id == Organisation.id, Alert.deleted_at.is_(None))
        query = sa.select(Organisation.id, Organisation.clock_at).where(having).order_by(Organisation.id)
        with self._database.system() as session:
            return [(id_, clock_at) for id_, clock_at in session.execute(query)]

    def _look_at(self, look: Look, now: datetime) -> int:
        fired, after = 0, ""
        while True:
            with self._database.tenant(look.organisation_id) as session:
                alerts = _to_check(session, look, after)
                if not alerts:
                    return fired
                organisation = find_organisation(session, look.organisation_id)
                for standing in standings(session, self._metering, alerts, now):
                    if standing.is_reached:
                        fired += self._fire(session, standing, organisation, now)
                for alert in alerts:
                    alert.checked = True
                failpoint("alerts.before_commit")
            after = alerts[-1].id

    def _fire(self, session: Session, standing: Standing, organisation: Organisation, now: datetime) -> bool:
        """In its transaction with the e-mails; not if it has fired in the period."""
        alert, period = standing.alert, standing.period
        assert period is not None
        firing = {
            "id": new_id("fir"),
            "organisation_id": alert.organisation_id,
            "alert_id": alert.id,
            "period_start": period.start,
            "period_end": period.end,
            "value": standing.value,
            "threshold": standing.threshold,
            "fired_at": now,
        }
        once = insert(Firing).values(firing).on_conflict_do_nothing(index_elements=["alert_id", "period_start"])
        if session.scalar(once.returning(Firing.id)) is None:
            return False
        news = news_of(standing, organisation)
        for recipient in alert.recipients:
            enqueue(
                session,
                alert.organisation_id,
                kind="alert",
                about=str(firing["id"]),
                sender_name=news.sender_name,
                recipient=recipient,
                subject=news.subject,
                body=news.body,
                now=self._clock.now(),
            )
        return True


def _to_check(session: Session, look: Look, after: str) -> Sequence[Alert]:
    query = sa.select(Alert).where(Alert.deleted_at.is_(None), Alert.id > after).order_by(Alert.id).limit(_CHUNK)
    if look.customer_keys is not None:
        owners = sa.select(CustomerKey.customer_id).where(CustomerKey.key.in_(look.customer_keys))
        query = query.where(sa.or_(Alert.checked.is_(False), Alert.customer_id.in_(owners)))
    return session.scalars(query).all()
