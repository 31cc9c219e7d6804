"""Coupons and discounts on the wire."""

from pydantic import Field

from justpaid.api.values import ExactDecimal, Input, Instant, Output, PlainDecimal
from justpaid.coupons import AttachedDiscount, Coupon, Duration, NewCoupon


class CouponIn(Input):
    """Either `percent`, or `amount` and `currency`. Its terms never change."""

    key: str = Field(description="The code that customers are given.", examples=["LAUNCH20"])
    name: str = Field(description="As invoices print it.", examples=["Launch offer"])
    percent: ExactDecimal | None = Field(default=None, description="20 for 20 %.", examples=["20"])
    amount: ExactDecimal | None = Field(default=None, description="Off each invoice; what it exceeds one by is lost.")
    currency: str | None = None
    duration: Duration = Field(default="once", description="On how many invoices: one, `periods` of them, or all.")
    periods: int | None = None
    max_redemptions: int | None = Field(default=None, description="How often it may be attached, overall.")
    max_redemptions_per_customer: int | None = None
    redeem_by: Instant | None = Field(default=None, description="From then on it can't be attached any more.")
    prices: list[str] = Field(default_factory=list, description="Price keys that it is restricted to.")
    plans: list[str] = Field(default_factory=list, description="Plan keys that it is restricted to.")

    def new(self) -> NewCoupon:
        return NewCoupon(**{**dict(self), "prices": tuple(self.prices), "plans": tuple(self.plans)})


class CouponOut(Output):
    id: str
    key: str
    name: str
    percent: PlainDecimal | None
    amount: PlainDecimal | None
    currency: str | None
    duration: Duration
    periods: int | None
    max_redemptions: int | None
    max_redemptions_per_customer: int | None
    redeem_by: Instant | None
    prices: list[str]
    plans: list[str]
    redemptions: int
    active: bool
    created_at: Instant

    @classmethod
    def of(cls, coupon: Coupon) -> "CouponOut":
        return cls.model_validate({name: getattr(coupon, name) for name in cls.model_fields})


class AttachmentIn(Input):
    """To a customer, for all its invoices, or to one subscription."""

    coupon: str = Field(description="Key or id.")
    customer_id: str | None = Field(default=None, description="Id, external id or alias.")
    subscription_id: str | None = None


class AttachedDiscountOut(Output):
    id: str
    coupon: str
    customer_id: str
    subscription_id: str | None
    created_at: Instant
    ended_at: Instant | None

    @classmethod
    def of(cls, discount: AttachedDiscount) -> "AttachedDiscountOut":
        same = cls.model_fields.keys() - {"coupon"}
        return cls(coupon=discount.coupon.key, **{name: getattr(discount, name) for name in same})
