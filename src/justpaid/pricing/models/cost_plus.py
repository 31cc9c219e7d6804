"""`cost_plus`: what the provider of a language model charges by its list, plus a markup."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from justpaid.kernel.decimals import EXACT
from justpaid.pricing.fields import Amount
from justpaid.pricing.list_prices import PROVIDERS, TOKEN_KINDS, list_prices, rate_of
from justpaid.pricing.models.metered import MeteredPrice
from justpaid.pricing.rating import Step, total
from justpaid.pricing.usage import Usage, grouped_by
from justpaid.pricing.wording import grouped, percent


def _listed(provider: str) -> str:
    if provider not in PROVIDERS:
        raise ValueError(f"must be a provider with list prices: {', '.join(PROVIDERS)}")
    return provider


Name = Annotated[str, Field(min_length=1, max_length=255)]


class CostPlusPrice(MeteredPrice):
    """`markup` is a fraction, 0.20 for 20 %. The meter counts tokens by the model's name and by what kind they are.

    `list_prices`, by model and token kind, in US dollars a million tokens, is taken from the provider's list when the
    price is made, or as it is given; the price keeps it. Tokens without a rate are not billed, and a step says so.
    """

    model: Literal["cost_plus"]
    markup: Amount
    provider: Annotated[str, AfterValidator(_listed)]
    model_dimension: Name = "model"
    token_dimension: Name = "token_type"  # noqa: S105
    list_prices: dict[str, dict[str, Amount]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _as_listed_now(cls, fields: object) -> object:
        if isinstance(fields, Mapping) and not fields.get("list_prices") and fields.get("provider") in PROVIDERS:
            return {**fields, "list_prices": list_prices(fields["provider"])}
        return fields

    @field_validator("included_quantity")
    @classmethod
    def _takes_nothing_off(cls, included: Decimal | None) -> Decimal | None:
        if included is not None:
            raise ValueError("can't go with list prices, for tokens differ in cost; grant a credit in its place")
        return included

    @field_validator("list_prices")
    @classmethod
    def _known_kinds(cls, rates: dict[str, dict[str, Decimal]]) -> dict[str, dict[str, Decimal]]:
        for model, kinds in rates.items():
            for kind in kinds.keys() - TOKEN_KINDS.keys():
                raise ValueError(f"{model}: {kind!r} is no kind of token; there is {', '.join(TOKEN_KINDS)}")
        return rates

    @property
    def priced_by(self) -> tuple[str, ...]:
        return self.model_dimension, self.token_dimension

    def steps(self, usage: Sequence[Usage]) -> tuple[Step, ...]:
        groups = grouped_by(usage, self.priced_by)
        costs = tuple(
            self._cost(values, groups[values].quantity) for values in sorted(groups) if groups[values].quantity
        )
        cost = total(costs)
        markup = (Step.of(f"Markup of {percent(self.markup)}", cost, self.markup),) if cost and self.markup else ()
        return costs + markup

    def _cost(self, values: tuple[str, ...], tokens: Decimal) -> Step:
        model, kind = values
        rate = rate_of(self.list_prices, model, kind)
        name = f"{model or 'no model'}, {kind or 'no kind of token'}"
        if rate is None:
            return Step.of(f"{name}: {grouped(tokens)} without a list price", tokens, Decimal(0))
        return Step.of(f"{name}: {grouped(tokens)} at {grouped(EXACT.plus(rate))}", tokens, rate)
