"""Plans and their versions. A version never changes once it is made: what was agreed can always be recomputed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.platform.database import TenantRecord


class Plan(TenantRecord):
    """What is sold, by a key that the client chose."""

    __tablename__ = "plans"
    __table_args__ = (sa.UniqueConstraint("organisation_id", "key"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    versions: Mapped[list["PlanVersion"]] = relationship(back_populates="plan", order_by="PlanVersion.version")

    @property
    def latest(self) -> "PlanVersion":
        return self.versions[-1]


class PlanVersion(TenantRecord):
    """`prices` as `pricing.dump_price` writes them, in the order in which an invoice shows them."""

    __tablename__ = "plan_versions"
    __table_args__ = (sa.UniqueConstraint("plan_id", "version"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(sa.ForeignKey("plans.id"))
    version: Mapped[int]
    currency: Mapped[str]
    interval: Mapped[str]
    prices: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    plan: Mapped[Plan] = relationship(back_populates="versions")
