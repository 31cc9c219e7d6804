"""How a line came about: which usage, which price, which share of a period, which rounding, discounts and tax; and the
events behind its quantity, as they were at its cut-off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.invoicing.commitment import KEY as COMMITMENT
from justpaid.invoicing.including import state_before
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageLine
from justpaid.invoicing.quantities import read_quantities
from justpaid.invoicing.recount import bill_of, bills_of, charges_of, discounts_of, stored_lines
from justpaid.invoicing.spans import Span
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.invoicing.totals import Discount, LineTax, discount_parts
from justpaid.kernel.errors import Conflict, NotFound
from justpaid.kernel.money import minor_places
from justpaid.kernel.period import Period
from justpaid.metering import Aggregation, Counting, MeterDefinition, Metering, State
from justpaid.pricing import Price

Origin = Literal[
    "usage", "fee", "unused_time", "remaining_time", "minimum_commitment", "item", "late_usage", "billed_before"
]


@dataclass(frozen=True, slots=True)
class Metered:
    """What the quantity was counted by. `value` is the meter's own, which is the quantity but for a level that counts
    for a share of its period."""

    definition: MeterDefinition
    counting: Counting
    value: Decimal


@dataclass(frozen=True, slots=True)
class Proration:
    """`period` is `share` of `full_period`, by elapsed time."""

    period: Period
    full_period: Period
    share: Fraction


@dataclass(frozen=True, slots=True)
class Explanation:
    """`total` = amount − discounts + added tax. `places`: what the amount was rounded to, half up. `price` is as it was
    agreed on, with overrides; `correction` is the late usage that the line bills."""

    invoice: Invoice
    line: InvoiceLine
    origin: Origin
    price: Price | None
    units: Decimal | None
    metered: Metered | None
    proration: Proration | None
    places: int
    discounts: tuple[tuple[Discount, Decimal], ...]
    taxes: tuple[LineTax, ...]
    correction: LateUsageCorrection | None

    @property
    def total(self) -> Decimal:
        return self.line.amount - self.line.discount + self.line.tax


def explain_line(session: Session, metering: Metering, invoice: Invoice, position: int) -> Explanation:
    """Raises: NotFound; EventsExpired where only they could tell what a level was before its share."""
    line = find_line(invoice, position)
    late = _late_line(session, invoice, line)
    found = _span(session, invoice, line) if invoice.agreement is not None and line.price_key else None
    origin: Origin
    if late is not None:
        origin = "late_usage"
    elif line.item_id is not None:
        origin = "item"
    elif line.price_key == COMMITMENT:
        origin = "minimum_commitment"
    elif found is None:
        assert invoice.billed_before  # nothing else has a price's key and no period of its charge
        origin = "billed_before"
    else:
        origin = found[0]
    span = found[1] if found else None
    prorated = span is not None and span.share != 1 and (origin != "usage" or _is_level(line))
    return Explanation(
        invoice=invoice,
        line=line,
        origin=origin,
        price=span.charge.price if span else None,
        units=span.charge.units if span and origin != "usage" else None,
        metered=_metered(session, metering, invoice, line),
        proration=Proration(span.period, span.schedule.full_period(span.period), span.share)
        if span and prorated else None,
        places=minor_places(invoice.currency),
        discounts=_discounts(session, invoice, line),
        taxes=tuple(map(LineTax.from_json, line.taxes)),
        correction=session.get_one(LateUsageCorrection, late.correction_id) if late else None,
    )  # fmt: skip


def counting_of(session: Session, invoice: Invoice, position: int) -> Counting:
    """What to ask for the events of the line.  Raises: NotFound; Conflict for a line that no usage made."""
    line = find_line(invoice, position)
    counting = _counting(session, invoice, line)
    if counting is None:
        raise Conflict(
            f"Line {position} of {invoice.number or invoice.id} bills no usage: explain says how it came about."
        )
    return counting


def find_line(invoice: Invoice, position: int) -> InvoiceLine:
    """Raises: NotFound."""
    line = next((line for line in invoice.lines if line.position == position), None)
    if line is None:
        raise NotFound(
            f"Invoice {invoice.number or invoice.id} has no line {position}; it has 1 to {len(invoice.lines)}."
        )
    return line


def _counting(session: Session, invoice: Invoice, line: InvoiceLine) -> Counting | None:
    period = Period(line.period_start, line.period_end)
    late = _late_line(session, invoice, line)
    if late is not None:
        correction = session.get_one(LateUsageCorrection, late.correction_id)
        billed = session.get(InvoiceLine, late.invoice_line_id) if late.invoice_line_id else None
        if billed is None or billed.meter_definition is None:
            return None
        cutoff, keys = state_before(session, correction)
        return Counting(
            MeterDefinition.from_json(billed.meter_definition),
            period,
            State(tuple(correction.customer_keys), correction.cutoff),
            State(tuple(keys), cutoff),
        )
    if line.meter_definition is None:
        return None
    meter = MeterDefinition.from_json(line.meter_definition)
    share = Fraction(1)
    if meter.aggregation is Aggregation.WEIGHTED_SUM and (found := _span(session, invoice, line)):
        share = found[1].share
    return Counting(meter, period, State(tuple(invoice.customer_keys), invoice.cutoff), share=share)


def _metered(session: Session, metering: Metering, invoice: Invoice, line: InvoiceLine) -> Metered | None:
    counting = _counting(session, invoice, line)
    if counting is None:
        return None
    value = line.quantity
    if counting.share != 1:
        bill = bill_of(session, invoice)
        asked = [one for one in bill.asked() if (one.meter.key, one.period) == (counting.meter.key, counting.period)]
        answers = read_quantities(metering, asked, cutoff=invoice.cutoff)
        value = next((found.quantity for found in answers.values()), Decimal(0))
    return Metered(counting.meter, counting, value)


def _late_line(session: Session, invoice: Invoice, line: InvoiceLine) -> LateUsageLine | None:
    query = sa.select(LateUsageLine).join(LateUsageCorrection, LateUsageCorrection.id == LateUsageLine.correction_id)
    if line.item_id is not None:
        return session.scalar(query.where(LateUsageLine.item_id == line.item_id))
    if invoice.kind == "supplementary":
        of_line = LateUsageLine.position == line.position
        return session.scalar(query.where(LateUsageCorrection.supplementary_id == invoice.id, of_line))
    return None


def _span(session: Session, invoice: Invoice, line: InvoiceLine) -> tuple[Origin, Span] | None:
    """The charge and the period that the line is of."""
    skeleton = bills_of(session, invoice)[line.subscription_id].skeleton
    period = Period(line.period_start, line.period_end)
    places: Sequence[tuple[Origin, str, Sequence[Span]]] = (
        ("usage", "", skeleton.metered),
        ("fee", "", (*skeleton.arrears, *skeleton.upcoming)),
        ("unused_time", " (unused time)", skeleton.unused),
        ("remaining_time", " (remaining time)", skeleton.remaining),
    )
    for origin, suffix, spans in places:
        for span in spans:
            named = f"{span.charge.price.name}{suffix}" == line.description
            if named and (span.charge.key, span.period) == (line.price_key, period):
                return origin, span
    return None


def _is_level(line: InvoiceLine) -> bool:
    definition = line.meter_definition
    return definition is not None and definition["aggregation"] == Aggregation.WEIGHTED_SUM


def _discounts(session: Session, invoice: Invoice, line: InvoiceLine) -> tuple[tuple[Discount, Decimal], ...]:
    """Each discount's part of the line. On a supplementary invoice they are differences, of which the sum is kept."""
    discounts = discounts_of(invoice)
    if invoice.kind == "supplementary" or not line.discount:
        return ((discounts[0], line.discount),) if line.discount and len(discounts) == 1 else ()
    lines = stored_lines(session, invoice)
    parts = discount_parts(charges_of(session, invoice, lines), discounts, invoice.currency)
    place = [stored.id for stored in invoice.lines].index(line.id)
    return tuple((one, part[place]) for one, part in zip(discounts, parts, strict=True) if part[place])
