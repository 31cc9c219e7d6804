"""Putting late usage right: the items, the supplementary invoice or the credit note that a correction is on.

Corrections of one invoice are made one after the other, by a lock on it, each from what the ones before have left; a
unique number per invoice keeps two from the same state even without the lock. One whose items still wait for the next
invoice is made anew instead of being followed by another, so that usage that trickles in makes one line, not many.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts import LateUsagePolicy
from justpaid.contracts import Subscription
from justpaid.customers import Customer
from justpaid.invoicing.compose import Line
from justpaid.invoicing.credit_note_tables import CreditNote
from justpaid.invoicing.credit_notes import LineCredit, NewCreditNote, issue_credit_note, left_to_credit
from justpaid.invoicing.finalize import issue
from justpaid.invoicing.late_usage import (
    CORRECTABLE,
    LateLine,
    LateUsage,
    difference,
    discounts_as_json,
    live_corrections,
    read_now,
)
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine
from justpaid.invoicing.tables import Invoice, InvoiceItem, InvoiceLine
from justpaid.invoicing.tally import Tally, customer_as_billed
from justpaid.invoicing.totals import allocate
from justpaid.kernel.decimals import EXACT, plain
from justpaid.kernel.errors import Conflict, InvalidRequest
from justpaid.kernel.ids import new_id
from justpaid.kernel.period import Period, timezone
from justpaid.metering import Metering
from justpaid.pricing import Step


def correct_late_usage(
    session: Session,
    metering: Metering,
    invoice: Invoice,
    policy: LateUsagePolicy,
    now: datetime,
    *,
    billing_run_id: str | None = None,
    documents: bool = True,
) -> LateUsageCorrection | None:
    """Put right what is late of the invoice; None if nothing is, or if it comes to nothing.

    `documents=False` makes items alone, and leaves to a later call what would need a document of its own.
    Raises: Conflict for an invoice that can't be corrected, under the policy `none`, and where less is left to credit
    than would have to be; EventsExpired; Overloaded; EngineUnavailable.
    """
    check_correctable(session, invoice)
    if policy == "none":
        raise Conflict("The organisation's late_usage_policy is none: send the policy to follow, or set another one.")
    live = live_corrections(session, [invoice.id]).get(invoice.id, [])
    pending = [one for one in live if _is_pending(session, one)]
    reading = read_now(session, metering, [invoice])[invoice.id]
    if not difference(session, invoice, reading, live).lines:
        return None
    late = difference(session, invoice, reading, [one for one in live if one not in pending])
    way = _way(session, late, policy)
    if way != "next_invoice" and not documents:
        return None
    for one in pending:
        withdraw(session, one)
    if not late.bills:
        return None
    correction = LateUsageCorrection(
        id=new_id("luc"),
        organisation_id=invoice.organisation_id,
        invoice_id=invoice.id,
        number=1 + _corrections_before(session, invoice),
        policy=way,
        cutoff=late.cutoff,
        customer_keys=list(late.keys),
        after=list(late.after),
        discounts=discounts_as_json(late),
        created_at=now,
    )
    correction.lines = [
        _line(correction, position, one, item_id=None) for position, one in enumerate(late.lines, 1)
    ]  # fmt: skip
    match way:
        case "next_invoice":
            _add_items(session, correction, late, now)
        case "supplementary_invoice":
            correction.supplementary_id = _supplementary(session, late, now, billing_run_id).id
        case "credit_note":
            correction.credit_note_id = _credit_note(session, late, now).id
    session.add(correction)
    session.flush()
    return correction


def check_correctable(session: Session, invoice: Invoice) -> None:
    """It stays as it is until the transaction ends.  Raises: Conflict."""
    session.execute(sa.select(Invoice.id).where(Invoice.id == invoice.id).with_for_update())
    session.refresh(invoice)
    refuse_uncorrectable(invoice)


def refuse_uncorrectable(invoice: Invoice) -> None:
    """Raises: Conflict for an invoice that no late usage can be of."""
    name = invoice.number or invoice.id
    if invoice.kind != "subscription":
        raise Conflict(f"Invoice {name} bills no period of a subscription ({invoice.kind}), so no usage can be late.")
    if invoice.status == "draft":
        raise Conflict(f"Invoice {name} is a draft, which takes late usage when it is refreshed or finalized.")
    if invoice.status not in CORRECTABLE:
        raise Conflict(f"Invoice {name} is {invoice.status}; only an issued one can be corrected.")


def supplementary_tally(late: LateUsage) -> Tally:
    """The supplementary invoice of it: what each line comes to now, less what was billed of it."""
    name = late.invoice.number or late.invoice.id
    return Tally(tuple(_supplementary_line(one, name) for one in late.lines), late.totals)


def withdraw(session: Session, correction: LateUsageCorrection) -> None:
    """Drop a correction whose items still wait, and the items."""
    items = [line.item_id for line in correction.lines if line.item_id]
    session.delete(correction)
    session.flush()
    for item in session.scalars(sa.select(InvoiceItem).where(InvoiceItem.id.in_(items))):
        session.delete(item)
    session.flush()


def withdraw_pending(session: Session, invoice: Invoice) -> None:
    """Of an invoice that is voided: what of its late usage still waits is not billed either."""
    for one in live_corrections(session, [invoice.id]).get(invoice.id, ()):
        if _is_pending(session, one):
            withdraw(session, one)


def _is_pending(session: Session, correction: LateUsageCorrection) -> bool:
    """Whether no invoice has its items yet, nor gets them before this transaction ends."""
    items = [line.item_id for line in correction.lines if line.item_id]
    query = sa.select(InvoiceItem.invoice_id).where(InvoiceItem.id.in_(items)).order_by(InvoiceItem.id)
    return bool(items) and all(on is None for on in session.scalars(query.with_for_update()))


def _way(session: Session, late: LateUsage, policy: LateUsagePolicy) -> LateUsagePolicy:
    """A customer without an invoice to come gets a document of its own; and a credit note can't charge."""
    if policy == "next_invoice" and not _has_next_invoice(session, late.invoice):
        policy = "credit_note"
    if policy == "credit_note" and late.net >= 0:
        return "supplementary_invoice"
    return policy


