"""How much of a meter a subscription's running period includes."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from justpaid.contracts import Subscription
from justpaid.invoicing.due import load_estimated
from justpaid.pricing import MeteredPrice


def included_quantity(session: Session, subscription: Subscription, meter: str, period_end: datetime) -> Decimal | None:
    """In the meter's own unit: of the terms at the end of the period, and where several prices include some, the least,
    since from there on usage costs. None where no price includes any, or only in a unit of its own.

    `period_end`: of a running period.
    """
    bill = load_estimated(session, subscription, period_end)
    latest = {
        span.charge.key: span.charge.price
        for span in sorted(bill.skeleton.metered, key=lambda span: span.period)
        if span.charge.price.meter == meter
    }
    return min(
        (
            price.included_quantity
            for price in latest.values()
            if isinstance(price, MeteredPrice)
            and price.included_quantity
            and getattr(price, "conversion", None) is None
        ),
        default=None,
    )
