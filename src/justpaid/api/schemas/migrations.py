"""Moving subscriptions to another version of their plan, on the wire."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from justpaid.api.values import Input, Instant, Output
from justpaid.catalog import PlanVersion
from justpaid.contracts import MAX_MIGRATED, Migrated, Proration, When


class MigrationIn(Input):
    subscriptions: Annotated[list[str], Field(min_length=1, max_length=MAX_MIGRATED)] | Literal["all"] = Field(
        description=f"Their ids; or all that have another version of the plan, {MAX_MIGRATED} at a time."
    )
    after: str | None = Field(default=None, description="With `all`: `next_after` of the call before.")
    at: When = Field(default="period_end", description="Now, or at the end of the period that each is in.")
    proration: Proration = Field(
        default="prorate",
        description="`prorate`: fees follow at once, by elapsed time; `none`: from the next period on.",
    )
    dry_run: bool = Field(default=False, description="Try it all, tell what would happen, and change nothing.")


class MigratedOut(Output):
    subscription_id: str
    customer_id: str
    from_version: int
    at: Instant | None = Field(description="From when it has the new version; null where it was refused.")
    refused: str | None = Field(description="Why it stays as it is.")

    @classmethod
    def of(cls, migrated: Migrated) -> "MigratedOut":
        return cls(
            subscription_id=migrated.subscription_id,
            customer_id=migrated.customer_id,
            from_version=migrated.from_version,
            at=migrated.at,
            refused=migrated.refused,
        )


class MigrationOut(Output):
    plan: str
    version: int
    dry_run: bool
    migrated: int
    refused: int
    subscriptions: list[MigratedOut]
    next_after: str | None = Field(description="With `all`: send it as `after` for those that follow; null at the end.")

    @classmethod
    def of(
        cls, version: PlanVersion, told: Sequence[Migrated], *, dry_run: bool, next_after: str | None
    ) -> "MigrationOut":
        refused = sum(each.refused is not None for each in told)
        return cls(
            plan=version.plan.key,
            version=version.version,
            dry_run=dry_run,
            migrated=len(told) - refused,
            refused=refused,
            subscriptions=[MigratedOut.of(each) for each in told],
            next_after=next_after,
        )
