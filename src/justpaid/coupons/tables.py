"""Coupons, discounts and their uses."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from justpaid.platform.database import TenantRecord

Duration = Literal["once", "repeating", "forever"]


class Coupon(TenantRecord):
    """`percent`, or `amount` in major units of `currency`, off each invoice; `periods`: of how many, when repeating.

    `prices` and `plans` are the keys that it is restricted to; empty means all. `redeem_by`: from then on it can't be
    attached any more; what is attached stays. `redemptions` counts attachments, ended ones too.
    """

    __tablename__ = "coupons"
    __table_args__ = (
        sa.UniqueConstraint("organisation_id", "key"),
        sa.CheckConstraint("(percent IS NULL) <> (amount IS NULL)", name="percent_or_amount"),
        sa.CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="amount_with_currency"),
        sa.CheckConstraint("redemptions <= max_redemptions", name="redemptions_within_limit"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
    name: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    amount: Mapped[Decimal | None] = mapped_column(sa.Numeric)
    currency: Mapped[str | None]
    duration: Mapped[str]
    periods: Mapped[int | None]
    max_redemptions: Mapped[int | None]
    max_redemptions_per_customer: Mapped[int | None]
    redeem_by: Mapped[datetime | None]
    prices: Mapped[list[Any]]
    plans: Mapped[list[Any]]
    redemptions: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())

    @property
    def uses_allowed(self) -> int | None:
        """On how many invoices an attached coupon may take something off; None: on all."""
        return {"once": 1, "repeating": self.periods}.get(self.duration)


class AttachedDiscount(TenantRecord):
    """A coupon that a customer has: for all its invoices, or for those of one subscription."""

    __tablename__ = "discounts"
    __table_args__ = (sa.Index(None, "customer_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    coupon_id: Mapped[str] = mapped_column(sa.ForeignKey("coupons.id"))
    customer_id: Mapped[str] = mapped_column(sa.ForeignKey("customers.id"))
    subscription_id: Mapped[str | None] = mapped_column(sa.ForeignKey("subscriptions.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    coupon: Mapped[Coupon] = relationship(lazy="joined", innerjoin=True)


class DiscountUse(TenantRecord):
    """An invoice from which a discount took something. A void invoice gives its uses back."""

    __tablename__ = "discount_uses"
    __table_args__ = (sa.Index(None, "invoice_id"),)

    discount_id: Mapped[str] = mapped_column(sa.ForeignKey("discounts.id"), primary_key=True)
    invoice_id: Mapped[str] = mapped_column(sa.ForeignKey("invoices.id"), primary_key=True)
