"""From lines to what an invoice adds up to: discounts, then tax, each shown per line. Pure.

Order: the rounded lines → discounts, one after the other → tax on what is left. A discount and a tax rate are each
rounded once, over all their lines, and then allocated to the lines by largest remainder; so the parts sum to the whole
in every currency. Everything between is a fraction, so nothing else is rounded.

Invoice, estimate, `verify`, one-off invoices and drafts that are refreshed all add up here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from justpaid.kernel.decimals import EXACT, plain
from justpaid.kernel.money import minor_places, round_to_minor


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax rate as copied onto an invoice. `percent` of the net amount; `inclusive`: contained in the price."""

    key: str
    name: str
    percent: Decimal
    inclusive: bool

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "name": self.name, "percent": plain(self.percent), "inclusive": self.inclusive}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Rate":
        return cls(stored["key"], stored["name"], Decimal(stored["percent"]), stored["inclusive"])


@dataclass(frozen=True, slots=True)
class Discount:
    """An attached coupon as copied onto an invoice: a percentage, or an amount in the invoice's currency.

    `prices` and `plans` restrict it to lines of these price keys and of these plans; empty means all. So does
    `subscription_id`, on an invoice of several subscriptions.
    """

    id: str
    coupon: str
    name: str
    percent: Decimal | None
    amount: Decimal | None
    prices: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    subscription_id: str | None = None

    def applies_to(self, charge: "Charge") -> bool:
        return (
            charge.discountable
            and (not self.prices or charge.price_key in self.prices)
            and (not self.plans or charge.plan in self.plans)
            and self.subscription_id in (None, charge.subscription_id)
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "coupon": self.coupon,
            "name": self.name,
            "percent": None if self.percent is None else plain(self.percent),
            "amount_off": None if self.amount is None else plain(self.amount),
            "prices": list(self.prices),
            "plans": list(self.plans),
            **({"subscription_id": self.subscription_id} if self.subscription_id else {}),
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "Discount":
        percent, amount = stored["percent"], stored["amount_off"]
        return cls(
            id=stored["id"],
            coupon=stored["coupon"],
            name=stored["name"],
            percent=None if percent is None else Decimal(percent),
            amount=None if amount is None else Decimal(amount),
            prices=tuple(stored["prices"]),
            plans=tuple(stored["plans"]),
            subscription_id=stored.get("subscription_id"),
        )


@dataclass(frozen=True, slots=True)
class Charge:
    """One line to settle. `amount` is rounded to the minor unit; below zero it is a credit within the invoice."""

    amount: Decimal
    rates: tuple[Rate, ...] = ()
    price_key: str | None = None
    plan: str | None = None
    discountable: bool = True
    subscription_id: str | None = None


@dataclass(frozen=True, slots=True)
class LineTax:
    """What one rate takes of one line."""

    rate: Rate
    amount: Decimal

    def as_json(self) -> dict[str, Any]:
        return {**self.rate.as_json(), "amount": plain(self.amount)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "LineTax":
        return cls(Rate.from_json(stored), Decimal(stored["amount"]))


@dataclass(frozen=True, slots=True)
class SettledLine:
    """`tax` is added to the line; tax that its price contains is in `taxes` only."""

    discount: Decimal
    taxes: tuple[LineTax, ...]

    @property
    def tax(self) -> Decimal:
        return _sum([tax.amount for tax in self.taxes if not tax.rate.inclusive])


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """`taxable` is the amount that the percentage is of: net of discounts and of the tax contained in it, rounded."""

    rate: Rate
    taxable: Decimal
    amount: Decimal

    def as_json(self) -> dict[str, Any]:
        return {**self.rate.as_json(), "taxable": plain(self.taxable), "amount": plain(self.amount)}


@dataclass(frozen=True, slots=True)
class Totals:
    """All rounded to the minor unit. `tax` is what is added; `tax_included` what the prices contain already.

    `carried_over` lifts a negative sum to a total of zero; it becomes the customer's balance.
    """

    lines: tuple[SettledLine, ...]
    discounts: tuple[tuple[Discount, Decimal], ...]
    taxes: tuple[TaxTotal, ...]
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    tax_included: Decimal

    @property
    def net_total(self) -> Decimal:
        """Before credits; below zero where credits within the invoice outweigh its charges."""
        return EXACT.add(EXACT.subtract(self.subtotal, self.discount), self.tax)

    @property
    def carried_over(self) -> Decimal:
        return max(Decimal(0), EXACT.minus(self.net_total))

    @property
    def total(self) -> Decimal:
        return max(Decimal(0), self.net_total)

    def discounts_as_json(self) -> list[dict[str, Any]]:
        return [{**discount.as_json(), "amount": plain(amount)} for discount, amount in self.discounts]

    def taxes_as_json(self) -> list[dict[str, Any]]:
        return [tax.as_json() for tax in self.taxes]


def settle(charges: Sequence[Charge], discounts: Sequence[Discount], currency: str) -> Totals:
    """What `charges` come to. `discounts` take their turns in the given order; those that find nothing show 0."""
    if not discounts and not any(charge.rates for charge in charges):
        return _plain(charges, currency)
    left = [Fraction(charge.amount) for charge in charges]
    taken: list[tuple[Discount, Decimal]] = []
    for discount, parts in zip(discounts, discount_parts(charges, discounts, currency), strict=True):
        taken.append((discount, _sum(parts)))
        left = [amount - Fraction(part) for amount, part in zip(left, parts, strict=True)]
    return _totals(charges, left, taken, currency)


def discount_parts(charges: Sequence[Charge], discounts: Sequence[Discount], currency: str) -> list[list[Decimal]]:
    """By discount, what it takes of each charge."""
    left = [Fraction(charge.amount) for charge in charges]
    parts = []
    for discount in discounts:
        parts.append(allocate(_shares(discount, charges, left), currency))
        left = [amount - Fraction(part) for amount, part in zip(left, parts[-1], strict=True)]
    return parts


def settle_discounted(
    charges: Sequence[Charge], discounts: Sequence[Decimal], taken: Sequence[tuple[Discount, Decimal]], currency: str
) -> Totals:
    """What `charges` come to where the discounts are known: `discounts` by charge and `taken` by discount, to the same
    sum."""
    left = [Fraction(charge.amount) - Fraction(off) for charge, off in zip(charges, discounts, strict=True)]
    return _totals(charges, left, taken, currency)


def _totals(
    charges: Sequence[Charge], left: Sequence[Fraction], taken: Sequence[tuple[Discount, Decimal]], currency: str
) -> Totals:
    """`left` of each charge after its discounts."""
    line_taxes, tax_totals = _taxes(charges, left, currency)
    lines = tuple(
        SettledLine(round_to_minor(_decimal(Fraction(charge.amount) - rest), currency), tuple(taxes))
        for charge, rest, taxes in zip(charges, left, line_taxes, strict=True)
    )
    return Totals(
        lines=lines,
        discounts=tuple(taken),
        taxes=tuple(tax_totals),
        subtotal=_sum([charge.amount for charge in charges]),
        discount=_sum([amount for _, amount in taken]),
        tax=_sum([total.amount for total in tax_totals if not total.rate.inclusive]),
        tax_included=_sum([total.amount for total in tax_totals if total.rate.inclusive]),
    )


def _plain(charges: Sequence[Charge], currency: str) -> Totals:
    """What the whole arithmetic would give without a discount and without a tax, for a fraction of its cost."""
    nothing = round_to_minor(Decimal(0), currency)
    zero = Decimal(0)
    lines = (SettledLine(nothing, ()),) * len(charges)
    return Totals(lines, (), (), _sum([charge.amount for charge in charges]), zero, zero, zero)


def allocate(shares: Sequence[Fraction], currency: str) -> list[Decimal]:
    """Round the sum of exact `shares` once, half up, and give each a part of it, so that the parts sum to it.

    Source: largest remainder, ties to the earlier share; signs may differ, and so may the sum be zero.
    """
    unit = Decimal(1).scaleb(-minor_places(currency))
    in_units = [share / Fraction(unit) for share in shares]
    whole = sum(in_units, Fraction(0))
    rounded = floor(abs(whole) + Fraction(1, 2)) * (1 if whole >= 0 else -1)
    parts = [floor(share) for share in in_units]
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - in_units[i], i))
    for i in by_remainder[: rounded - sum(parts)]:
        parts[i] += 1
    return [EXACT.multiply(Decimal(part), unit) for part in parts]


