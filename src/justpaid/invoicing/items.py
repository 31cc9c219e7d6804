"""Invoice items: single charges and credits that wait for a customer's next invoice, or make one of their own."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.customers import Customer
from justpaid.invoicing.compose import Line
from justpaid.invoicing.tables import InvoiceItem
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import UnknownCurrency, minor_places, round_to_minor
from justpaid.kernel.period import Period
from justpaid.platform.finding import newest_first
from justpaid.pricing import Step
from justpaid.taxes import check_known

MAX_DESCRIPTION: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """`quantity` × `unit_amount`, rounded once; below zero for a credit. `tax_rates`: keys; None for the customer's."""

    description: str
    unit_amount: Decimal
    quantity: Decimal = Decimal(1)
    tax_rates: tuple[str, ...] | None = None
    discountable: bool = True


def add_item(
    session: Session,
    customer: Customer,
    new: NewItem,
    *,
    currency: str,
    now: datetime,
    invoice_id: str | None = None,
    at: str = "",
) -> InvoiceItem:
    """`at`: where it stood in the request, such as `items.0.`.  Raises: InvalidRequest."""
    if not len(new.description.strip()) > 0 or len(new.description) > MAX_DESCRIPTION:
        raise InvalidRequest.of(f"{at}description", f"must have 1 to {MAX_DESCRIPTION} characters, not all blank")
    try:
        minor_places(currency)
    except UnknownCurrency as error:
        raise InvalidRequest.of("currency", str(error)) from None
    if new.tax_rates:
        check_known(session, f"{at}tax_rates", new.tax_rates)
    item = InvoiceItem(
        id=new_id("ii"),
        organisation_id=customer.organisation_id,
        customer_id=customer.id,
        invoice_id=invoice_id,
        currency=currency,
        description=new.description,
        quantity=new.quantity,
        unit_amount=new.unit_amount,
        tax_rates=None if new.tax_rates is None else list(new.tax_rates),
        discountable=new.discountable,
        created_at=now,
    )
    session.add(item)
    session.flush()
    return item


def remove_item(session: Session, item: InvoiceItem) -> None:
    """Raises: Conflict once an invoice has it."""
    session.execute(sa.select(InvoiceItem.id).where(InvoiceItem.id == item.id).with_for_update())
    session.refresh(item)
    if item.invoice_id is not None:
        raise Conflict(f"Item {item.id} is on invoice {item.invoice_id}; credit it there, or add a negative item.")
    if item.period_start is not None:
        raise Conflict(
            f"Item {item.id} is late usage of an issued invoice, which would be found again. Add a negative item, or "
            "void or revert the usage."
        )
    session.delete(item)
    session.flush()


def pending_items(session: Session, customers: Collection[str]) -> dict[tuple[str, str], list[InvoiceItem]]:
    """By customer id and currency, oldest first; locked, so that no other invoice takes them."""
    if not customers:
        return {}
    query = sa.select(InvoiceItem).where(InvoiceItem.customer_id.in_(customers), InvoiceItem.invoice_id.is_(None))
    waiting: dict[tuple[str, str], list[InvoiceItem]] = defaultdict(list)
    for item in session.scalars(query.order_by(InvoiceItem.id).with_for_update()):
        waiting[item.customer_id, item.currency].append(item)
    return dict(waiting)


def line_of(item: InvoiceItem) -> Line:
    exact = EXACT.multiply(item.quantity, item.unit_amount)
    return Line(
        description=item.description,
        price_key=None,
        meter=None,
        quantity=item.quantity,
        unit_amount=item.unit_amount,
        amount=round_to_minor(exact, item.currency),
        amount_exact=exact,
        period=Period(item.period_start or item.created_at, item.period_end or item.created_at),
        steps=(Step.of(item.description, item.quantity, item.unit_amount),),
        groups=(),
        item=item,
    )


def items_on(session: Session, invoices: Collection[str]) -> dict[str, list[InvoiceItem]]:
    """By invoice id, oldest first."""
    query = sa.select(InvoiceItem).where(InvoiceItem.invoice_id.in_(invoices)).order_by(InvoiceItem.id)
    found: dict[str, list[InvoiceItem]] = defaultdict(list)
    for item in session.scalars(query):
        assert item.invoice_id is not None
        found[item.invoice_id].append(item)
    return dict(found)


def find_item(session: Session, item_id: str) -> InvoiceItem:
    """Raises: NotFound."""
    item = session.get(InvoiceItem, item_id)
    if item is None:
        raise NotFound.of("invoice item", item_id)
    return item


def list_items(
    session: Session,
    *,
    limit: int,
    before_id: str | None = None,
    customer_id: str | None = None,
    pending: bool | None = None,
) -> Sequence[InvoiceItem]:
    """Newest first; those made before `before_id` where it is given."""
    query = sa.select(InvoiceItem)
    if customer_id is not None:
        query = query.where(InvoiceItem.customer_id == customer_id)
    if pending is not None:
        query = query.where(InvoiceItem.invoice_id.is_(None) if pending else InvoiceItem.invoice_id.is_not(None))
    return newest_first(session, query, InvoiceItem.id, limit, before_id)
