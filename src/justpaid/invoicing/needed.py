"""From when on invoices still need raw events: to be made, and to be proved."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog import PlanVersion
from justpaid.contracts import Subscription
from justpaid.invoicing.tables import Invoice, InvoiceLine

#: No period is longer; a day more for clocks that change.
_LONGEST: Final = {
    "day": timedelta(days=2),
    "week": timedelta(days=8),
    "month": timedelta(days=32),
    "quarter": timedelta(days=93),
    "year": timedelta(days=367),
}


def needed_from(session: Session, now: datetime, proof: timedelta) -> Mapping[str, datetime]:
    """By organisation, the earliest instant from which events are needed; without an entry it needs none at all.

    Needed is the usage of every period that is not billed yet, of every draft, and of every invoice whose finalisation
    is less than `proof` ago, so that `verify` works for that long.
    """
    found: dict[str, datetime] = {}
    for organisation_id, start in [*_unbilled(session), *_to_be_proved(session, now - proof)]:
        found[organisation_id] = min(start, found.get(organisation_id, start))
    return found


def _unbilled(session: Session) -> list[tuple[str, datetime]]:
    """The next boundary to bill is at most one interval after the start of the period that it is for."""
    rows = session.execute(
        sa.select(Subscription.organisation_id, PlanVersion.interval, sa.func.min(Subscription.next_bill_at))
        .join(PlanVersion, PlanVersion.id == Subscription.plan_version_id)
        .where(Subscription.next_bill_at.is_not(None))
        .group_by(Subscription.organisation_id, PlanVersion.interval)
    )
    return [(organisation_id, at - _LONGEST[interval]) for organisation_id, interval, at in rows if at is not None]


def _to_be_proved(session: Session, issued_after: datetime) -> list[tuple[str, datetime]]:
    rows = session.execute(
        sa.select(InvoiceLine.organisation_id, sa.func.min(InvoiceLine.period_start))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoiceLine.meter.is_not(None))
        .where(sa.or_(Invoice.status == "draft", Invoice.issued_at > issued_after))
        .group_by(InvoiceLine.organisation_id)
    )
    return [(organisation_id, start) for organisation_id, start in rows]
