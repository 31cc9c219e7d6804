"""Plans and their versions on the wire."""

from typing import Annotated, Any

from pydantic import Field

from justpaid.api.schemas.as_sent import AsSent
from justpaid.api.values import Input, Instant, Output
from justpaid.catalog import Plan, PlanVersion, terms_of
from justpaid.pricing import Price

#: Read by `justpaid.pricing`, which tells of every wrong field where it is; here only described.
PricesIn = Annotated[
    list[Annotated[Price, AsSent]],
    Field(description="1 to 100 prices, in the order in which an invoice shows them."),
]


class PlanVersionIn(Input):
    """Currency and interval are taken from the version before where they are left out."""

    currency: str | None = Field(default=None, description="ISO 4217.", examples=["USD"])
    interval: str | None = Field(default=None, description="day, week, month, quarter or year.", examples=["month"])
    prices: PricesIn


class PlanIn(Input):
    key: str = Field(examples=["pro"])
    name: str | None = Field(default=None, min_length=1, max_length=200, description="Defaults to the key.")
    currency: str = Field(description="ISO 4217.", examples=["USD"])
    interval: str = Field(description="day, week, month, quarter or year.", examples=["month"])
    prices: PricesIn


class PlanVersionOut(Output):
    version: int
    currency: str
    interval: str
    prices: list[Price]
    created_at: Instant

    @classmethod
    def of(cls, version: PlanVersion) -> "PlanVersionOut":
        return cls(**_terms(version), created_at=version.created_at)


class PlanOut(Output):
    """A plan as its latest version has it, which is what new subscriptions get."""

    id: str
    key: str
    name: str
    version: int
    currency: str
    interval: str
    prices: list[Price]
    created_at: Instant

    @classmethod
    def of(cls, plan: Plan) -> "PlanOut":
        return cls(id=plan.id, key=plan.key, name=plan.name, created_at=plan.created_at, **_terms(plan.latest))


class PlanWithVersionsOut(PlanOut):
    versions: list[PlanVersionOut] = Field(description="All of them, the oldest first.")

    @classmethod
    def of(cls, plan: Plan) -> "PlanWithVersionsOut":
        return cls(
            id=plan.id,
            key=plan.key,
            name=plan.name,
            created_at=plan.created_at,
            versions=[PlanVersionOut.of(version) for version in plan.versions],
            **_terms(plan.latest),
        )


def _terms(version: PlanVersion) -> dict[str, Any]:
    terms = terms_of(version)
    return {
        "version": version.version,
        "currency": terms.currency,
        "interval": terms.interval,
        "prices": list(terms.prices),
    }
