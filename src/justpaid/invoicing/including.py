"""Which invoice lines include a given event."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.invoicing.tables import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`invoice_number` is None while the invoice is a draft."""

    invoice_id: str
    invoice_number: str | None
    invoice_status: str
    price_key: str
    meter: str | None


def lines_including(
    session: Session,
    *,
    customer_key: str,
    meters: Collection[str],
    timestamp: datetime,
    sequence: int,
    withdrawn_at: int | None = None,
) -> list[Occurrence]:
    """Lines whose meter takes the event, whose period holds its timestamp, and whose cut-off came after it; but not
    after it was withdrawn (at this sequence), where it was."""
    rows = session.execute(
        sa.select(Invoice.id, Invoice.number, Invoice.status, InvoiceLine.price_key, InvoiceLine.meter)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(
            Invoice.customer_keys.contains([customer_key]),
            Invoice.cutoff > sequence,
            sa.true() if withdrawn_at is None else Invoice.cutoff <= withdrawn_at,
            InvoiceLine.meter.in_(meters),
            InvoiceLine.period_start <= timestamp,
            InvoiceLine.period_end > timestamp,
        )
        .order_by(Invoice.id, InvoiceLine.position)
    )
    return [
        Occurrence(invoice_id, number, status, price_key, meter)
        for invoice_id, number, status, price_key, meter in rows
    ]
