"""Late usage: what an issued invoice would come to with the usage of now, less what it and its corrections billed.

A difference is between two whole invoices, never between events: the invoice's own agreement is priced again, under its
own meters, tax rates and discounts, so that tiers, minimums, commitments and coupons come out as if the usage had been
there in time. Whatever changes usage shows: late events, amendments, voids, backfills, new keys of the customer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.customers import Customer, keys_of
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.compose import Line
from justpaid.invoicing.consolidated import SharedBill
from justpaid.invoicing.credit_note_tables import CreditNote
from justpaid.invoicing.items import items_on, line_of
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine
from justpaid.invoicing.progress import Progress, progress_before
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.recount import LineKey, bill_of, charges_of, discounts_of, key_of, settled_again, stored_by_key
from justpaid.invoicing.tables import Invoice, InvoiceItem
from justpaid.invoicing.totals import Charge, Discount, Totals, allocate, settle_discounted
from justpaid.kernel.decimals import EXACT, plain
from justpaid.kernel.period import Period
from justpaid.metering import MeterDefinition, Metering

#: Of invoices whose late usage is put right: those that are issued and stand.
CORRECTABLE = frozenset({"finalized", "paid", "uncollectible"})


@dataclass(frozen=True, slots=True)
class LateLine:
    """The difference of one line. `now` and `billed` are its amount under the usage of now, and what was billed of it
    in all; `discount` is what the invoice's discounts take of the difference."""

    line: Line
    invoice_line_id: str | None
    charge: Charge
    quantity: Decimal
    now: Decimal
    billed: Decimal
    discount: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal:
        return EXACT.subtract(self.now, self.billed)

    @property
    def net(self) -> Decimal:
        """Before tax that is added, as amounts of credit notes and items are."""
        return EXACT.subtract(self.amount, self.discount)


@dataclass(frozen=True, slots=True)
class LateUsage:
    """What is not put right yet of an invoice, with the usage as of `cutoff` under the customer's `keys`. `after`: the
    corrections that it comes on top of. `totals` are of its lines, under the tax rates of the invoice."""

    invoice: Invoice
    cutoff: int
    keys: tuple[str, ...]
    after: tuple[str, ...]
    lines: tuple[LateLine, ...]
    totals: Totals
    meters: Mapping[str, MeterDefinition]

    @property
    def net(self) -> Decimal:
        return EXACT.subtract(self.totals.subtotal, self.totals.discount)

    @property
    def bills(self) -> bool:
        """Whether it comes to anything; more usage within what is included does not."""
        return any(line.amount or line.discount for line in self.lines)


@dataclass(frozen=True, slots=True)
class Reading:
    """An invoice's bill, and its lines as of `cutoff`."""

    bill: Bill | SharedBill
    lines: Sequence[Line]
    cutoff: int

    @classmethod
    def at(cls, session: Session, metering: Metering, invoice: Invoice, cutoff: int, keys: Sequence[str]) -> "Reading":
        """From raw events, as they were.  Raises: EventsExpired; EngineUnavailable."""
        bill = bill_of(session, invoice, keys)
        return cls(bill, bill.lines(read_quantities(metering, bill.asked(), cutoff=cutoff)), cutoff)


def find_late_usage(session: Session, metering: Metering, invoices: Sequence[Invoice]) -> list[LateUsage]:
    """Of each of these issued invoices of subscriptions, in their order; without lines where there is none.

    Raises: EventsExpired where only events could tell that are gone; Overloaded; EngineUnavailable.
    """
    corrections = live_corrections(session, [invoice.id for invoice in invoices])
    readings = read_now(session, metering, invoices)
    return [difference(session, one, readings[one.id], corrections.get(one.id, ())) for one in invoices]


def read_now(session: Session, metering: Metering, invoices: Sequence[Invoice]) -> dict[str, Reading]:
    """By invoice id: with the usage of now, under the keys that the customers have now."""
    customers = session.scalars(sa.select(Customer).where(Customer.id.in_({one.customer_id for one in invoices})))
    keys = keys_of(session, customers.all())
    bills = {one.id: bill_of(session, one, keys[one.customer_id]) for one in invoices}
    # Answers are told apart by a meter's key: bills with different definitions of one can't be asked for together.
    alike: dict[tuple[MeterDefinition, ...], list[str]] = defaultdict(list)
    for invoice_id, bill in bills.items():
        alike[tuple(sorted(bill.meters.values(), key=lambda meter: meter.key))].append(invoice_id)
    readings: dict[str, Reading] = {}
    with metering.snapshot() as cutoff:
        for ids in alike.values():
            answers = read_quantities(metering, [asked for id_ in ids for asked in bills[id_].asked()])
            readings |= {id_: Reading(bills[id_], bills[id_].lines(answers), cutoff) for id_ in ids}
    return readings


def difference(
    session: Session, invoice: Invoice, reading: Reading, corrections: Sequence[LateUsageCorrection]
) -> LateUsage:
    """From what the invoice and `corrections` billed to `reading`."""
    items = [line_of(item) for item in items_on(session, [invoice.id]).get(invoice.id, ())]
    now = [*reading.lines, *items]
    before = progress_before(session, invoice)
    found = _changed(session, invoice, now, corrections, before)
    taken = _discounts(invoice, settled_again(session, invoice, now), corrections, before)
    off = sum((amount for _, amount in taken), Decimal(0))
    weight = sum((abs(Fraction(one.amount)) for one in found), Fraction(0))
    shares = [Fraction(off) * abs(Fraction(one.amount)) / weight if weight else Fraction(0) for one in found]
    parts = allocate(shares, invoice.currency) if weight else [Decimal(0)] * len(found)
    lines = tuple(replace(one, discount=part) for one, part in zip(found, parts, strict=True))
    return LateUsage(
        invoice=invoice,
        cutoff=reading.cutoff,
        keys=reading.bill.keys,
        after=tuple(one.id for one in corrections),
        lines=lines,
        totals=settle_discounted([line.charge for line in lines], parts, taken, invoice.currency),
        meters=reading.bill.meters,
    )


