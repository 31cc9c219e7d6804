"""From a stored invoice to the document that is rendered."""

from decimal import Decimal

from justpaid.invoicing.rendering import DocumentLine, DocumentStep, InvoiceDocument, Party
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.kernel.period import Period


def document_of(invoice: Invoice, seller: str) -> InvoiceDocument:
    """`seller` is the organisation's name; the customer is as it was when the invoice was made."""
    return InvoiceDocument(
        number=invoice.number,
        status=invoice.status,
        seller=Party(seller),
        customer=_customer(invoice),
        currency=invoice.currency,
        period=Period(invoice.period_start, invoice.period_end),
        timezone=invoice.timezone,
        issued_at=invoice.issued_at,
        due_at=invoice.due_at,
        lines=tuple(map(_line, invoice.lines)),
        subtotal=invoice.subtotal,
        discount=invoice.discount,
        tax=invoice.tax,
        credits_applied=invoice.credits_applied,
        total=invoice.total,
        amount_paid=invoice.amount_paid,
        amount_due=invoice.amount_due,
        cutoff=invoice.cutoff,
    )


def _customer(invoice: Invoice) -> Party:
    address = invoice.customer.get("address") or {}
    lines = tuple(str(line) for line in address.values() if line)
    return Party(invoice.customer["name"], lines, invoice.customer.get("email"))


def _line(line: InvoiceLine) -> DocumentLine:
    return DocumentLine(
        description=line.description,
        price_key=line.price_key,
        meter=line.meter,
        quantity=line.quantity,
        unit_amount=line.unit_amount,
        amount=line.amount,
        period=Period(line.period_start, line.period_end),
        steps=tuple(
            DocumentStep(
                step["description"], Decimal(step["quantity"]), Decimal(step["unit_amount"]), Decimal(step["amount"])
            )
            for step in line.steps
        ),
        groups=tuple((group["label"], Decimal(group["quantity"])) for group in line.groups),
    )
