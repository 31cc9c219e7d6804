"""Invoice items on the wire."""

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, billed
from justpaid.api.values import ExactDecimal, Input, Instant, Output, PlainDecimal
from justpaid.invoicing import InvoiceItem, NewItem, line_of


class ItemFields(Input):
    """`quantity` × `unit_amount`, rounded once. Below zero it is a credit within the invoice."""

    description: str = Field(examples=["Onboarding workshop"])
    unit_amount: ExactDecimal
    quantity: ExactDecimal = Field(default=1, validate_default=True)
    tax_rates: list[str] | None = Field(default=None, description="Keys of its own tax rates; null: the customer's.")
    discountable: bool = Field(default=True, description="Whether coupons take something off it.")

    def new(self) -> NewItem:
        return NewItem(
            description=self.description,
            unit_amount=self.unit_amount,
            quantity=self.quantity,
            tax_rates=None if self.tax_rates is None else tuple(self.tax_rates),
            discountable=self.discountable,
        )


class ItemIn(ItemFields):
    customer_id: str = Field(description="Id, external id or alias.")
    currency: str | None = Field(default=None, description="Defaults to the customer's; an invoice has one currency.")
    invoice: str | None = Field(
        default=None,
        description='Null: the customer’s next invoice takes it. "now": a one-off invoice, at once. An id: a draft.',
    )


class ItemOut(Output):
    """`invoice_id` is null while it waits."""

    id: str
    customer_id: str
    invoice_id: str | None
    currency: str
    description: str
    quantity: PlainDecimal
    unit_amount: PlainDecimal
    amount: BilledAmount
    tax_rates: list[str] | None
    discountable: bool
    period_start: Instant | None = Field(description="Of late usage: the period that it lies in.")
    period_end: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, item: InvoiceItem) -> "ItemOut":
        same = cls.model_fields.keys() - {"amount"}
        amount = billed(line_of(item).amount, item.currency)
        return cls(amount=amount, **{name: getattr(item, name) for name in same})
