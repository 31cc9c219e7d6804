"""Credit notes: correct an issued invoice, in whole, by line or by amount."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.accounts import find_organisation, settings_of
from justpaid.credits import find_grant, void_grant
from justpaid.invoicing.credit_note_tables import CreditNote, CreditNoteCounter, CreditNoteLine
from justpaid.invoicing.crediting import Creditable, Portion, credit_of, credit_total
from justpaid.invoicing.finalize import issue_top_ups, owe_customer
from justpaid.invoicing.numbers import take_numbers
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.invoicing.totals import LineTax
from justpaid.kernel.errors import Conflict, InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import round_to_minor
from justpaid.platform.finding import newest_first

CreditReason = Literal[
    "billing_error", "duplicate", "service_not_rendered", "goodwill", "order_change", "late_usage", "other"
]
Remainder = Literal["balance", "refund"]

MAX_MEMO: Final = 2000
_CREDITABLE: Final = frozenset({"finalized", "paid", "uncollectible"})


@dataclass(frozen=True, slots=True)
class LineCredit:
    """`line`: the position of a line of the invoice, from 1. `amount`: before added tax, after the line's discount."""

    line: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCreditNote:
    """By `lines`, by `amount` with tax, or, with neither, all that is left of the invoice.

    `remainder`: where goes what is more than is due on the invoice.
    """

    lines: tuple[LineCredit, ...] | None = None
    amount: Decimal | None = None
    reason: CreditReason = "other"
    memo: str | None = None
    remainder: Remainder = "balance"


def issue_credit_note(session: Session, invoice: Invoice, new: NewCreditNote, now: datetime) -> CreditNote:
    """Raises: Conflict unless the invoice is issued and something is left to credit; InvalidRequest for more."""
    _lock(session, invoice)
    if invoice.status not in _CREDITABLE:
        raise Conflict(
            f"Invoice {invoice.number or invoice.id} is {invoice.status}; only an issued one can be credited."
        )
    if invoice.kind == "top_up":
        raise Conflict(
            f"Invoice {invoice.number} is of a top-up. Cancel that while it is due; once it is paid, void what is left "
            "of its credit grant and pay that back."
        )
    if new.memo is not None and not 0 < len(new.memo) <= MAX_MEMO:
        raise InvalidRequest.of("memo", f"must have 1 to {MAX_MEMO} characters")
    creditable = _creditable(session, invoice)
    portions = _portions(invoice, creditable, new)
    subtotal = sum((portion.amount for portion in portions), Decimal(0))
    total = sum((portion.total for portion in portions), Decimal(0))
    if total <= 0:
        raise Conflict(f"Nothing of invoice {invoice.number} is left to credit.")
    left = sum((line.total_left for line in creditable), Decimal(0))
    if total > left:
        raise InvalidRequest.of("lines", f"comes to {total}, but only {left} of the invoice is left to credit")
    off_due = min(total, invoice.amount_due)
    organisation_id = invoice.organisation_id
    prefix = settings_of(find_organisation(session, organisation_id).settings).invoice.credit_note_prefix
    note = CreditNote(
        id=new_id("cn"),
        organisation_id=organisation_id,
        number=f"{prefix}{take_numbers(session, CreditNoteCounter, organisation_id, 1):06d}",
        status="issued",
        invoice_id=invoice.id,
        customer_id=invoice.customer_id,
        currency=invoice.currency,
        reason=new.reason,
        memo=new.memo,
        subtotal=subtotal,
        tax=total - subtotal,
        total=total,
        amount_off_due=off_due,
        to_balance=total - off_due if new.remainder == "balance" else Decimal(0),
        refund_due=total - off_due if new.remainder == "refund" else Decimal(0),
        issued_at=now,
    )
    note.lines = _lines(note, invoice, portions)
    if note.to_balance:
        note.grant_id = owe_customer(session, invoice, note.to_balance, f"Credit note {note.number}", now).id
    invoice.amount_credited += off_due
    invoice.amount_due -= off_due
    session.add(note)
    session.flush()
    session.refresh(note)
    return note


def void_credit_note(session: Session, note: CreditNote, now: datetime) -> CreditNote:
    """What it took off is due again, and what it gave is taken back. It keeps its number.

    Raises: Conflict if it is void already, or if some of what it gave has been used.
    """
    _lock(session, note.invoice)
    session.refresh(note)
    if note.status != "issued":
        raise Conflict(f"Credit note {note.number} is {note.status}.")
    if note.grant_id is not None:
        void_grant(session, find_grant(session, note.grant_id), now, undrawn=True)
        issue_top_ups(session, note.organisation_id, now)
    note.status = "void"
    note.voided_at = now
    note.invoice.amount_credited -= note.amount_off_due
    note.invoice.amount_due += note.amount_off_due
    session.flush()
    return note