def _shares(discount: Discount, charges: Sequence[Charge], left: Sequence[Fraction]) -> list[Fraction]:
    """A percentage also lessens credits, since what they give back was discounted; an amount takes from charges only,
    and no more than there is."""
    eligible = [discount.applies_to(charge) for charge in charges]
    if discount.percent is not None:
        return _where(eligible, left, lambda amount: amount * Fraction(discount.percent or 0) / 100)
    positive = [is_eligible and amount > 0 for is_eligible, amount in zip(eligible, left, strict=True)]
    there = sum(_where(positive, left, lambda amount: amount), Fraction(0))
    if not there:
        return [Fraction(0)] * len(charges)
    off = min(Fraction(discount.amount or 0), there)
    return _where(positive, left, lambda amount: off * amount / there)


def _taxes(
    charges: Sequence[Charge], left: Sequence[Fraction], currency: str
) -> tuple[list[list[LineTax]], list[TaxTotal]]:
    by_line: list[list[LineTax]] = [[] for _ in charges]
    totals = []
    net = [amount / (1 + _included(charge)) for charge, amount in zip(charges, left, strict=True)]
    for rate in dict.fromkeys(rate for charge in charges for rate in charge.rates):
        taxed = [rate in charge.rates for charge in charges]
        amounts = allocate(_where(taxed, net, lambda amount: amount * Fraction(rate.percent) / 100), currency)  # noqa: B023
        taxable = sum(_where(taxed, net, lambda amount: amount), Fraction(0))
        totals.append(TaxTotal(rate, round_to_minor(_decimal(taxable), currency), _sum(amounts)))
        for line, is_taxed, amount in zip(by_line, taxed, amounts, strict=True):
            if is_taxed:
                line.append(LineTax(rate, amount))
    return by_line, totals


def _included(charge: Charge) -> Fraction:
    """The part of the net amount that its price contains as tax: 1/5 for 20 %."""
    return sum((Fraction(rate.percent) / 100 for rate in charge.rates if rate.inclusive), Fraction(0))


def _where(
    chosen: Sequence[bool], amounts: Sequence[Fraction], share: Callable[[Fraction], Fraction]
) -> list[Fraction]:
    return [share(amount) if is_chosen else Fraction(0) for is_chosen, amount in zip(chosen, amounts, strict=True)]


def _decimal(amount: Fraction) -> Decimal:
    return EXACT.divide(Decimal(amount.numerator), Decimal(amount.denominator))


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total
