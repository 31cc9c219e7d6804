"""Tiers, for the graduated and volume models: each holds what lies above the one before it, up to and with `up_to`."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from justpaid.kernel.decimals import plain
from justpaid.pricing.fields import Amount, Number, Strict
from justpaid.pricing.rating import Step
from justpaid.pricing.wording import excess_of_corrections, grouped

MAX_TIERS: Final = 1000


class Tier(Strict):
    """`up_to`: units of the meter, inclusive, null in the last tier. `flat_amount`: due once the tier is entered."""

    up_to: Number | None = None
    unit_amount: Amount | None = None
    flat_amount: Amount | None = None

    @model_validator(mode="after")
    def _has_an_amount(self) -> "Tier":
        if self.unit_amount is None and self.flat_amount is None:
            raise ValueError("needs a unit_amount, a flat_amount or both; write 0 for a free tier")
        return self

    @property
    def rate(self) -> Decimal:
        return self.unit_amount or Decimal(0)

    def flat_steps(self, number: int) -> tuple[Step, ...]:
        return (Step.once(f"Flat fee of tier {number}", self.flat_amount),) if self.flat_amount else ()


def _counted(tiers: object) -> object:
    if isinstance(tiers, (list, tuple)) and not 1 <= len(tiers) <= MAX_TIERS:
        raise ValueError(f"must have 1 to {MAX_TIERS} tiers, not {len(tiers)}")
    return tiers


def _ordered(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    """Refuse wrong bounds, each with an error of its own at that bound."""
    wrong = [
        InitErrorDetails(type=PydanticCustomError("bound", "{why}", {"why": why}), loc=(index, "up_to"), input=None)
        for index, why in _wrong_bounds(tiers)
    ]
    if wrong:
        raise ValidationError.from_exception_data("tiers", wrong)
    return tiers


def _wrong_bounds(tiers: tuple[Tier, ...]) -> Iterator[tuple[int, str]]:
    lower = Decimal(0)
    for index, tier in enumerate(tiers):
        last = index == len(tiers) - 1
        if last and tier.up_to is not None:
            yield index, "must be null in the last tier, so that every quantity has a price; add an open tier"
        elif not last and tier.up_to is None:
            yield index, "is required: only the last tier is open"
        elif tier.up_to is not None and tier.up_to <= lower:
            yield index, f"must be greater than {plain(lower)}" + (", the bound of the tier before it" if index else "")
        lower = tier.up_to if tier.up_to is not None else lower


#: Not strict, for JSON has lists and no tuples; each tier in it is.
Tiers = Annotated[
    tuple[Tier, ...],
    Field(strict=False, json_schema_extra={"minItems": 1, "maxItems": MAX_TIERS}),
    BeforeValidator(_counted),
    AfterValidator(_ordered),
]


@dataclass(frozen=True, slots=True)
class Span:
    """A tier in its place: `number` from 1, holding quantities over `lower` and not over `tier.up_to`."""

    number: int
    lower: Decimal
    tier: Tier

    def reaches(self, quantity: Decimal) -> bool:
        return self.tier.up_to is None or quantity <= self.tier.up_to


def spans(tiers: tuple[Tier, ...]) -> Iterator[Span]:
    lower = Decimal(0)
    for number, tier in enumerate(tiers, start=1):
        yield Span(number, lower, tier)
        lower = tier.up_to if tier.up_to is not None else lower


def first_tier_credit(tiers: tuple[Tier, ...], quantity: Decimal) -> tuple[Step, ...]:
    """A negative quantity: the first tier is taken to reach below zero; units go back at its rate, without its fee."""
    rate = tiers[0].rate
    return (
        Step.of(f"{excess_of_corrections(quantity)}: credited at the first tier's {grouped(rate)}", quantity, rate),
    )
