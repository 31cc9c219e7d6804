"""A customer at a glance, on the wire."""

from pydantic import Field

from justpaid.api.schemas.lines import BilledAmount, billed
from justpaid.api.schemas.overview import MoneyOut
from justpaid.api.values import Instant, Output, PlainDecimal
from justpaid.customers import Customer
from justpaid.insights import Cost, CustomerSummary, MeterUsage


class MeterUsageOut(Output):
    meter: str
    name: str
    month_to_date: PlainDecimal
    last_month: PlainDecimal = Field(description="The whole of it.")

    @classmethod
    def of(cls, usage: MeterUsage) -> "MeterUsageOut":
        return cls(meter=usage.meter, name=usage.name, month_to_date=usage.month_to_date, last_month=usage.last_month)


class CostOut(Output):
    """Of all running periods: as their invoices would be now, and at their ends if usage goes on as it did."""

    currency: str
    so_far: BilledAmount
    projected: BilledAmount

    @classmethod
    def of(cls, cost: Cost) -> "CostOut":
        return cls(
            currency=cost.currency,
            so_far=billed(cost.so_far, cost.currency),
            projected=billed(cost.projected, cost.currency),
        )


class OpenInvoicesOut(Output):
    count: int = Field(description="Issued, and something is due.")
    amounts: list[MoneyOut]


class CustomerSummaryOut(Output):
    customer_id: str
    as_of: Instant
    timezone: str = Field(description="Where months are reckoned: the customer's.")
    usage: list[MeterUsageOut] = Field(description="Of the meters with usage in this month or the last.")
    cost: list[CostOut]
    open_invoices: OpenInvoicesOut
    balance: list[MoneyOut] = Field(description="Credits that can be drawn now.")

    @classmethod
    def of(cls, customer: Customer, summary: CustomerSummary) -> "CustomerSummaryOut":
        return cls(
            customer_id=customer.id,
            as_of=summary.as_of,
            timezone=customer.timezone,
            usage=[MeterUsageOut.of(usage) for usage in summary.usage],
            cost=[CostOut.of(cost) for cost in summary.costs],
            open_invoices=OpenInvoicesOut(
                count=summary.open_invoices, amounts=[MoneyOut.of(money) for money in summary.open_amounts]
            ),
            balance=[MoneyOut.of(money) for money in summary.balances],
        )