def _has_next_invoice(session: Session, invoice: Invoice) -> bool:
    query = sa.select(Subscription.id).where(
        Subscription.customer_id == invoice.customer_id,
        Subscription.currency == invoice.currency,
        Subscription.next_bill_at.is_not(None),
    )
    return session.scalar(query.limit(1)) is not None


def _corrections_before(session: Session, invoice: Invoice) -> int:
    query = sa.select(sa.func.max(LateUsageCorrection.number)).where(LateUsageCorrection.invoice_id == invoice.id)
    return session.scalar(query) or 0


def _line(correction: LateUsageCorrection, position: int, late: LateLine, item_id: str | None) -> LateUsageLine:
    assert late.line.price_key is not None, "what an item comes to does not depend on usage"
    return LateUsageLine(
        id=new_id("lul"),
        organisation_id=correction.organisation_id,
        invoice_line_id=late.invoice_line_id,
        item_id=item_id,
        subscription_id=late.line.subscription_id,
        position=position,
        description=late.line.description,
        price_key=late.line.price_key,
        meter=late.line.meter,
        period_start=late.line.period.start,
        period_end=late.line.period.end,
        quantity=late.quantity,
        amount=late.amount,
        discount=late.discount,
    )


def _add_items(session: Session, correction: LateUsageCorrection, late: LateUsage, now: datetime) -> None:
    """One for each line that comes to something; after the discounts of the invoice, under its tax rates."""
    invoice = late.invoice
    for one, line in zip(late.lines, correction.lines, strict=True):
        if not one.net:
            continue
        item = InvoiceItem(
            id=new_id("ii"),
            organisation_id=invoice.organisation_id,
            customer_id=invoice.customer_id,
            currency=invoice.currency,
            description=_item_description(invoice, one),
            quantity=Decimal(1),
            unit_amount=one.net,
            tax_rates=[rate.key for rate in one.charge.rates],
            taxes=[rate.as_json() for rate in one.charge.rates],
            discountable=False,
            period_start=one.line.period.start,
            period_end=one.line.period.end,
            created_at=now,
        )
        session.add(item)
        line.item_id = item.id
    session.flush()


def _item_description(invoice: Invoice, late: LateLine) -> str:
    zone = timezone(invoice.timezone)
    start, end = (at.astimezone(zone).strftime("%Y-%m-%d") for at in (late.line.period.start, late.line.period.end))
    more = f"{plain(abs(late.quantity))} {'less' if late.quantity < 0 else 'more'}"
    metered = f" ({late.line.meter}: {more})" if late.line.meter else ""
    return f"Late usage of {invoice.number}: {late.line.description}{metered}, {start} to {end}"


