"""Amounts of a version beside its prices: the minimum commitment, and thresholds of progressive billing.

Each is an amount in the version's own currency and one in every further currency that the version offers: a figure
is never taken over from one currency to another.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from justpaid.kernel.decimals import plain
from justpaid.kernel.errors import FieldError
from justpaid.pricing import Amount, Strict, field_errors, invalid_request

MAX_THRESHOLDS: Final = 20


def _positive(amount: Decimal) -> Decimal:
    if not amount:
        raise ValueError("must be greater than 0")
    return amount


PositiveAmount = Annotated[Amount, AfterValidator(_positive)]


class AmountByCurrency(Strict):
    """Major units: `amount` in the version's own currency, `currencies` for each further one, by ISO 4217 code."""

    amount: PositiveAmount
    currencies: dict[str, PositiveAmount] = Field(default_factory=dict)

    def in_currency(self, currency: str, own: str) -> Decimal:
        return self.amount if currency == own else self.currencies[currency]


class MinimumCommitment(AmountByCurrency):
    """What a whole period comes to at least; see docs/guides/plans.md."""


class BillingThreshold(AmountByCurrency):
    """An invoice is made as soon as the period's unbilled usage reaches this; `recurring`: again each time."""

    recurring: bool = False


_THRESHOLDS: Final = TypeAdapter(list[BillingThreshold])


def read_commitment(sent: object, further: Sequence[str], errors: list[FieldError]) -> MinimumCommitment | None:
    """What is wrong goes to `errors`, under `minimum_commitment`. `further`: currencies beside the version's own."""
    if sent is None:
        return None
    try:
        commitment = MinimumCommitment.model_validate(sent)
    except ValidationError as invalid:
        errors += field_errors(invalid, at="minimum_commitment")
        return None
    errors += _wrong_currencies(commitment, further, "minimum_commitment")
    return commitment


def check_thresholds(sent: Sequence[object]) -> list[BillingThreshold]:
    """Thresholds in one currency alone.  Raises: InvalidRequest, with fields such as `billing_thresholds.0.amount`."""
    errors: list[FieldError] = []
    thresholds = read_thresholds(sent, (), errors)
    if errors:
        raise invalid_request(errors)
    return thresholds


def read_thresholds(sent: Sequence[object], further: Sequence[str], errors: list[FieldError]) -> list[BillingThreshold]:
    """What is wrong goes to `errors`, under `billing_thresholds.0.…`."""
    if len(sent) > MAX_THRESHOLDS:
        errors.append(FieldError("billing_thresholds", f"must be at most {MAX_THRESHOLDS} thresholds"))
        return []
    try:
        thresholds = _THRESHOLDS.validate_python(sent)
    except ValidationError as invalid:
        errors += field_errors(invalid, at="billing_thresholds")
        return []
    for position, threshold in enumerate(thresholds):
        errors += _wrong_currencies(threshold, further, f"billing_thresholds.{position}")
        if threshold.recurring and position < len(thresholds) - 1:
            errors.append(FieldError(f"billing_thresholds.{position}.recurring", "only the last threshold may recur"))
    errors += _wrong_order(thresholds)
    return thresholds


def _wrong_currencies(amount: AmountByCurrency, further: Sequence[str], at: str) -> Iterator[FieldError]:
    for currency in further:
        if currency not in amount.currencies:
            reason = f"is required: the plan is offered in {currency}"
            yield FieldError(f"{at}.currencies.{currency}", reason, "required")
    for currency in amount.currencies:
        if currency not in further:
            yield FieldError(f"{at}.currencies.{currency}", "is none of the plan's further currencies")


def _wrong_order(thresholds: Sequence[BillingThreshold]) -> Iterator[FieldError]:
    for position, (lower, upper) in enumerate(pairwise(thresholds), start=1):
        at = f"billing_thresholds.{position}"
        if upper.amount <= lower.amount:
            yield FieldError(f"{at}.amount", f"must be greater than {plain(lower.amount)}, the threshold before it")
        for currency in lower.currencies.keys() & upper.currencies.keys():
            if upper.currencies[currency] <= lower.currencies[currency]:
                before = plain(lower.currencies[currency])
                yield FieldError(
                    f"{at}.currencies.{currency}", f"must be greater than {before}, the threshold before it"
                )
