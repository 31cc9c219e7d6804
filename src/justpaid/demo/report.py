"""Reads back, over the API, what billing made of the usage: invoices and estimates, as rows to show."""

from collections.abc import Mapping, Sequence

from justpaid.demo.cast import CUSTOMERS, Customer
from justpaid.demo.client import Api, Json
from justpaid.demo.figures import money, period
from justpaid.demo.offer import PLANS
from justpaid.demo.show import EstimateRow, InvoiceRow
from justpaid.kernel.errors import Conflict

#: The customer whose invoice is opened: its plan has four price models, a cap and included users.
SHOWN: str = "acme"

_PLAN_NAMES = {plan["key"]: plan["name"] for plan in PLANS}


def issued_invoices(api: Api) -> list[Json]:
    """All that have a number, in the order of their numbers."""
    return sorted((one for one in api.pages("/v1/invoices") if one["number"]), key=lambda one: str(one["number"]))


def invoice_rows(invoices: Sequence[Json], ids: Mapping[str, str]) -> list[InvoiceRow]:
    """`ids`: the API's id of each customer of the cast, by key. Invoices of other customers are left out."""
    customers = {ids[customer.key]: customer for customer in CUSTOMERS}
    return [
        InvoiceRow(
            number=invoice["number"],
            customer=customer.name,
            plan=_PLAN_NAMES[customer.plan],
            period=period(invoice["period_start"], invoice["period_end"], customer.timezone),
            total=money(invoice["total"], invoice["currency"]),
        )
        for invoice in invoices
        if (customer := customers.get(invoice["customer_id"]))
    ]


def shown_invoice(invoices: Sequence[Json], ids: Mapping[str, str]) -> Json | None:
    """The latest of `SHOWN`'s."""
    of_customer = [invoice for invoice in invoices if invoice["customer_id"] == ids[SHOWN]]
    return max(of_customer, key=lambda invoice: str(invoice["period_end"]), default=None)


def estimate_rows(api: Api, subscriptions: Mapping[str, Json]) -> list[EstimateRow]:
    """`subscriptions` by customer key; one that has ended is left out."""
    rows = []
    for customer in CUSTOMERS:
        try:
            estimate = api.get(f"/v1/subscriptions/{subscriptions[customer.key]['id']}/estimate")
        except Conflict:
            continue
        rows.append(_estimate_row(customer, estimate))
    return rows


def _estimate_row(customer: Customer, estimate: Json) -> EstimateRow:
    currency = estimate["currency"]
    return EstimateRow(
        customer=customer.name,
        plan=_PLAN_NAMES[customer.plan],
        period=period(estimate["period_start"], estimate["period_end"], customer.timezone),
        so_far=money(estimate["total"], currency),
        projected=money(estimate["projected"]["total"], currency),
    )
