"""The proof: recount an invoice from raw events as of its cut-off, price it again, and compare to the cent."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest

from sqlalchemy.orm import Session

from justpaid.contracts import Agreement, PriceBook
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.metering import MeterDefinition, Metering, definition_of, find_meter


@dataclass(frozen=True, slots=True)
class VerifiedLine:
    """A stored line beside its recount; None where one of the two is missing."""

    position: int
    price_key: str
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
    stored = list(invoice.lines)
    lines = [_beside(position, *pair) for position, pair in enumerate(zip_longest(stored, recounted), 1)]
    subtotal = sum((line.amount for line in stored), Decimal(0))
    total = subtotal - invoice.discount + invoice.tax - invoice.credits_applied
    due = Decimal(0) if invoice.status == "void" else total - invoice.amount_paid
    totals_ok = (invoice.subtotal, invoice.total, invoice.amount_due) == (subtotal, total, due)
    return Verification(lines, totals_ok)


def _recount(session: Session, metering: Metering, invoice: Invoice) -> list[Line]:
    agreement = Agreement.from_json(invoice.agreement)
    book = PriceBook.load(session, agreement.agreed)
    named = {meter for one in agreement.agreed for meter in book.charges(one, invoice.currency).meters}
    made_with = {line.meter: line.meter_definition for line in invoice.lines if line.meter_definition}
    meters = {
        key: MeterDefinition.from_json(made_with[key]) if key in made_with else definition_of(find_meter(session, key))
        for key in named
    }
    bill = Bill.of(
        agreement,
        book,
        meters,
        customer_id=invoice.customer_id,
        keys=invoice.customer_keys,
        currency=invoice.currency,
    )
    return bill.lines(read_quantities(metering, bill.asked(), cutoff=invoice.cutoff))


def _beside(position: int, stored: InvoiceLine | None, recounted: Line | None) -> VerifiedLine:
    return VerifiedLine(
        position=position,
        price_key=stored.price_key if stored else recounted.price_key if recounted else "",
        quantity=stored.quantity if stored else None,
        recounted_quantity=recounted.quantity if recounted else None,
        amount=stored.amount if stored else None,
        recounted_amount=recounted.amount if recounted else None,
    )
