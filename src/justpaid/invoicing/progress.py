"""What threshold invoices have billed of a period, and what is left of its bill.

An invoice of the period shows its bill as if nothing had been billed before, settled with discounts and tax as a whole;
and below that, for each price, what was billed before, taken off just as it was billed. So the invoices of a period sum
to what one invoice would have been, in every figure and to the minor unit, whatever tiers, discounts and rounding do.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.coupons import uses_of
from justpaid.invoicing.compose import Line
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.invoicing.tally import Tally
from justpaid.invoicing.totals import LineTax, Rate, SettledLine, TaxTotal, Totals
from justpaid.kernel.decimals import EXACT
from justpaid.kernel.period import Period
from justpaid.pricing import Step

Running = tuple[str, datetime]
"""A subscription's id and the start of one of its periods."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Threshold invoices of one period, in order. `held`: discounts that they use, and that thus bear on the period.

    Of several subscriptions that share an invoice, those of all; `plan_names` are then of all that share it.
    """

    invoices: tuple[Invoice, ...] = ()
    held: frozenset[str] = frozenset()
    plan_names: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def shared(cls, progresses: Iterable["Progress"], plan_names: Mapping[str, str]) -> "Progress":
        """`plan_names`: by subscription, in the order of the invoice."""
        found = list(progresses)
        invoices = tuple(invoice for one in found for invoice in one.invoices)
        return cls(invoices, frozenset().union(*(one.held for one in found)), plan_names)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(invoice.id for invoice in self.invoices)

    @property
    def usage(self) -> Decimal:
        """The usage charges in them, before discounts and tax."""
        return _sum(invoice.subtotal for invoice in self.invoices)

    @property
    def billed(self) -> Decimal:
        """What they came to with tax, before credits."""
        return _sum(invoice.subtotal - invoice.discount + invoice.tax for invoice in self.invoices)

    def taken_by(self, discount_id: str) -> Decimal:
        """What this discount took of them."""
        return _sum(
            Decimal(one["amount"]) for invoice in self.invoices for one in invoice.discounts if one["id"] == discount_id
        )

    def deductions(self) -> list[tuple[Line, SettledLine]]:
        """For each price, what takes off what was billed of it."""
        by_price: dict[tuple[str | None, str | None], list[tuple[Invoice, InvoiceLine]]] = {}
        for invoice in self.invoices:
            for line in invoice.lines:
                by_price.setdefault((invoice.subscription_id, line.price_key), []).append((invoice, line))
        return [self._deduction(*billed) for billed in by_price.items()]

    def _deduction(
        self, of: tuple[str | None, str | None], billed: Sequence[tuple[Invoice, InvoiceLine]]
    ) -> tuple[Line, SettledLine]:
        line, settled = _deduction(billed)
        name = self.plan_names.get(of[0] or "")
        return (line if name is None else replace(line, subscription_id=of[0], plan_name=name)), settled


def deducted(tally: Tally, progress: Progress) -> Tally:
    """What is left of the `tally` of a period."""
    if not progress.invoices:
        return tally
    before, totals = progress.invoices, tally.totals
    everything = [*zip(tally.lines, totals.lines, strict=True), *progress.deductions()]
    place = {subscription_id: position for position, subscription_id in enumerate(progress.plan_names)}
    # On a shared invoice each with the lines of its subscription; items are of none, and come last.
    everything.sort(key=lambda pair: place.get(pair[0].subscription_id or "", len(place)))
    lines, settled = zip(*everything, strict=True)
    return replace(
        tally,
        lines=lines,
        totals=Totals(
            lines=settled,
            discounts=tuple(
                (discount, EXACT.subtract(amount, progress.taken_by(discount.id)))
                for discount, amount in totals.discounts
            ),
            taxes=_taxes_left(totals.taxes, before),
            subtotal=EXACT.subtract(totals.subtotal, progress.usage),
            discount=EXACT.subtract(totals.discount, _sum(invoice.discount for invoice in before)),
            tax=EXACT.subtract(totals.tax, _sum(invoice.tax for invoice in before)),
            tax_included=EXACT.subtract(totals.tax_included, _sum(invoice.tax_included for invoice in before)),
        ),
        billed_before=progress.ids,
        held=progress.held,
    )


def load_progress(
    session: Session, running: Iterable[Running], *, even_void: bool = False, lock: bool = False
) -> dict[Running, Progress]:
    """Of those periods that threshold invoices have billed a part of. `even_void`: those that were voided, too. `lock`:
    keep them from being voided until this transaction ends."""
    wanted = set(running)
    query = _threshold_invoices().where(Invoice.subscription_id.in_({subscription_id for subscription_id, _ in wanted}))
    if not even_void:
        query = query.where(Invoice.status != "void")
    if lock:
        query = query.with_for_update(of=Invoice, read=True)
    found: dict[Running, list[Invoice]] = {}
    for invoice in session.scalars(query).all() if wanted else ():
        key = invoice.subscription_id or "", invoice.period_start
        if key in wanted:
            found.setdefault(key, []).append(invoice)
    return {key: _progress(session, invoices) for key, invoices in found.items()}


def progress_before(session: Session, invoice: Invoice) -> Progress:
    """What the invoice took off."""
    if not invoice.billed_before:
        return Progress()
    query = _threshold_invoices().where(Invoice.id.in_(invoice.billed_before))
    found = _progress(session, session.scalars(query).all())
    return replace(found, plan_names={part.subscription_id: part.plan_name for part in invoice.parts})


def _threshold_invoices() -> sa.Select[Invoice]:
    return (
        sa.select(Invoice)
        .where(Invoice.kind == "threshold")
        .order_by(Invoice.subscription_id, Invoice.period_start, Invoice.threshold_number)
        .options(selectinload(Invoice.lines))
    )


def _progress(session: Session, invoices: Collection[Invoice]) -> Progress:
    return Progress(tuple(invoices), frozenset(uses_of(session, [invoice.id for invoice in invoices])))


def _deduction(billed: Sequence[tuple[Invoice, InvoiceLine]]) -> tuple[Line, SettledLine]:
    """`billed`: the lines of one price."""
    amounts: dict[str, Decimal] = {}
    taxes: dict[Rate, Decimal] = {}
    for invoice, line in billed:
        number = invoice.number or invoice.id
        amounts[number] = EXACT.add(amounts.get(number, Decimal(0)), line.amount)
        for tax in map(LineTax.from_json, line.taxes):
            taxes[tax.rate] = EXACT.add(taxes.get(tax.rate, Decimal(0)), tax.amount)
    first = billed[0][1]
    amount = EXACT.minus(_sum(amounts.values()))
    taken_off = Line(
        description=f"{first.description}, billed before",
        price_key=first.price_key,
        meter=None,
        quantity=Decimal(1),
        unit_amount=None,
        amount=amount,
        amount_exact=amount,
        period=Period(min(line.period_start for _, line in billed), max(line.period_end for _, line in billed)),
        steps=tuple(Step.of(f"Billed by {number}", Decimal(-1), billed) for number, billed in amounts.items()),
        groups=(),
    )
    discount = EXACT.minus(_sum(line.discount for _, line in billed))
    return taken_off, SettledLine(discount, tuple(LineTax(rate, EXACT.minus(amount)) for rate, amount in taxes.items()))


def _taxes_left(totals: Sequence[TaxTotal], invoices: Iterable[Invoice]) -> tuple[TaxTotal, ...]:
    """Also of rates that have ceased to apply since."""
    left = {total.rate: total for total in totals}
    for invoice in invoices:
        for stored in invoice.taxes:
            rate = Rate.from_json(stored)
            total = left.get(rate, TaxTotal(rate, Decimal(0), Decimal(0)))
            left[rate] = TaxTotal(
                rate,
                EXACT.subtract(total.taxable, Decimal(stored["taxable"])),
                EXACT.subtract(total.amount, Decimal(stored["amount"])),
            )
    return tuple(left.values())


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
