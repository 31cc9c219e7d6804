"""The proof: recount an invoice from raw events as of its cut-off, price it again, and compare to the cent."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from sqlalchemy.orm import Session

from justpaid.contracts import Agreement, PriceBook
from justpaid.invoicing.accrued import accrued
from justpaid.invoicing.additions import plan_keys
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.items import items_on, line_of
from justpaid.invoicing.progress import Progress, deducted, progress_before
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.spans import Skeletons
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.invoicing.tally import Tally
from justpaid.invoicing.totals import Charge, Discount, Rate, Totals, settle
from justpaid.metering import MeterDefinition, Metering, definition_of, find_meter


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


def verify(session: Session, metering: Metering, invoice: Invoice) -> Verification:
    """Nothing of the stored figures goes into the recount; the definitions of the meters that the invoice was made with
    do.  Raises: EngineUnavailable."""
    recounted = _recount(session, metering, invoice)
    before = progress_before(session, invoice)
    stored, due = list(invoice.lines), [*recounted, *(line for line, _ in before.deductions())]
    lines = [_beside(position, *pair) for position, pair in enumerate(zip_longest(stored, due), 1)]
    return Verification(lines, len(stored) == len(due) and _totals_hold(session, invoice, recounted, before))


def _totals_hold(session: Session, invoice: Invoice, recounted: Sequence[Line], before: Progress) -> bool:
    """Settled again from the recount, under the copies of tax rates and discounts that the invoice keeps, less what the
    threshold invoices say that it names; those verify themselves."""
    version_id = invoice.plan_version_id
    plan = plan_keys(session, [version_id])[version_id] if version_id else None
    charges = [
        Charge(
            amount=line.amount,
            rates=tuple(Rate.from_json(tax) for tax in stored.taxes),
            price_key=line.price_key,
            plan=plan if line.item is None else None,
            discountable=stored.discountable,
        )
        for line, stored in zip(recounted, invoice.lines, strict=False)  # what was billed before comes last
    ]
    whole = settle(charges, [Discount.from_json(one) for one in invoice.discounts], invoice.currency)
    totals = deducted(Tally(tuple(recounted), whole), before).totals
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


def _recount(session: Session, metering: Metering, invoice: Invoice) -> list[Line]:
    items = [line_of(item) for item in items_on(session, [invoice.id]).get(invoice.id, ())]
    if invoice.agreement is None:
        return items
    return [*_recount_usage(session, metering, invoice, Agreement.from_json(invoice.agreement)), *items]


def _recount_usage(session: Session, metering: Metering, invoice: Invoice, agreement: Agreement) -> list[Line]:
    book = PriceBook.load(session, agreement.agreed)
    named = {meter for one in agreement.agreed for meter in book.charges(one, invoice.currency).meters}
    made_with = {line.meter: line.meter_definition for line in invoice.lines if line.meter_definition}
    meters = {
        key: MeterDefinition.from_json(made_with[key]) if key in made_with else definition_of(find_meter(session, key))
        for key in named
    }
    bill = Bill.of(
        agreement,
        Skeletons(book),
        meters,
        customer_id=invoice.customer_id,
        keys=invoice.customer_keys,
        currency=invoice.currency,
    )
    if invoice.kind == "threshold":
        bill = accrued(bill, invoice.period_end)
    return bill.lines(read_quantities(metering, bill.asked(), cutoff=invoice.cutoff))


def _beside(position: int, stored: InvoiceLine | None, recounted: Line | None) -> VerifiedLine:
    return VerifiedLine(
        position=position,
        price_key=stored.price_key if stored else recounted.price_key if recounted else None,
        quantity=stored.quantity if stored else None,
        recounted_quantity=recounted.quantity if recounted else None,
        amount=stored.amount if stored else None,
        recounted_amount=recounted.amount if recounted else None,
    )
