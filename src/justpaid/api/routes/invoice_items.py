"""Invoice items: single charges and credits."""

from typing import Annotated, Final

from fastapi import Query

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.invoice_items import ItemIn, ItemOut
from justpaid.api.unit_of_work import Unit
from justpaid.customers import Customer, find_customer
from justpaid.invoicing import (
    InvoiceItem,
    add_item,
    create_one_off,
    finalize_invoice,
    find_invoice,
    find_item,
    list_items,
    lock_draft,
    refresh_invoice,
    remove_item,
)
from justpaid.kernel.errors import InvalidRequest

router = new_router("invoices", "/v1/invoice-items")

_NOW: Final = "now"


@router.post("", status_code=201)
def create_invoice_item(body: ItemIn, unit: Unit) -> ItemOut:
    """Charge or credit a customer once: on its next invoice, on a draft, or on an invoice of its own that is issued
    now."""
    customer = find_customer(unit.session, body.customer_id)
    if body.invoice not in (None, _NOW):
        return ItemOut.of(_on_draft(unit, customer, body, body.invoice or ""))
    currency = body.currency or customer.currency
    item = add_item(unit.session, customer, body.new(), currency=currency, now=unit.now())
    if body.invoice == _NOW:
        invoice = create_one_off(unit.session, customer, [item], currency=currency, now=unit.now(), terms={})
        finalize_invoice(unit.session, unit.installation.metering, invoice, unit.now())
    return ItemOut.of(item)


@router.get("")
def list_invoice_items(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
    pending: Annotated[bool | None, Query(description="Only those that wait, or only those that don't.")] = None,
) -> Page[ItemOut]:
    """All items, or a part of them, newest first."""
    customer = find_customer(unit.session, customer_id) if customer_id is not None else None
    found = list_items(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("ii"),
        customer_id=customer.id if customer else None,
        pending=pending,
    )
    return paging.page(found, ItemOut.of)


@router.delete("/{item_id}")
def delete_invoice_item(item_id: str, unit: Unit) -> ItemOut:
    """Remove an item that waits."""
    item = find_item(unit.session, item_id)
    shown = ItemOut.of(item)
    remove_item(unit.session, item)
    return shown


def _on_draft(unit: Unit, customer: Customer, body: ItemIn, reference: str) -> InvoiceItem:
    invoice = lock_draft(unit.session, find_invoice(unit.session, reference))
    if invoice.customer_id != customer.id:
        raise InvalidRequest.of("invoice", f"{reference} is of another customer")
    if body.currency not in (None, invoice.currency):
        raise InvalidRequest.of("currency", f"the invoice is in {invoice.currency}; leave it out")
    item = add_item(
        unit.session, customer, body.new(), currency=invoice.currency, now=unit.now(), invoice_id=invoice.id
    )
    refresh_invoice(unit.session, unit.installation.metering, invoice)
    return item
