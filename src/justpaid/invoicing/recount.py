"""An issued invoice once more: the bill that it was made from, and what its lines come to under its own discounts and
tax rates, whatever usage they are made of. `verify`, late usage and `explain` all begin here.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from justpaid.contracts import Agreement, PriceBook
from justpaid.invoicing.accrued import accrued
from justpaid.invoicing.additions import plan_keys
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.consolidated import Part, SharedBill
from justpaid.invoicing.items import items_on
from justpaid.invoicing.spans import Skeletons
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.invoicing.tally import plan_of
from justpaid.invoicing.totals import Charge, Discount, Rate, Totals, settle
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition, definition_of, find_meter

#: What makes a line of an invoice the line that it is, when it is composed again.
LineKey = tuple[str | None, str, Period, str | None, str | None]


def bill_of(session: Session, invoice: Invoice, keys: Sequence[str] | None = None) -> Bill | SharedBill:
    """By its own agreement and the definitions of its meters that it was made with; for other customer `keys` than its
    own where they are given. The invoice must have an agreement."""
    bills = bills_of(session, invoice, keys)
    if not invoice.parts:
        return bills[None]
    return SharedBill(
        tuple(Part(one.subscription_id, one.plan_name, bills[one.subscription_id]) for one in invoice.parts)
    )


def bills_of(session: Session, invoice: Invoice, keys: Sequence[str] | None = None) -> dict[str | None, Bill]:
    """As `bill_of`, by the `subscription_id` that lines have: None on an invoice of one subscription."""
    stored: dict[str | None, Any] = {part.subscription_id: part.agreement for part in invoice.parts}
    agreements = {of: Agreement.from_json(one) for of, one in (stored or {None: invoice.agreement}).items()}
    agreed = [one for agreement in agreements.values() for one in agreement.agreed]
    book = PriceBook.load(session, agreed)
    named = {meter for one in agreed for meter in book.charges(one, invoice.currency).meters}
    made_with = {line.meter: line.meter_definition for line in invoice.lines if line.meter_definition}
    meters = {
        key: MeterDefinition.from_json(made_with[key]) if key in made_with else definition_of(find_meter(session, key))
        for key in named
    }
    bills = {
        of: Bill.of(
            agreement,
            Skeletons(book),
            meters,
            customer_id=invoice.customer_id,
            keys=invoice.customer_keys if keys is None else keys,
            currency=invoice.currency,
        )
        for of, agreement in agreements.items()
    }
    if invoice.kind == "threshold":
        return {of: accrued(bill, invoice.period_end) for of, bill in bills.items()}
    return bills


def settled_again(session: Session, invoice: Invoice, lines: Sequence[Line]) -> Totals:
    """What `lines` come to under the copies of tax rates and discounts that the invoice keeps."""
    return settle(charges_of(session, invoice, lines), discounts_of(invoice), invoice.currency)


def discounts_of(invoice: Invoice) -> list[Discount]:
    return [Discount.from_json(one) for one in invoice.discounts]


def charges_of(session: Session, invoice: Invoice, lines: Iterable[Line]) -> list[Charge]:
    """A line that the invoice lacks is charged as the others of its subscription."""
    plans = _plans(session, invoice)
    stored = stored_by_key(invoice)
    usual = {line.subscription_id: line for line in reversed(invoice.lines) if line.item_id is None}
    charges = []
    for line in lines:
        like = stored.get(key_of(line), usual.get(line.subscription_id))
        charges.append(
            Charge(
                amount=line.amount,
                rates=tuple(Rate.from_json(tax) for tax in like.taxes) if like else (),
                price_key=line.price_key,
                plan=plan_of(line, plans),
                discountable=like.discountable if like else True,
                subscription_id=line.subscription_id,
            )
        )
    return charges


def _plans(session: Session, invoice: Invoice) -> dict[str, str]:
    """The keys of the plans that it bills, by subscription."""
    versions = {part.subscription_id: part.plan_version_id for part in invoice.parts}
    if not versions and invoice.plan_version_id:
        versions = {invoice.subscription_id or "": invoice.plan_version_id}
    keys = plan_keys(session, versions.values())
    return {of: keys[version_id] for of, version_id in versions.items()}


def stored_lines(session: Session, invoice: Invoice) -> list[Line]:
    """The lines as they stand, without their steps."""
    items = {item.id: item for item in items_on(session, [invoice.id]).get(invoice.id, ())}
    return [
        Line(
            description=line.description,
            price_key=line.price_key,
            meter=line.meter,
            quantity=line.quantity,
            unit_amount=line.unit_amount,
            amount=line.amount,
            amount_exact=line.amount_exact,
            period=Period(line.period_start, line.period_end),
            steps=(),
            groups=(),
            item=items[line.item_id] if line.item_id else None,
            subscription_id=line.subscription_id,
            plan_name=line.plan_name,
        )
        for line in invoice.lines
    ]


def key_of(line: Line) -> LineKey:
    return line.price_key, line.description, line.period, line.item.id if line.item else None, line.subscription_id


def stored_by_key(invoice: Invoice) -> Mapping[LineKey, InvoiceLine]:
    return {
        (
            line.price_key,
            line.description,
            Period(line.period_start, line.period_end),
            line.item_id,
            line.subscription_id,
        ): line
        for line in invoice.lines
    }
