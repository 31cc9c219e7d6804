"""The arithmetic of an invoice line on the wire."""

from decimal import Decimal
from typing import Any

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, LineOut, billed
from justpaid.api.values import Instant, Output, PlainDecimal
from justpaid.invoicing import Explanation, Origin
from justpaid.kernel.decimals import EXACT, PLACES
from justpaid.metering import Aggregation, State
from justpaid.pricing import dump_price


class FilterOut(Output):
    property: str
    operator: str
    values: list[str]


class StateOut(Output):
    """Events below `cutoff` that these keys were sent with."""

    cutoff: int
    customer_keys: list[str]

    @classmethod
    def of(cls, state: State) -> "StateOut":
        return cls(cutoff=state.cutoff, customer_keys=list(state.keys))


class MeteredOut(Output):
    """What the quantity was counted by, with the meter as it was when the line was made."""

    meter: str
    event: str
    aggregation: Aggregation
    property: str | None
    filters: list[FilterOut]
    dimensions: list[str]
    period_start: Instant
    period_end: Instant
    counted: StateOut
    counted_before: StateOut | None = Field(description="Of late usage: what it is the difference to.")
    value: PlainDecimal = Field(description="What the meter says; the quantity, but for a level's share of its period.")
    events_url: str


class ProrationOut(Output):
    """The share that a period has of the full one, by elapsed time: `numerator` / `denominator`, here to 12 places."""

    full_period_start: Instant
    full_period_end: Instant
    numerator: int
    denominator: int
    share: PlainDecimal


class RoundingOut(Output):
    """Once a line, half up, to the currency's minor unit."""

    exact: PlainDecimal
    places: int
    amount: BilledAmount


class DiscountPartOut(Output):
    coupon: str
    name: str
    percent: PlainDecimal | None
    amount_off: PlainDecimal | None
    amount: BilledAmount = Field(description="Its part of the line.")


class CorrectionOfOut(Output):
    """The late usage that a line bills."""

    correction_id: str
    invoice_id: str
    invoice_number: str | None


class ExplanationOut(Output):
    """From usage to the line's total: quantity → steps → rounding → discounts → tax."""

    invoice_id: str
    invoice_number: str | None
    position: int
    origin: Origin
    currency: str
    price: dict[str, Any] | None = Field(description="As agreed on, with the customer's overrides.")
    units: PlainDecimal | None = Field(description="Of a fee: seats, or the quantity of its add-on.")
    metered: MeteredOut | None
    proration: ProrationOut | None
    line: LineOut
    rounding: RoundingOut
    discounts: list[DiscountPartOut]
    total: BilledAmount = Field(description="amount − discount + tax of the line.")
    late_usage: CorrectionOfOut | None

    @classmethod
    def of(cls, found: Explanation) -> "ExplanationOut":
        invoice, line, currency = found.invoice, found.line, found.invoice.currency
        return cls(
            invoice_id=invoice.id,
            invoice_number=invoice.number,
            position=line.position,
            origin=found.origin,
            currency=currency,
            price=dump_price(found.price) if found.price else None,
            units=found.units,
            metered=_metered(found),
            proration=_proration(found),
            line=LineOut.of_stored(line, currency),
            rounding=RoundingOut(
                exact=line.amount_exact, places=found.places, amount=billed(line.amount, currency)
            ),
            discounts=[
                DiscountPartOut(
                    coupon=discount.coupon,
                    name=discount.name,
                    percent=discount.percent,
                    amount_off=discount.amount,
                    amount=billed(amount, currency),
                )
                for discount, amount in found.discounts
            ],
            total=billed(found.total, currency),
            late_usage=_correction(found),
        )  # fmt: skip


def _metered(found: Explanation) -> MeteredOut | None:
    if found.metered is None:
        return None
    meter, counting = found.metered.definition, found.metered.counting
    return MeteredOut(
        meter=meter.key,
        event=meter.event,
        aggregation=meter.aggregation,
        property=meter.property,
        filters=[FilterOut(property=f.property, operator=f.operator, values=list(f.values)) for f in meter.filters],
        dimensions=list(meter.dimensions),
        period_start=counting.period.start,
        period_end=counting.period.end,
        counted=StateOut.of(counting.state),
        counted_before=StateOut.of(counting.before) if counting.before else None,
        value=found.metered.value,
        events_url=f"/v1/invoices/{found.invoice.id}/lines/{found.line.position}/events",
    )


def _proration(found: Explanation) -> ProrationOut | None:
    proration = found.proration
    if proration is None:
        return None
    share = proration.share
    exact = EXACT.divide(Decimal(share.numerator), Decimal(share.denominator))
    return ProrationOut(
        full_period_start=proration.full_period.start,
        full_period_end=proration.full_period.end,
        numerator=share.numerator,
        denominator=share.denominator,
        share=EXACT.quantize(exact, Decimal(1).scaleb(-PLACES)),
    )


def _correction(found: Explanation) -> CorrectionOfOut | None:
    correction = found.correction
    if correction is None:
        return None
    return CorrectionOfOut(
        correction_id=correction.id,
        invoice_id=correction.invoice_id,
        invoice_number=correction.invoice.number,
    )
