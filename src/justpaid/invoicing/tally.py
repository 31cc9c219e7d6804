"""From lines to the rows of an invoice: which tax rates and discounts bear on them, and what they add up to.

`run`, `refresh`, one-off invoices and estimates make their tallies here, each from its own lines.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from justpaid.catalog import product_taxes
from justpaid.coupons import Usable, usable_discounts
from justpaid.customers import Customer
from justpaid.invoicing.compose import Line
from justpaid.invoicing.items import line_of
from justpaid.invoicing.tables import Invoice, InvoiceItem
from justpaid.invoicing.totals import Charge, Discount, Rate, Totals, settle
from justpaid.kernel.ids import new_id
from justpaid.metering import MeterDefinition
from justpaid.taxes import TaxRate, rates_by_key, rates_for


@dataclass(frozen=True, slots=True)
class Tally:
    """An invoice's lines and what they come to. `items` are those that it takes.

    `billed_before`: threshold invoices of the period, whose amounts it takes off; `held`: discounts that they use.
    """

    lines: tuple[Line, ...]
    totals: Totals
    billed_before: tuple[str, ...] = ()
    held: frozenset[str] = frozenset()

    @property
    def items(self) -> list[InvoiceItem]:
        return [line.item for line in self.lines if line.item is not None]

    def used_discounts(self) -> list[str]:
        """Those that an invoice of the period uses already are not used once more."""
        return [discount.id for discount, amount in self.totals.discounts if amount and discount.id not in self.held]

    def columns(self) -> dict[str, Any]:
        """Of `Invoice`, before anything is paid or credited."""
        totals = self.totals
        return {
            "subtotal": totals.subtotal,
            "discount": totals.discount,
            "tax": totals.tax,
            "tax_included": totals.tax_included,
            "carried_over": totals.carried_over,
            "total": totals.total,
            "amount_due": totals.total,
            "discounts": totals.discounts_as_json(),
            "taxes": totals.taxes_as_json(),
            "billed_before": list(self.billed_before),
        }

    def line_rows(
        self, organisation_id: str, invoice_id: str, meters: Mapping[str, MeterDefinition]
    ) -> list[dict[str, Any]]:
        """Of `InvoiceLine`. `meters`, by key: what each was when it was counted."""
        return [
            {
                "id": new_id("il"),
                "organisation_id": organisation_id,
                "invoice_id": invoice_id,
                "position": position,
                "description": line.description,
                "price_key": line.price_key,
                "item_id": line.item.id if line.item else None,
                "subscription_id": line.subscription_id,
                "plan_name": line.plan_name,
                "meter": line.meter,
                "meter_definition": meters[line.meter].as_json() if line.meter else None,
                "quantity": line.quantity,
                "unit_amount": line.unit_amount,
                "amount": line.amount,
                "amount_exact": line.amount_exact,
                "discountable": line.item.discountable if line.item else True,
                "discount": settled.discount,
                "tax": settled.tax,
                "taxes": [tax.as_json() for tax in settled.taxes],
                "period_start": line.period.start,
                "period_end": line.period.end,
                "steps": line.steps_as_json(),
                "groups": line.groups_as_json(),
            }
            for position, (line, settled) in enumerate(zip(self.lines, self.totals.lines, strict=True), 1)
        ]


class Conditions:
    """What bears on the invoices of some customers besides their plans: tax rates, and discounts with uses left.

    `products`: the keys of the tax rates of products that have their own.
    """

    def __init__(
        self,
        rates: Mapping[str, TaxRate],
        products: Mapping[str, Sequence[str]],
        discounts: Mapping[str, Sequence[Usable]],
    ) -> None:
        self._rates = list(rates.values())
        self._products = products
        self._discounts = discounts

    def tally(
        self,
        customer: Customer,
        lines: Iterable[Line],
        *,
        currency: str,
        items: Sequence[InvoiceItem] = (),
        plans: Mapping[str, str] | None = None,
        held: Collection[str] = (),
    ) -> Tally:
        """What `lines` and `items` come to; counts the uses of discounts, for the tallies that follow.

        `plans`: of the subscriptions that are billed, by their ids, the keys of their plans. `held`: discounts that an
        earlier invoice of the period uses.
        """
        plans = plans or {}
        everything = (*lines, *map(line_of, items))
        charges = [
            Charge(
                amount=line.amount,
                rates=self._rates_of(customer, line),
                price_key=line.price_key,
                plan=plan_of(line, plans),
                discountable=line.item is None or line.item.discountable,
                subscription_id=line.subscription_id,
            )
            for line in everything
        ]
        usable = [one for one in self._discounts.get(customer.id, ()) if _bears(one, plans, currency, held)]
        totals = settle(charges, [_copied(one, several=len(plans) > 1) for one in usable], currency)
        for one, (_, taken) in zip(usable, totals.discounts, strict=True):
            if taken and one.uses_left is not None and one.discount.id not in held:
                one.uses_left -= 1
        return Tally(everything, totals)

    def _rates_of(self, customer: Customer, line: Line) -> tuple[Rate, ...]:
        item = line.item
        if item is not None and item.taxes is not None:
            return tuple(map(Rate.from_json, item.taxes))
        own = customer.tax_rates if item is None or item.tax_rates is None else item.tax_rates
        product = self._products.get(line.product) if line.product else None
        applicable = rates_for(self._rates, customer.tax_status, own, customer.address, product)
        return tuple(Rate(rate.key, rate.name, rate.percent, rate.inclusive) for rate in applicable)


def load_conditions(
    session: Session,
    customers: Iterable[Customer],
    *,
    remade: Sequence[Invoice] = (),
    held: Collection[str] = (),
    lock: bool = True,
) -> Conditions:
    """`remade`: invoices that are made anew, so that the discounts that they used are free for them. `held`: discounts
    that earlier invoices of the same periods use."""
    ids = {customer.id for customer in customers}
    besides = [invoice.id for invoice in remade]
    return Conditions(
        rates_by_key(session),
        product_taxes(session),
        usable_discounts(session, ids, besides=besides, held=held, lock=lock),
    )


def customer_as_billed(customer: Customer) -> dict[str, Any]:
    """What an invoice keeps of its customer."""
    return {
        "name": customer.name,
        "email": customer.email,
        "external_id": customer.external_id,
        "address": customer.address,
        "tax_status": customer.tax_status,
        "tax_ids": customer.tax_ids,
    }


def plan_of(line: Line, plans: Mapping[str, str]) -> str | None:
    """The key of the plan that charges the line; of an item none does. `plans`: by subscription."""
    if line.item is not None:
        return None
    return next(iter(plans.values()), None) if line.subscription_id is None else plans[line.subscription_id]


def _bears(usable: Usable, subscriptions: Collection[str], currency: str, held: Collection[str]) -> bool:
    left = usable.discount.ended_at is None and (usable.uses_left is None or usable.uses_left > 0)
    return (
        (left or usable.discount.id in held)
        and (usable.discount.subscription_id is None or usable.discount.subscription_id in subscriptions)
        and usable.coupon.currency in (None, currency)
    )


def _copied(usable: Usable, *, several: bool) -> Discount:
    """Of `several` subscriptions, one that is of a subscription takes from its lines alone."""
    coupon = usable.coupon
    return Discount(
        id=usable.discount.id,
        coupon=coupon.key,
        name=coupon.name,
        percent=coupon.percent,
        amount=coupon.amount,
        prices=tuple(coupon.prices),
        plans=tuple(coupon.plans),
        subscription_id=usable.discount.subscription_id if several else None,
    )