def find_credit_note(session: Session, reference: str) -> CreditNote:
    """The note with this id or number.  Raises: NotFound."""
    note = session.scalar(
        sa.select(CreditNote).where(sa.or_(CreditNote.id == reference, CreditNote.number == reference))
    )
    if note is None:
        raise NotFound.of("credit note", reference)
    return note


def list_credit_notes(
    session: Session,
    *,
    limit: int,
    before_id: str | None = None,
    customer_id: str | None = None,
    invoice_id: str | None = None,
) -> Sequence[CreditNote]:
    """Newest first; those made before `before_id` where it is given."""
    query = sa.select(CreditNote).options(selectinload(CreditNote.lines))
    for column, value in ((CreditNote.customer_id, customer_id), (CreditNote.invoice_id, invoice_id)):
        if value is not None:
            query = query.where(column == value)
    return newest_first(session, query, CreditNote.id, limit, before_id)


def left_to_credit(session: Session, invoice: Invoice) -> list[Decimal]:
    """Of each line, before added tax and after its discount."""
    return [line.left for line in _creditable(session, invoice)]


def _lock(session: Session, invoice: Invoice) -> None:
    """Notes of one invoice are made one after the other, so that together they can't exceed it."""
    session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    session.refresh(invoice)


def _creditable(session: Session, invoice: Invoice) -> list[Creditable]:
    """In the order of the lines."""
    earlier: dict[str, list[Portion]] = {}
    query = (
        sa.select(CreditNoteLine)
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id, CreditNote.status == "issued")
        .order_by(CreditNoteLine.id)
    )
    for line in session.scalars(query):
        earlier.setdefault(line.invoice_line_id, []).append(Portion(line.amount, _taxes(line)))
    return [
        Creditable(Portion(line.amount - line.discount, _taxes(line)), tuple(earlier.get(line.id, ())))
        for line in invoice.lines
    ]


def _taxes(line: InvoiceLine | CreditNoteLine) -> tuple[LineTax, ...]:
    return tuple(LineTax.from_json(tax) for tax in line.taxes)


def _portions(invoice: Invoice, creditable: Sequence[Creditable], new: NewCreditNote) -> list[Portion]:
    """One for each line of the invoice.  Raises: InvalidRequest."""
    currency = invoice.currency
    if new.lines is not None and new.amount is not None:
        raise InvalidRequest.of("amount", "give lines or an amount, not both; neither credits the whole invoice")
    if new.lines is not None:
        return _by_line(creditable, new.lines, currency)
    if new.amount is not None:
        _check_amount("amount", new.amount, currency)
        return credit_total(creditable, new.amount, currency)
    return [credit_of(line, line.left, currency) for line in creditable]


def _by_line(creditable: Sequence[Creditable], asked: Sequence[LineCredit], currency: str) -> list[Portion]:
    amounts: dict[int, Decimal] = {}
    for position, one in enumerate(asked):
        if not 1 <= one.line <= len(creditable):
            raise InvalidRequest.of(f"lines.{position}.line", f"the invoice has lines 1 to {len(creditable)}")
        if one.line in amounts:
            raise InvalidRequest.of(f"lines.{position}.line", "is named twice")
        _check_amount(f"lines.{position}.amount", one.amount, currency)
        left = creditable[one.line - 1].left
        if one.amount > left:
            why = f"only {max(left, Decimal(0))} of line {one.line} is left to credit"
            raise InvalidRequest.of(f"lines.{position}.amount", why)
        amounts[one.line] = one.amount
    return [
        credit_of(line, amounts[number], currency) if number in amounts else _nothing(line)
        for number, line in enumerate(creditable, 1)
    ]


def _nothing(line: Creditable) -> Portion:
    return Portion(Decimal(0), tuple(LineTax(tax.rate, Decimal(0)) for tax in line.whole.taxes))


def _check_amount(field: str, amount: Decimal, currency: str) -> None:
    if amount <= 0 or round_to_minor(amount, currency) != amount:
        raise InvalidRequest.of(field, f"must be more than 0, in whole minor units of {currency}")


def _lines(note: CreditNote, invoice: Invoice, portions: Sequence[Portion]) -> list[CreditNoteLine]:
    credited = [(line, portion) for line, portion in zip(invoice.lines, portions, strict=True) if portion.total]
    return [
        CreditNoteLine(
            id=new_id("cnl"),
            organisation_id=note.organisation_id,
            invoice_line_id=line.id,
            position=position,
            description=line.description,
            amount=portion.amount,
            tax=portion.tax,
            taxes=[tax.as_json() for tax in portion.taxes],
        )
        for position, (line, portion) in enumerate(credited, 1)
    ]
