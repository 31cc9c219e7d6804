"""From when on invoices still need raw events: to be made, and to be proved."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.contracts import Subscription
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine
from justpaid.invoicing.tables import Invoice, InvoiceLine


def needed_from(session: Session, now: datetime, proof: timedelta) -> Mapping[str, datetime]:
    """By organisation, the earliest instant from which events are needed; without an entry it needs none at all.

    Needed is the usage of every period that is not billed yet, of every draft, and of every invoice whose finalisation
    is less than `proof` ago, so that `verify` works for that long.
    """
    found: dict[str, datetime] = {}
    issued_after = now - proof
    for organisation_id, start in [
        *_unbilled(session), *_to_be_proved(session, issued_after), *_corrected(session, issued_after)
    ]:  # fmt: skip
        found[organisation_id] = min(start, found.get(organisation_id, start))
    return found


def _unbilled(session: Session) -> list[tuple[str, datetime]]:
    """From where each organisation's earliest usage is that is still to be billed."""
    rows = session.execute(
        sa.select(
            Subscription.organisation_id, sa.func.min(sa.func.coalesce(Subscription.billed_to, Subscription.start_at))
        )
        .where(Subscription.next_bill_at.is_not(None))
        .group_by(Subscription.organisation_id)
    )
    return [(organisation_id, start) for organisation_id, start in rows]


def _to_be_proved(session: Session, issued_after: datetime) -> list[tuple[str, datetime]]:
    rows = session.execute(
        sa.select(InvoiceLine.organisation_id, sa.func.min(InvoiceLine.period_start))
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(InvoiceLine.meter.is_not(None))
        .where(sa.or_(Invoice.status == "draft", Invoice.issued_at > issued_after))
        .group_by(InvoiceLine.organisation_id)
    )
    return [(organisation_id, start) for organisation_id, start in rows]


def _corrected(session: Session, made_after: datetime) -> list[tuple[str, datetime]]:
    """Items and credit notes of late usage are proved as their invoices are."""
    rows = session.execute(
        sa.select(LateUsageLine.organisation_id, sa.func.min(LateUsageLine.period_start))
        .join(LateUsageCorrection, LateUsageCorrection.id == LateUsageLine.correction_id)
        .where(LateUsageCorrection.created_at > made_after)
        .group_by(LateUsageLine.organisation_id)
    )
    return [(organisation_id, start) for organisation_id, start in rows]
