"""Products, plans and plan versions.

A published version never changes, so that what was agreed can always be recomputed: a trigger in the database refuses
it, whoever asks.
"""

from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.platform.database import TenantRecord

PlanKind = Literal["plan", "add_on"]


class Product(TenantRecord):
    """What prices are for, in the organisation's books: one product may be sold by many plans.

    `tax_rates`: keys of the rates that its lines are taxed by; None means the customer's, none at all no tax.
    """

    __tablename__ = "products"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    tax_rates: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())


class Plan(TenantRecord):
    """What is sold, by a key that the client chose. `archived_at`: from then on nobody can subscribe to it anew."""

    __tablename__ = "plans"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "key"),
        sa.CheckConstraint("kind IN ('plan', 'add_on')", name="kind"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    name: Mapped[str]
    kind: Mapped[PlanKind] = mapped_column(sa.Text, server_default="plan")
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    versions: Mapped[list["PlanVersion"]] = relationship(back_populates="plan", order_by="PlanVersion.version")

    @property
    def published(self) -> "PlanVersion | None":
        """The version that was published last, which is what new subscriptions get."""
        versions = [version for version in self.versions if version.published_at is not None]
        return max(versions, key=lambda version: (version.published_at, version.version), default=None)

    @property
    def latest(self) -> "PlanVersion":
        """The one to show: as published last; of a plan that never was, the last draft."""
        return self.published or self.versions[-1]


class PlanVersion(TenantRecord):
    """A draft until `published_at`.

    `prices` as `pricing.dump_price` writes them, in the order in which an invoice shows them. `currencies`: for each
    further currency, the fields of each price that differ in it, by the price's key. `minimum_commitment` and
    `billing_thresholds` as `catalog.amounts` writes them.
    """

    __tablename__ = "plan_versions"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "version"),
        sa.CheckConstraint("trial_days >= 0", name="trial_days"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(sa.ForeignKey("plans.id"))
    version: Mapped[int]
    currency: Mapped[str]
    interval: Mapped[str]
    prices: Mapped[list[Any]]
    currencies: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    trial_days: Mapped[int] = mapped_column(server_default="0")
    minimum_commitment: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    billing_thresholds: Mapped[list[Any]] = mapped_column(server_default="[]")
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    plan: Mapped[Plan] = relationship(back_populates="versions")

    @property
    def status(self) -> Literal["draft", "published"]:
        return "draft" if self.published_at is None else "published"