def recount_correction(session: Session, metering: Metering, correction: LateUsageCorrection) -> LateUsage:
    """The same difference again, from raw events as of the correction's cut-off. What it is the difference to are
    documents that verify themselves.  Raises: EventsExpired; EngineUnavailable."""
    query = sa.select(LateUsageCorrection).where(LateUsageCorrection.id.in_(correction.after))
    before = session.scalars(query.order_by(LateUsageCorrection.number)).all()
    reading = Reading.at(session, metering, correction.invoice, correction.cutoff, correction.customer_keys)
    return difference(session, correction.invoice, reading, before)


def live_corrections(session: Session, invoices: Collection[str]) -> dict[str, list[LateUsageCorrection]]:
    """By invoice id, the first one first: those whose document is not void, as it is in this transaction."""
    void = sa.select(Invoice.id).where(Invoice.status == "void")
    on_void = (
        sa.select(LateUsageLine.correction_id)
        .join(InvoiceItem, InvoiceItem.id == LateUsageLine.item_id)
        .where(InvoiceItem.invoice_id.in_(void), LateUsageLine.correction_id == LateUsageCorrection.id)
    )
    query = (
        sa.select(LateUsageCorrection)
        .where(LateUsageCorrection.invoice_id.in_(invoices))
        .where(~sa.func.coalesce(LateUsageCorrection.supplementary_id, "").in_(void))
        .where(
            ~sa.func.coalesce(LateUsageCorrection.credit_note_id, "").in_(
                sa.select(CreditNote.id).where(CreditNote.status == "void")
            )
        )
        .where(~on_void.exists())
        .order_by(LateUsageCorrection.number)
        .options(selectinload(LateUsageCorrection.lines))
        .execution_options(populate_existing=True)
    )
    found: dict[str, list[LateUsageCorrection]] = defaultdict(list)
    for correction in session.scalars(query):
        found[correction.invoice_id].append(correction)
    return dict(found)


def _changed(
    session: Session,
    invoice: Invoice,
    now: Sequence[Line],
    corrections: Iterable[LateUsageCorrection],
    before: Progress,
) -> list[LateLine]:
    """Lines whose quantity or amount is another than what was billed; without their discounts. `before`: what threshold
    invoices billed and the invoice took off, so that its other lines are those of the whole period."""
    quantities: dict[LineKey, Decimal] = defaultdict(Decimal)
    billed: dict[LineKey, Decimal] = defaultdict(Decimal)
    taken_off = {key_of(line) for line, _ in before.deductions()}
    stored = {key: line for key, line in stored_by_key(invoice).items() if key not in taken_off}
    for key, line in stored.items():
        quantities[key], billed[key] = line.quantity, line.amount
    for correction in corrections:
        for late in correction.lines:
            period = Period(late.period_start, late.period_end)
            key = late.price_key, late.description, period, None, late.subscription_id
            quantities[key] = EXACT.add(quantities[key], late.quantity)
            billed[key] = EXACT.add(billed[key], late.amount)
    present = {key_of(line) for line in now}
    # A true-up that the usage of now does without was billed, and comes to nothing.
    names = {part.subscription_id: part.plan_name for part in invoice.parts}
    gone = [_nothing(key, names) for key in billed if key not in present]
    lines = [*now, *gone]
    found = []
    for late_line, charge in zip(lines, charges_of(session, invoice, lines), strict=True):
        key = key_of(late_line)
        one = LateLine(
            line=late_line,
            invoice_line_id=stored[key].id if key in stored else None,
            charge=charge,
            quantity=EXACT.subtract(late_line.quantity, quantities[key]),
            now=late_line.amount,
            billed=billed[key],
        )
        if one.quantity or one.amount:
            found.append(replace(one, charge=replace(charge, amount=one.amount)))
    return found


def _nothing(key: LineKey, plan_names: Mapping[str, str]) -> Line:
    price_key, description, period, _, of = key
    zero = Decimal(0)
    line = Line(description, price_key, None, zero, None, zero, zero, period, (), ())
    return replace(line, subscription_id=of, plan_name=plan_names.get(of or ""))


def _discounts(
    invoice: Invoice, now: Totals, corrections: Iterable[LateUsageCorrection], before: Progress
) -> list[tuple[Discount, Decimal]]:
    """What each discount of the invoice takes more, or less, than it took of what was billed."""
    taken = [EXACT.add(Decimal(one["amount"]), before.taken_by(one["id"])) for one in invoice.discounts]
    for correction in corrections:
        taken = [
            EXACT.add(amount, Decimal(one["amount"]))
            for amount, one in zip(taken, correction.discounts, strict=True)
        ]  # fmt: skip
    amounts = [amount for _, amount in now.discounts]
    return [
        (discount, EXACT.subtract(amount, before))
        for discount, amount, before in zip(discounts_of(invoice), amounts, taken, strict=True)
    ]


def discounts_as_json(late: LateUsage) -> list[dict[str, str]]:
    return [{"id": discount.id, "amount": plain(amount)} for discount, amount in late.totals.discounts]
