"""Which invoice lines include a given event, and which corrections came to bill it, or to take it back."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.invoicing.credit_note_tables import CreditNote
from justpaid.invoicing.late_usage import CORRECTABLE
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine
from justpaid.invoicing.tables import Invoice, InvoiceItem, InvoiceLine


@dataclass(frozen=True, slots=True)
class Occurrence:
    """`invoice_number` is None while the invoice is a draft. By a correction, `late_usage` says what that did with the
    event, and `corrects` is the number of the invoice that it corrects; its own invoice is None while it waits for the
    customer's next one, and where it is on a credit note."""

    invoice_id: str | None
    invoice_number: str | None
    invoice_status: str | None
    price_key: str | None
    meter: str | None
    late_usage: Literal["added", "taken_back"] | None = None
    corrects: str | None = None
    credit_note_number: str | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """An event as lines look for it: `meters` are those that take it, and it `counted` as of cut-offs above the first
    and up to the second sequence of one of these pairs."""

    customer_key: str
    meters: Collection[str]
    timestamp: datetime
    counted: Sequence[tuple[int, int]]

    def counted_at(self, cutoff: int, keys: Collection[str]) -> bool:
        return self.customer_key in keys and any(after < cutoff <= upto for after, upto in self.counted)


def lines_including(session: Session, sought: Sought) -> list[Occurrence]:
    """Lines whose meter takes the event, whose period holds its timestamp, and as of whose cut-off it counted; then the
    corrections as of whose cut-off it counted, and did not before, or the other way round."""
    rows = session.execute(
        sa.select(Invoice.id, Invoice.number, Invoice.status, InvoiceLine.price_key, InvoiceLine.meter)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(
            Invoice.kind != "supplementary",
            Invoice.customer_keys.contains([sought.customer_key]),
            sa.or_(
                sa.false(), *(sa.and_(Invoice.cutoff > after, Invoice.cutoff <= upto) for after, upto in sought.counted)
            ),
            *_over(InvoiceLine, sought),
        )
        .order_by(Invoice.id, InvoiceLine.position)
    )
    billed = [
        Occurrence(invoice_id, number, status, price_key, meter)
        for invoice_id, number, status, price_key, meter in rows
    ]
    return [*billed, *_corrections(session, sought)]


def too_late_for(session: Session, sought: Sought, customer_id: str) -> str | None:
    """The number of an issued invoice that would include the event, had it come in time."""
    query = (
        sa.select(Invoice)
        .join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        .where(Invoice.customer_id == customer_id, Invoice.kind == "subscription", Invoice.status.in_(CORRECTABLE))
        .where(*_over(InvoiceLine, sought))
        .order_by(Invoice.id)
    )
    missed = (one.number for one in session.scalars(query) if not sought.counted_at(one.cutoff, one.customer_keys))
    return next(missed, None)


def _over(line: type[InvoiceLine] | type[LateUsageLine], sought: Sought) -> Iterator[sa.ColumnElement[bool]]:
    yield line.meter.in_(sought.meters)
    yield line.period_start <= sought.timestamp
    yield line.period_end > sought.timestamp


def _corrections(session: Session, sought: Sought) -> Iterator[Occurrence]:
    on = sa.orm.aliased(Invoice)
    rows = session.execute(
        sa.select(LateUsageCorrection, LateUsageLine, on, CreditNote.number)
        .join(LateUsageLine, LateUsageLine.correction_id == LateUsageCorrection.id)
        .outerjoin(InvoiceItem, InvoiceItem.id == LateUsageLine.item_id)
        .outerjoin(on, on.id == sa.func.coalesce(LateUsageCorrection.supplementary_id, InvoiceItem.invoice_id))
        .outerjoin(CreditNote, CreditNote.id == LateUsageCorrection.credit_note_id)
        .where(*_over(LateUsageLine, sought))
        .order_by(LateUsageCorrection.id, LateUsageLine.position)
    )
    for correction, line, invoice, credit_note in rows:
        then = sought.counted_at(correction.cutoff, correction.customer_keys)
        if then == sought.counted_at(*state_before(session, correction)):
            continue
        yield Occurrence(
            invoice_id=invoice.id if invoice else None,
            invoice_number=invoice.number if invoice else None,
            invoice_status=invoice.status if invoice else None,
            price_key=line.price_key,
            meter=line.meter,
            late_usage="added" if then else "taken_back",
            corrects=correction.invoice.number,
            credit_note_number=credit_note,
        )


def state_before(session: Session, correction: LateUsageCorrection) -> tuple[int, Collection[str]]:
    """The cut-off and the customer's keys that the correction starts from."""
    if not correction.after:
        return correction.invoice.cutoff, correction.invoice.customer_keys
    last = session.get_one(LateUsageCorrection, correction.after[-1])
    return last.cutoff, last.customer_keys
