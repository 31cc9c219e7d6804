"""Which invoice lines include a given event."""

from collections.abc import Collection, Sequence
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
    price_key: str | None
    meter: str | None


def lines_including(
    session: Session,
    *,
    customer_key: str,
    meters: Collection[str],
    timestamp: datetime,
    counted: Sequence[tuple[int, int]],
) -> list[Occurrence]:
    """Lines whose meter takes the event, whose period holds its timestamp, and as of whose cut-off it counted.

    `counted`: it did as of cut-offs above the first and up to the second sequence of one of these pairs.
    """
    rows = session.execute(
        sa.select(Invoice.id, Invoice.number, Invoice.status, InvoiceLine.price_key, InvoiceLine.meter)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(
            Invoice.customer_keys.contains([customer_key]),
            sa.or_(sa.false(), *(sa.and_(Invoice.cutoff > after, Invoice.cutoff <= upto) for after, upto in counted)),
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
