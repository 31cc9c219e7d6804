"""The proof: recount an invoice from raw events as of its cut-off, price it again, and compare to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.invoicing.compose import Line
from justpaid.invoicing.credit_note_tables import CreditNote
from justpaid.invoicing.items import items_on, line_of
from justpaid.invoicing.late_usage import LateUsage, recount_correction
from justpaid.invoicing.late_usage_documents import supplementary_tally
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine
from justpaid.invoicing.progress import deducted, progress_before
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.recount import bill_of, key_of, settled_again
from justpaid.invoicing.tables import Invoice, InvoiceItem, InvoiceLine
from justpaid.invoicing.tally import Tally
from justpaid.invoicing.totals import Totals
from justpaid.kernel.errors import Conflict
from justpaid.kernel.period import Period
from justpaid.metering import Metering


@dataclass(frozen=True, slots=True)
class VerifiedLine:
    """A stored line beside its recount; None where one of the two is missing."""

    position: int
    price_key: str | None
    quantity: Decimal | None
    recounted_quantity: Decimal | None
    amount: Decimal | None
    recounted_amount: Decimal | None

    @property
    def ok(self) -> bool:
        return (self.quantity, self.amount) == (self.recounted_quantity, self.recounted_amount)


@dataclass(frozen=True, slots=True)
class Verification:
    lines: list[VerifiedLine]
    totals_ok: bool

    @property
    def ok(self) -> bool:
        return self.totals_ok and all(line.ok for line in self.lines)


@dataclass(frozen=True, slots=True)
class CreditNoteVerification:
    """Of a credit note for late usage: what it credits before tax, beside the recount."""

    cutoff: int
    subtotal: Decimal
    recounted_subtotal: Decimal

    @property
    def ok(self) -> bool:
        return self.subtotal == self.recounted_subtotal


def verify(session: Session, metering: Metering, invoice: Invoice) -> Verification:
    """Nothing of the stored figures goes into the recount; the definitions of the meters that the invoice was made with
    do. Of a correction the recount is compared with the documents that it corrects, which verify themselves.

    Raises: EventsExpired; EngineUnavailable.
    """
    recounted, totals = _recount(session, metering, invoice)
    stored = list(invoice.lines)
    lines = [_beside(position, *pair) for position, pair in enumerate(zip_longest(stored, recounted), 1)]
    return Verification(lines, len(stored) == len(recounted) and _totals_hold(invoice, totals))


def verify_credit_note(session: Session, metering: Metering, note: CreditNote) -> CreditNoteVerification:
    """Raises: Conflict for one that was not made for late usage; EventsExpired; EngineUnavailable."""
    correction = session.scalar(sa.select(LateUsageCorrection).where(LateUsageCorrection.credit_note_id == note.id))
    if correction is None:
        raise Conflict(f"Credit note {note.number} was decided on by a person: no usage is behind its figures.")
    late = recount_correction(session, metering, correction)
    return CreditNoteVerification(correction.cutoff, note.subtotal, -late.net)


def _totals_hold(invoice: Invoice, totals: Totals) -> bool:
    """Settled again from the recount, under the copies of tax rates and discounts that the invoice keeps."""
    total = totals.total - invoice.credits_applied
    due = Decimal(0) if invoice.status == "void" else total - invoice.amount_paid - invoice.amount_credited
    figures = {**_sums(totals), "total": total, "amount_due": due}
    parts = [(line.discount, line.tax, line.taxes) for line in invoice.lines]
    recounted_parts = [(line.discount, line.tax, [tax.as_json() for tax in line.taxes]) for line in totals.lines]
    same = all(getattr(invoice, name) == figure for name, figure in figures.items())
    return same and parts == recounted_parts and sum(line.amount for line in invoice.lines) == invoice.subtotal


def _sums(totals: Totals) -> dict[str, Decimal]:
    return {
        "subtotal": totals.subtotal,
        "discount": totals.discount,
        "tax": totals.tax,
        "tax_included": totals.tax_included,
        "carried_over": totals.carried_over,
    }


def _recount(session: Session, metering: Metering, invoice: Invoice) -> tuple[Sequence[Line], Totals]:
    if invoice.kind == "supplementary":
        query = sa.select(LateUsageCorrection).where(LateUsageCorrection.supplementary_id == invoice.id)
        tally = supplementary_tally(recount_correction(session, metering, session.scalars(query).one()))
        return tally.lines, tally.totals
    usage: Sequence[Line] = ()
    if invoice.agreement is not None:
        bill = bill_of(session, invoice)
        usage = bill.lines(read_quantities(metering, bill.asked(), cutoff=invoice.cutoff))
    lines = [*usage, *_recounted_items(session, metering, items_on(session, [invoice.id]).get(invoice.id, ()))]
    # Less what the threshold invoices say that it names; those verify themselves.
    left = deducted(Tally(tuple(lines), settled_again(session, invoice, lines)), progress_before(session, invoice))
    return left.lines, left.totals


def _recounted_items(session: Session, metering: Metering, items: Sequence[InvoiceItem]) -> list[Line]:
    """An item of late usage comes to what its correction does now; any other to what it says."""
    query = sa.select(LateUsageLine).where(LateUsageLine.item_id.in_([item.id for item in items]))
    late_lines = {line.item_id: line for line in session.scalars(query)}
    recounted: dict[str, LateUsage] = {}
    lines = []
    for item in items:
        line = line_of(item)
        if (late_line := late_lines.get(item.id)) is not None:
            id_ = late_line.correction_id
            if id_ not in recounted:
                recounted[id_] = recount_correction(session, metering, session.get_one(LateUsageCorrection, id_))
            net = _net_of(recounted[id_], late_line)
            line = replace(line, amount=net, amount_exact=net)
        lines.append(line)
    return lines


def _net_of(late: LateUsage, stored: LateUsageLine) -> Decimal:
    period = Period(stored.period_start, stored.period_end)
    key = stored.price_key, stored.description, period, None, stored.subscription_id
    return next((one.net for one in late.lines if key_of(one.line) == key), Decimal(0))


def _beside(position: int, stored: InvoiceLine | None, recounted: Line | None) -> VerifiedLine:
    return VerifiedLine(
        position=position,
        price_key=stored.price_key if stored else recounted.price_key if recounted else None,
        quantity=stored.quantity if stored else None,
        recounted_quantity=recounted.quantity if recounted else None,
        amount=stored.amount if stored else None,
        recounted_amount=recounted.amount if recounted else None,
    )
