"""Lines of an invoice or an estimate, and amounts as a bill shows them."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from justpaid.api.schemas.prices import StepOut
from justpaid.api.values import Instant, Output, PlainDecimal
from justpaid.invoicing import InvoiceLine, Line
from justpaid.kernel.money import round_to_minor

#: Text, because a bill keeps the currency's places: "100.00", and "100" in yen.
BilledAmount = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["100.00"])]


def billed(amount: Decimal, currency: str) -> str:
    """A rounded amount with all the places of its currency's minor unit."""
    return format(round_to_minor(amount, currency), "f")


class GroupOut(Output):
    label: str
    quantity: PlainDecimal


class LineOut(Output):
    """`amount` is `amount_exact`, the sum of the steps, rounded once."""

    description: str
    price_key: str
    meter: str | None
    quantity: PlainDecimal
    unit_amount: PlainDecimal | None = Field(description="Null where there is more than one rate: see `steps`.")
    amount: BilledAmount
    amount_exact: PlainDecimal
    period_start: Instant
    period_end: Instant
    steps: list[StepOut]
    groups: list[GroupOut] = Field(description="The quantity by the meter's dimensions, where it can be added up.")

    @classmethod
    def of_stored(cls, line: InvoiceLine, currency: str) -> "LineOut":
        return cls(
            **_common(line, currency),
            period_start=line.period_start,
            period_end=line.period_end,
            steps=[StepOut.model_validate(step) for step in line.steps],
            groups=[GroupOut.model_validate(group) for group in line.groups],
        )

    @classmethod
    def of_composed(cls, line: Line, currency: str) -> "LineOut":
        return cls(
            **_common(line, currency),
            period_start=line.period.start,
            period_end=line.period.end,
            steps=[StepOut.of(step) for step in line.steps],
            groups=[GroupOut(label=label, quantity=quantity) for label, quantity in line.groups],
        )


def _common(line: InvoiceLine | Line, currency: str) -> dict[str, Any]:
    return {
        "description": line.description,
        "price_key": line.price_key,
        "meter": line.meter,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "amount": billed(line.amount, currency),
        "amount_exact": line.amount_exact,
    }
