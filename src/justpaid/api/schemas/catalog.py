"""The catalogue as one document, on the wire."""

from typing import Any, Literal

from pydantic import Field

from justpaid.api.schemas.plans import FullTermsIn
from justpaid.api.schemas.products import ProductIn
from justpaid.api.values import Input, Output
from justpaid.catalog import Change, DeclaredPlan, DeclaredProduct, PlanKind


class DeclaredPlanIn(FullTermsIn):
    key: str = Field(examples=["pro"])
    name: str | None = Field(default=None, min_length=1, max_length=200, description="Defaults to the key.")
    kind: PlanKind = "plan"
    archived: bool = False

    def declared(self) -> DeclaredPlan:
        return DeclaredPlan(key=self.key, name=self.name, kind=self.kind, archived=self.archived, terms=self.terms())


class CatalogIn(Input):
    """What is to be. Products and plans that are not named stay as they are."""

    products: list[ProductIn] = Field(default_factory=list, max_length=1000)
    plans: list[DeclaredPlanIn] = Field(default_factory=list, max_length=1000)
    dry_run: bool = Field(default=False, description="Check and compare, and change nothing.")

    def declared_products(self) -> list[DeclaredProduct]:
        return [
            DeclaredProduct(
                key=each.key,
                name=each.name,
                description=each.description,
                tax_rates=None if each.tax_rates is None else tuple(each.tax_rates),
            )
            for each in self.products
        ]


class DifferenceOut(Output):
    """Null stands for what is not there."""

    path: str = Field(examples=["prices.calls.unit_amount"])
    before: Any
    after: Any


class ChangeOut(Output):
    record: Literal["product", "plan"]
    key: str
    action: Literal["create", "new_version", "change", "none"]
    version: int | None = Field(description="The plan's version that new subscriptions get then; null for a product.")
    differences: list[DifferenceOut]

    @classmethod
    def of(cls, change: Change) -> "ChangeOut":
        return cls(
            record=change.record,
            key=change.key,
            action=change.action,
            version=change.version,
            differences=[DifferenceOut(path=d.path, before=d.before, after=d.after) for d in change.differences],
        )


class AppliedOut(Output):
    dry_run: bool
    changes: list[ChangeOut] = Field(description="Products, then plans, as they were sent.")


class CatalogOut(Output):
    """As `POST /v1/catalog/apply` takes it, without what has its default."""

    products: list[dict[str, Any]]
    plans: list[dict[str, Any]]
