"""Lines of an invoice or an estimate, and amounts as a bill shows them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from justpaid.api.schemas.prices import StepOut
from justpaid.api.values import Instant, Output, PlainDecimal
from justpaid.invoicing import InvoiceLine, Line, SettledLine
from justpaid.kernel.money import round_to_minor

#: Text, because a bill keeps the currency's places: "100.00", and "100" in yen.
BilledAmount = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["100.00"])]


def billed(amount: Decimal, currency: str) -> str:
    """A rounded amount with all the places of its currency's minor unit."""
    return format(round_to_minor(amount, currency), "f")


class GroupOut(Output):
    label: str
    quantity: PlainDecimal


class LineTaxOut(Output):
    """A rate as it was, and what it takes of the line."""

    key: str
    name: str
    percent: PlainDecimal
    inclusive: bool
    amount: BilledAmount


class LineOut(Output):
    """`amount` is `amount_exact`, the sum of the steps, rounded once."""

    description: str
    price_key: str | None = Field(description="Null on the line of an invoice item.")
    subscription_id: str | None = Field(
        description="Of the lines of a consolidated invoice; null where the invoice has one subscription, and on items."
    )
    plan_name: str | None = Field(description="What the plan of that subscription was called.")
    meter: str | None
    quantity: PlainDecimal
    unit_amount: PlainDecimal | None = Field(description="Null where there is more than one rate: see `steps`.")
    amount: BilledAmount
    amount_exact: PlainDecimal
    discount: BilledAmount = Field(description="The line's part of the invoice's discounts.")
    tax: BilledAmount = Field(description="Added to the line; tax that its price contains is in `taxes` only.")
    taxes: list[LineTaxOut]
    period_start: Instant
    period_end: Instant
    steps: list[StepOut]
    groups: list[GroupOut] = Field(description="The quantity by the meter's dimensions, where it can be added up.")

    @classmethod
    def of_stored(cls, line: InvoiceLine, currency: str) -> "LineOut":
        return cls(
            **_common(line, currency),
            discount=billed(line.discount, currency),
            tax=billed(line.tax, currency),
            taxes=line_taxes(line.taxes, currency),
            period_start=line.period_start,
            period_end=line.period_end,
            steps=[StepOut.model_validate(step) for step in line.steps],
            groups=[GroupOut.model_validate(group) for group in line.groups],
        )

    @classmethod
    def of_composed(cls, line: Line, settled: SettledLine, currency: str) -> "LineOut":
        return cls(
            **_common(line, currency),
            discount=billed(settled.discount, currency),
            tax=billed(settled.tax, currency),
            taxes=line_taxes([tax.as_json() for tax in settled.taxes], currency),
            period_start=line.period.start,
            period_end=line.period.end,
            steps=[StepOut.of(step) for step in line.steps],
            groups=[GroupOut(label=label, quantity=quantity) for label, quantity in line.groups],
        )


def line_taxes(taxes: Sequence[dict[str, Any]], currency: str) -> list[LineTaxOut]:
    """From the JSON that lines of invoices and credit notes keep."""
    return [LineTaxOut(**{**tax, "amount": billed(Decimal(tax["amount"]), currency)}) for tax in taxes]


def _common(line: InvoiceLine | Line, currency: str) -> dict[str, Any]:
    return {
        "description": line.description,
        "price_key": line.price_key,
        "subscription_id": line.subscription_id,
        "plan_name": line.plan_name,
        "meter": line.meter,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "amount": billed(line.amount, currency),
        "amount_exact": line.amount_exact,
    }