def _supplementary(session: Session, late: LateUsage, now: datetime, billing_run_id: str | None) -> Invoice:
    invoice = late.invoice
    customer = session.get_one(Customer, invoice.customer_id)
    as_taxed = {name: invoice.customer[name] for name in ("tax_status", "tax_ids") if name in invoice.customer}
    tally = supplementary_tally(late)
    made = Invoice(
        id=new_id("inv"),
        organisation_id=invoice.organisation_id,
        kind="supplementary",
        status="draft",
        customer_id=invoice.customer_id,
        subscription_id=invoice.subscription_id,
        plan_version_id=invoice.plan_version_id,
        billing_run_id=billing_run_id,
        corrects_id=invoice.id,
        currency=invoice.currency,
        timezone=invoice.timezone,
        period_start=invoice.period_start,
        period_end=invoice.period_end,
        customer={**customer_as_billed(customer), **as_taxed},
        customer_keys=list(late.keys),
        cutoff=late.cutoff,
        credits_applied=Decimal(0),
        amount_paid=Decimal(0),
        amount_credited=Decimal(0),
        po_number=invoice.po_number,
        created_at=now,
        **tally.columns(),
    )
    session.add(made)
    session.flush()
    session.execute(sa.insert(InvoiceLine), tally.line_rows(invoice.organisation_id, made.id, late.meters))
    issue(session, invoice.organisation_id, [made], now)
    session.refresh(made)
    return made


def _supplementary_line(late: LateLine, corrected: str) -> Line:
    steps = (
        Step.once(f"{late.line.description} with the usage of now", late.now),
        Step.of(f"Billed before, on or for {corrected}", Decimal(-1), late.billed),
    )
    return Line(
        description=f"{late.line.description} (late usage of {corrected})",
        price_key=late.line.price_key,
        meter=late.line.meter,
        quantity=late.quantity,
        unit_amount=None,
        amount=late.amount,
        amount_exact=late.amount,
        period=late.line.period,
        steps=steps,
        groups=(),
        subscription_id=late.line.subscription_id,
        plan_name=late.line.plan_name,
    )


def _credit_note(session: Session, late: LateUsage, now: datetime) -> CreditNote:
    """On the invoice, or, where that has not so much left, on one of its supplementary invoices that has.

    Raises: Conflict where none has.
    """
    total = EXACT.minus(late.net)
    most = Decimal(0)
    for invoice in _creditable_for(session, late.invoice):
        left = [max(Decimal(0), amount) for amount in left_to_credit(session, invoice)]
        if total <= sum(left, Decimal(0)):
            amounts = _credits(late, invoice, left)
            lines = tuple(LineCredit(position, amount) for position, amount in enumerate(amounts, 1) if amount)
            try:
                return issue_credit_note(session, invoice, NewCreditNote(lines=lines, reason="late_usage"), now)
            except InvalidRequest as refused:  # negative lines leave less of the whole than of its lines
                raise _nothing_left(late.invoice, refused.detail) from refused
        most = max(most, sum(left, Decimal(0)))
    raise _nothing_left(late.invoice, f"{plain(total)} would have to be, and {plain(most)} is left.")


def _creditable_for(session: Session, invoice: Invoice) -> list[Invoice]:
    query = sa.select(Invoice).where(Invoice.corrects_id == invoice.id, Invoice.status.in_(CORRECTABLE))
    return [invoice, *session.scalars(query.order_by(Invoice.id.desc()))]


def _credits(late: LateUsage, invoice: Invoice, left: Sequence[Decimal]) -> list[Decimal]:
    """What is credited of each line of `invoice`, net: of those that lost usage, less what others gained; and where a
    line has not so much left, because a discount took its part elsewhere, of the next ones that have. There is so much
    left in all."""
    total = EXACT.minus(late.net)
    lost = {
        (one.line.price_key, one.line.period, one.line.subscription_id): EXACT.minus(one.net)
        for one in late.lines
        if one.net < 0
    }
    weights = [
        lost.get((line.price_key, Period(line.period_start, line.period_end), line.subscription_id), Decimal(0))
        for line in invoice.lines
    ]
    if not any(weights):  # what was lost another invoice had billed
        weights = list(left)
    whole = Fraction(sum(weights, Decimal(0)))
    parts = allocate([Fraction(total) * Fraction(weight) / whole for weight in weights], invoice.currency)
    given = [min(part, amount) for part, amount in zip(parts, left, strict=True)]
    rest = total - sum(given, Decimal(0))
    for position, amount in enumerate(left):
        more = min(rest, amount - given[position])
        given[position] += more
        rest -= more
    return given


def _nothing_left(invoice: Invoice, why: str) -> Conflict:
    return Conflict(
        f"What {invoice.number} billed too much can't be credited on it: {why} "
        "Send another policy, such as next_invoice."
    )
