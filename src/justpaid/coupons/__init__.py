"""Coupons and the discounts that they become when a customer gets them; see README.md."""

from justpaid.coupons.attach import attach, detach, find_discount, list_discounts
from justpaid.coupons.define import NewCoupon, create_coupon, find_coupon, list_coupons, retire_coupon
from justpaid.coupons.tables import AttachedDiscount, Coupon, DiscountUse, Duration
from justpaid.coupons.usable import Usable, give_back_uses, record_uses, usable_discounts, uses_of

__all__ = [
    "AttachedDiscount",
    "Coupon",
    "DiscountUse",
    "Duration",
    "NewCoupon",
    "Usable",
    "attach",
    "create_coupon",
    "detach",
    "find_coupon",
    "find_discount",
    "give_back_uses",
    "list_coupons",
    "list_discounts",
    "record_uses",
    "retire_coupon",
    "usable_discounts",
    "uses_of",
]
