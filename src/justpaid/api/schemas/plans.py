"""Plans and their versions on the wire."""

from typing import Annotated, Any, Literal, cast

from pydantic import Field, WithJsonSchema

from justpaid.api.schemas.as_sent import AsSent
from justpaid.api.values import Input, Instant, Output, PlainDecimal
from justpaid.catalog import Plan, PlanKind, PlanVersion, SentTerms, terms_of
from justpaid.pricing import Price

#: Read by `justpaid.pricing`, which tells of every wrong field where it is; here only described.
PricesIn = Annotated[
    list[Annotated[Price, AsSent]],
    Field(description="1 to 100 prices, in the order in which an invoice shows them."),
]
_AMOUNT: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "number"}]}
_AMOUNTS: dict[str, Any] = {
    "amount": _AMOUNT,
    "currencies": {"type": "object", "additionalProperties": _AMOUNT, "description": "For each further currency."},
}


def _with_amount(**more: dict[str, Any]) -> dict[str, Any]:
    properties = {**_AMOUNTS, **more}
    return {"type": "object", "properties": properties, "required": ["amount"], "additionalProperties": False}


#: Read by `justpaid.catalog`, as prices are.
CurrenciesIn = Annotated[
    dict[str, Annotated[Any, AsSent]],
    Field(
        default_factory=dict,
        description="For each further currency, what differs of each price, by the price's key.",
        examples=[{"EUR": {"base": {"amount": "18"}, "calls": {"unit_amount": "0.009"}}}],
    ),
]
CommitmentIn = Annotated[
    Any,
    WithJsonSchema({"anyOf": [_with_amount(), {"type": "null"}]}),
    Field(default=None, description="What a whole period comes to at least.", examples=[{"amount": "500"}]),
]
ThresholdsIn = Annotated[
    list[Annotated[Any, WithJsonSchema(_with_amount(recurring={"type": "boolean", "default": False}))]],
    Field(
        default_factory=list,
        description="Amounts at which an invoice is made before the period ends, lowest first.",
        examples=[[{"amount": "100"}, {"amount": "500", "recurring": True}]],
    ),
]


class TermsIn(Input):
    """What a version sets beside its currency, interval and prices."""

    currencies: CurrenciesIn
    trial_days: int = Field(default=0, description="Days before a new subscription is billed.")
    minimum_commitment: CommitmentIn
    billing_thresholds: ThresholdsIn


class TermsPatch(TermsIn):
    """Only the terms that are sent change."""

    currency: str = Field(default="", description="ISO 4217.", examples=["USD"])
    interval: str = Field(default="", description="day, week, month, quarter or year.", examples=["month"])
    prices: PricesIn = Field(default_factory=list)

    def changes(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in TermsPatch.model_fields if name in self.model_fields_set}


class PlanVersionIn(TermsPatch):
    """What is left out is taken from the version before."""

    draft: bool = Field(default=False, description="Leave it a draft, which can be changed until it is published.")


class FullTermsIn(TermsIn):
    currency: str = Field(description="ISO 4217.", examples=["USD"])
    interval: str = Field(description="day, week, month, quarter or year.", examples=["month"])
    prices: PricesIn

    def terms(self) -> SentTerms:
        return cast(SentTerms, {name: getattr(self, name) for name in FullTermsIn.model_fields})


class PlanIn(FullTermsIn):
    key: str = Field(examples=["pro"])
    name: str | None = Field(default=None, min_length=1, max_length=200, description="Defaults to the key.")
    kind: PlanKind = Field(default="plan", description="An add-on goes on top of a subscription to a plan.")
    draft: bool = Field(default=False, description="Leave its first version a draft.")


class PlanPatch(Input):
    name: str = Field(min_length=1, max_length=200)


class CommitmentOut(Output):
    amount: PlainDecimal
    currencies: dict[str, PlainDecimal]


class ThresholdOut(CommitmentOut):
    recurring: bool


class TermsOut(Output):
    version: int
    status: Literal["draft", "published"]
    currency: str
    interval: str
    prices: list[Price]
    currencies: dict[str, dict[str, dict[str, Any]]]
    trial_days: int
    minimum_commitment: CommitmentOut | None
    billing_thresholds: list[ThresholdOut]
    published_at: Instant | None


class PlanVersionOut(TermsOut):
    created_at: Instant

    @classmethod
    def of(cls, version: PlanVersion) -> "PlanVersionOut":
        return cls(**_terms(version), created_at=version.created_at)


class PlanOut(TermsOut):
    """A plan as one of its versions has it: the published one, unless another is asked for.

    New subscriptions get the published one. A plan that was never published is shown as its last draft.
    """

    id: str
    key: str
    name: str
    kind: PlanKind
    archived_at: Instant | None
    created_at: Instant

    @classmethod
    def of(cls, plan: Plan, version: PlanVersion | None = None) -> "PlanOut":
        return cls(**_head(plan), **_terms(version or plan.latest))


class PlanWithVersionsOut(PlanOut):
    versions: list[PlanVersionOut] = Field(description="All of them, the oldest first.")

    @classmethod
    def of(cls, plan: Plan, version: PlanVersion | None = None) -> "PlanWithVersionsOut":
        versions = [PlanVersionOut.of(version) for version in plan.versions]
        return cls(**_head(plan), **_terms(version or plan.latest), versions=versions)


def _head(plan: Plan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in ("id", "key", "name", "kind", "archived_at", "created_at")}


def _terms(version: PlanVersion) -> dict[str, Any]:
    kept = ("version", "status", "currency", "interval", "currencies", "trial_days", "published_at")
    return {
        **{name: getattr(version, name) for name in kept},
        "prices": list(terms_of(version).prices),
        "minimum_commitment": version.minimum_commitment,
        "billing_thresholds": version.billing_thresholds,
    }
