"""Worked figures of other systems for totals, coupons and credit notes, where the file of them is at hand."""

import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from justpaid.invoicing.crediting import Creditable, Portion, credit_of, credit_total
from justpaid.invoicing.totals import Charge, Discount, Rate, Totals, settle
from justpaid.kernel.errors import InvalidRequest
from justpaid.kernel.money import round_to_minor

REPOSITORY = Path(__file__).parents[3]
VECTORS = Path(os.environ.get("JUSTPAID_VECTORS") or REPOSITORY.parent / "shared" / "vectors" / "pricing_vectors.json")

Figures = dict[str, Any]
#: Figures are in cents of no named currency. The yen has no smaller unit, so they are rounded as they stand.
CURRENCY = "JPY"


def tax(percent: str) -> Rate:
    return Rate(f"tax-{percent}", "Tax", Decimal(percent), inclusive=False)


def share(params: Figures, part: str) -> Decimal:
    return round_to_minor(Decimal(params["plan_amount_minor"]) * params[part] / params["period_days"], CURRENCY)


def settled(*fees: tuple[str | Decimal, str]) -> Totals:
    return settle([Charge(Decimal(amount), (tax(percent),)) for amount, percent in fees], (), CURRENCY)


def unused_time(params: Figures) -> Figures:
    """A whole fee was billed with its tax; the unused share of it is credited."""
    billed = settled((params["plan_amount_minor"], params["tax_percent"]))
    line = Creditable(Portion(Decimal(params["plan_amount_minor"]), billed.lines[0].taxes))
    credited = credit_of(line, share(params, "unused_days"), CURRENCY)
    return {"amount": credited.total, "net_minor": credited.amount, "tax_minor": credited.tax}


def fee_with_tax(params: Figures) -> Figures:
    return {"amount": settled((share(params, "billable_days"), params["tax_percent"])).total}


def usage_less_credit(params: Figures) -> Figures:
    charge = Decimal(params["usage_units"]) * Decimal(params["unit_amount"]) * 100
    return {"amount": settled((charge, params["tax_percent"])).total - Decimal(params["credit_note_minor"])}


def fees_less_credit(params: Figures) -> Figures:
    totals = settled(*((fee, params["tax_percent"]) for fee in params["fees_minor"]))
    return {
        "amount": totals.total - Decimal(params["credit_note_minor"]),
        "fees_minor": totals.subtotal,
        "taxes_minor": totals.tax,
        "before_credit_minor": totals.total,
    }


def with_coupon(params: Figures) -> Figures:
    charges = [Charge(Decimal(fee["amount_minor"]), (tax(fee["tax_percent"]),)) for fee in params["fees"]]
    coupon = Discount("dis_1", "SAVE", "Save", None, Decimal(params["coupon_minor"]))
    totals = settle(charges, [coupon], CURRENCY)
    return {
        "amount": totals.total,
        "coupon_split_minor": [line.discount for line in totals.lines],
        "tax_per_fee_minor": [line.tax for line in totals.lines],
        "taxes_minor": totals.tax,
        "net_minor": totals.subtotal - totals.discount,
    }


ANSWERS: dict[str, Callable[[Figures], Figures]] = {
    "credit_note_unused_time": unused_time,
    "recurring_proration_with_tax": fee_with_tax,
    "invoice_with_credit_note": usage_less_credit,
    "invoice_totals": fees_less_credit,
    "invoice_totals_coupon": with_coupon,
}


def load(model: str | None = None) -> list[Figures]:
    vectors = json.loads(VECTORS.read_text())["vectors"] if VECTORS.is_file() else []
    return [vector for vector in vectors if (vector["model"] == model if model else vector["model"] in ANSWERS)]


needs_vectors = pytest.mark.skipif(not load(), reason=f"no pricing vectors at {VECTORS}; set JUSTPAID_VECTORS")


@needs_vectors
@pytest.mark.parametrize("vector", load(), ids=lambda vector: f"{vector['id']}-{vector['model']}")
def test_a_figure_of_another_system_is_ours_too(vector: Figures) -> None:
    ours = ANSWERS[vector["model"]](vector["params"])
    assert ours["amount"] == Decimal(vector["expected_amount"])
    for name, figure in vector.get("expected", {}).items():
        expected = [Decimal(one) for one in figure] if isinstance(figure, list) else Decimal(figure)
        assert ours[name] == expected, name


@needs_vectors
@pytest.mark.parametrize("vector", load("credit_cap"), ids=lambda vector: str(vector["id"]))
def test_no_more_is_credited_than_is_left(vector: Figures) -> None:
    """Others cut a credit to what is left; here more is refused, so their figure is the most that can be credited."""
    asked, whole, earlier = (
        Decimal(vector["params"][name]) for name in ("potential_credit", "original_amount", "previous_credits")
    )
    most = Decimal(vector["expected_amount"])
    line = Creditable(Portion(whole), (Portion(earlier),) if earlier else ())
    if most:
        assert credit_total([line], most, CURRENCY)[0].total == most
    if asked > most:
        with pytest.raises(InvalidRequest):
            credit_total([line], asked, CURRENCY)
    else:
        assert asked <= line.left
