"""From a stored invoice or credit note to the document that is rendered."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from justpaid.accounts import Organisation, image_of, settings_of
from justpaid.invoicing.credit_note_tables import CreditNote, CreditNoteLine
from justpaid.invoicing.rendering import DocumentLine, DocumentStep, InvoiceDocument, Party
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.kernel.period import Period


def document_of(invoice: Invoice, organisation: Organisation) -> InvoiceDocument:
    """The customer as it was when the invoice was made, the seller as it was when it was issued; the logo as it is."""
    settings = settings_of(organisation.settings).seller
    seller = invoice.seller or seller_of(organisation)
    return InvoiceDocument(
        number=invoice.number,
        status=invoice.status,
        seller=_seller(seller),
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
        cutoff=invoice.cutoff if invoice.subscription_id else None,
        locale=seller["locale"],
        logo=image_of(settings.logo) if settings.logo else None,
        memo=invoice.memo,
        po_number=invoice.po_number,
        taxes=_taxes(invoice.taxes),
        carried_over=invoice.carried_over,
        amount_credited=invoice.amount_credited,
        reverse_charge=_is_reverse_charge(invoice),
    )


def document_of_credit_note(note: CreditNote, organisation: Organisation) -> InvoiceDocument:
    """Its amounts are positive: that they are credited is what the document is."""
    settings = settings_of(organisation.settings).seller
    invoice, zero = note.invoice, Decimal(0)
    seller = invoice.seller or seller_of(organisation)
    return InvoiceDocument(
        kind="credit_note",
        number=note.number,
        status=note.status,
        seller=_seller(seller),
        customer=_customer(invoice),
        currency=note.currency,
        period=Period(invoice.period_start, invoice.period_end),
        timezone=invoice.timezone,
        issued_at=note.issued_at,
        due_at=None,
        lines=tuple(_credited_line(line, invoice) for line in note.lines),
        subtotal=note.subtotal,
        discount=zero,
        tax=note.tax,
        credits_applied=zero,
        total=note.total,
        amount_paid=zero,
        amount_due=note.total,
        cutoff=None,
        locale=seller["locale"],
        logo=image_of(settings.logo) if settings.logo else None,
        memo=note.memo,
        po_number=invoice.po_number,
        credits_invoice=invoice.number,
        reverse_charge=_is_reverse_charge(invoice),
    )


def seller_of(organisation: Organisation) -> dict[str, Any]:
    """Who bills, as an invoice keeps it."""
    seller = settings_of(organisation.settings).seller
    kept = seller.model_dump(mode="json", exclude={"legal_name", "logo"})
    return {**kept, "name": seller.legal_name or organisation.name}


def _seller(seller: Mapping[str, Any]) -> Party:
    tax_ids = tuple(f"{tax_id['type']} {tax_id['value']}" for tax_id in seller["tax_ids"])
    return Party(seller["name"], _address_lines(seller["address"]), seller["email"], tax_ids)


def _address_lines(address: Mapping[str, str | None] | None) -> tuple[str, ...]:
    return tuple(line for line in (address or {}).values() if line)


def _customer(invoice: Invoice) -> Party:
    customer = invoice.customer
    tax_ids = tuple(one["value"] for one in customer.get("tax_ids", ()))
    return Party(customer["name"], _address_lines(customer.get("address")), customer.get("email"), tax_ids)


def _taxes(taxes: list[dict[str, Any]]) -> tuple[tuple[str, Decimal, bool], ...]:
    return tuple((f"{tax['name']} {tax['percent']}%", Decimal(tax["amount"]), tax["inclusive"]) for tax in taxes)


def _is_reverse_charge(invoice: Invoice) -> bool:
    return bool(invoice.customer.get("tax_status") == "reverse_charge")


def _credited_line(line: CreditNoteLine, invoice: Invoice) -> DocumentLine:
    return DocumentLine(
        description=line.description,
        price_key=None,
        meter=None,
        quantity=None,
        unit_amount=None,
        amount=line.amount,
        period=Period(invoice.period_start, invoice.period_end),
    )


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
        heading=line.plan_name,
    )
