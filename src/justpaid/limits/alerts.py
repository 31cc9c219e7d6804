"""Making, finding and deleting alerts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from justpaid.contracts import Subscription, find_subscription
from justpaid.customers import Customer
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.limits.recipients import MAX_RECIPIENTS, read_recipients
from justpaid.limits.tables import Alert, Base, Firing, Maker, Measure
from justpaid.metering import find_meter
from justpaid.platform.finding import newest_first

__all__ = ["MAX_RECIPIENTS", "NewAlert", "create_alert", "delete_alert", "last_firings", "list_alerts"]

MAX_ALERTS: Final = 50
#: Deleted ones too: who makes an alert that fires at once, and deletes it, must not send e-mail without end.
MAX_NEW_A_DAY: Final = 50
_MAX_NAME: Final = 100
_MAX_PERCENT: Final = 100_000


@dataclass(frozen=True, slots=True)
class NewAlert:
    """As it was sent. Exactly one of `quantity`, `amount` and `percent`; `of`: what percent are of, a number or a
    base."""

    name: str
    measure: Measure
    meter: str | None = None
    subscription_id: str | None = None
    currency: str | None = None
    quantity: Decimal | None = None
    amount: Decimal | None = None
    percent: Decimal | None = None
    of: Base | Decimal | None = None
    recipients: Sequence[str] = ()


def create_alert(session: Session, customer: Customer, new: NewAlert, *, made_by: Maker, now: datetime) -> Alert:
    """`now` is the real time.  Raises: InvalidRequest, NotFound, Conflict if the customer has too many."""
    _check_name(new.name)
    subscription = _subscription(session, customer, new)
    limit, base = _threshold(new)
    alert = Alert(
        id=new_id("alr"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        subscription_id=subscription.id if subscription else None,
        name=new.name,
        measure=new.measure,
        meter=_meter(session, new),
        currency=_currency(new, customer, subscription),
        limit=limit,
        percent=new.percent,
        base=base,
        recipients=read_recipients(new.recipients),
        made_by=made_by,
        created_at=now,
    )
    _require_room(session, customer, now)
    session.add(alert)
    session.flush()
    return alert


def list_alerts(
    session: Session,
    *,
    limit: int,
    before_id: str | None = None,
    customer_id: str | None = None,
    made_by: Maker | None = None,
    hidden_meters: Collection[str] = (),
) -> Sequence[Alert]:
    """Newest first, without deleted ones; those made before `before_id` where it is given."""
    query = sa.select(Alert).where(Alert.deleted_at.is_(None))
    if customer_id is not None:
        query = query.where(Alert.customer_id == customer_id)
    if made_by is not None:
        query = query.where(Alert.made_by == made_by)
    if hidden_meters:
        query = query.where(sa.or_(Alert.meter.is_(None), Alert.meter.not_in(hidden_meters)))
    return newest_first(session, query, Alert.id, limit, before_id)


def delete_alert(
    session: Session, alert_id: str, now: datetime, *, customer_id: str | None = None, made_by: Maker | None = None
) -> None:
    """It fires no more.  Raises: NotFound, also for one of another customer or maker than is given."""
    alert = session.get(Alert, alert_id, with_for_update=True)
    if (
        alert is None
        or alert.deleted_at is not None
        or customer_id not in (None, alert.customer_id)
        or made_by not in (None, alert.made_by)
    ):
        raise NotFound.of("alert", alert_id)
    alert.deleted_at = now
    session.flush()


def last_firings(session: Session, alerts: Collection[Alert]) -> Mapping[str, Firing]:
    """The last firing of each by its id; those that never fired are absent."""
    query = (
        sa.select(Firing)
        .where(Firing.alert_id.in_([alert.id for alert in alerts]))
        .ext(distinct_on(Firing.alert_id))
        .order_by(Firing.alert_id, Firing.period_start.desc())
    )
    return {firing.alert_id: firing for firing in session.scalars(query)}


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= _MAX_NAME or not name.isprintable() or not name.strip():
        raise InvalidRequest.of("name", f"must be 1 to {_MAX_NAME} printable characters on one line")


def _subscription(session: Session, customer: Customer, new: NewAlert) -> Subscription | None:
    if new.subscription_id is None:
        return None
    subscription = find_subscription(session, new.subscription_id)
    if subscription.customer_id != customer.id:
        raise NotFound.of("subscription", new.subscription_id)
    return subscription


def _meter(session: Session, new: NewAlert) -> str | None:
    if new.measure == "usage":
        if new.meter is None:
            raise InvalidRequest.of("meter", "is required for an alert on usage", code="missing")
        return find_meter(session, new.meter).key
    if new.meter is not None:
        raise InvalidRequest.of("meter", "goes with the measure usage; leave it out for cost")
    return None


def _currency(new: NewAlert, customer: Customer, subscription: Subscription | None) -> str | None:
    if new.measure == "usage":
        if new.currency is not None:
            raise InvalidRequest.of("currency", "goes with the measure cost; leave it out for usage")
        return None
    own = subscription.currency if subscription else customer.currency
    currency = new.currency or own
    if subscription and currency != own:
        raise InvalidRequest.of("currency", f"must be the subscription's, {own}; or leave it out")
    try:
        minor_places(currency)
    except UnknownCurrency as error:
        raise InvalidRequest.of("currency", str(error)) from error
    return currency


def _threshold(new: NewAlert) -> tuple[Decimal | None, Base | None]:
    """(limit, base) of the alert."""
    fixed, other = ("quantity", "amount") if new.measure == "usage" else ("amount", "quantity")
    if getattr(new, other) is not None:
        raise InvalidRequest.of(other, f"does not go with the measure {new.measure}; send {fixed} or percent")
    limit: Decimal | None = getattr(new, fixed)
    if (limit is None) == (new.percent is None):
        raise InvalidRequest.of(fixed, f"send either {fixed} or percent")
    if new.percent is None:
        if new.of is not None:
            raise InvalidRequest.of("of", f"goes with percent; leave it out beside {fixed}")
        return _positive(limit, fixed), None
    if not 0 < new.percent <= _MAX_PERCENT:
        raise InvalidRequest.of("percent", f"must be more than 0 and at most {_MAX_PERCENT}")
    if new.of is None:
        raise InvalidRequest.of("of", f"is required beside percent: a number, or {_bases(new.measure)}", code="missing")
    if isinstance(new.of, Decimal):
        return _positive(new.of, "of"), None
    if new.measure == "cost" and new.of == "included_quantity":
        raise InvalidRequest.of("of", f"must be a number or {_bases(new.measure)} for cost")
    return None, new.of


def _bases(measure: Measure) -> str:
    return " or ".join(base for base in get_args(Base) if measure == "usage" or base != "included_quantity")


def _positive(number: Decimal | None, field: str) -> Decimal:
    if number is None or number <= 0:
        raise InvalidRequest.of(field, "must be more than 0")
    return number


def _require_room(session: Session, customer: Customer, now: datetime) -> None:
    # The customer's row is the turn of those that make one at once.
    session.execute(sa.select(Customer.id).where(Customer.id == customer.id).with_for_update())
    live = sa.func.count().filter(Alert.deleted_at.is_(None))
    new = sa.func.count().filter(Alert.created_at > now - timedelta(days=1))
    count, today = session.execute(sa.select(live, new).where(Alert.customer_id == customer.id)).one()
    if count >= MAX_ALERTS:
        raise Conflict(f"The customer has {MAX_ALERTS} alerts, which is the most. Delete one first.")
    if today >= MAX_NEW_A_DAY:
        raise Conflict(f"{MAX_NEW_A_DAY} alerts were made for the customer within a day. Try again tomorrow.")
