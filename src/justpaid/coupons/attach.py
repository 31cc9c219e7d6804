"""Give a coupon to a customer, and take it away."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.coupons.tables import AttachedDiscount, Coupon
from justpaid.customers import Customer
from justpaid.kernel.errors import Conflict, NotFound
from justpaid.kernel.ids import new_id
from justpaid.platform.finding import newest_first


def attach(
    session: Session, coupon: Coupon, customer: Customer, *, subscription_id: str | None, now: datetime
) -> AttachedDiscount:
    """From now on for the customer's invoices, or those of one subscription of it.

    Raises: Conflict if the coupon is retired, past its `redeem_by`, or redeemed as often as it may be.
    """
    session.execute(sa.select(Coupon.id).where(Coupon.id == coupon.id).with_for_update())
    session.refresh(coupon)
    if not coupon.active:
        raise Conflict(f"Coupon {coupon.key} is retired; use another.")
    if coupon.redeem_by is not None and coupon.redeem_by <= now:
        raise Conflict(f"Coupon {coupon.key} could be redeemed until {coupon.redeem_by.isoformat()}.")
    if coupon.max_redemptions is not None and coupon.redemptions >= coupon.max_redemptions:
        raise Conflict(f"Coupon {coupon.key} has been redeemed {coupon.redemptions} times, which is its limit.")
    _check_customers_limit(session, coupon, customer)
    discount = AttachedDiscount(
        id=new_id("dis"),
        organisation_id=customer.organisation_id,
        coupon_id=coupon.id,
        customer_id=customer.id,
        subscription_id=subscription_id,
        created_at=now,
    )
    discount.coupon = coupon
    coupon.redemptions += 1
    session.add(discount)
    session.flush()
    return discount


def detach(session: Session, discount: AttachedDiscount, now: datetime) -> AttachedDiscount:
    """End it. What it took off invoices stays off; its redemption is not given back.  Raises: Conflict if it ended."""
    session.execute(sa.select(AttachedDiscount.id).where(AttachedDiscount.id == discount.id).with_for_update())
    session.refresh(discount)
    if discount.ended_at is not None:
        raise Conflict(f"Discount {discount.id} ended at {discount.ended_at.isoformat()}.")
    discount.ended_at = now
    session.flush()
    return discount


def find_discount(session: Session, discount_id: str) -> AttachedDiscount:
    """Raises: NotFound."""
    discount = session.get(AttachedDiscount, discount_id)
    if discount is None:
        raise NotFound.of("discount", discount_id)
    return discount


def list_discounts(
    session: Session, *, limit: int, before_id: str | None = None, customer_id: str | None = None
) -> Sequence[AttachedDiscount]:
    """Newest first, ended ones too; those made before `before_id` where it is given."""
    query = sa.select(AttachedDiscount)
    if customer_id is not None:
        query = query.where(AttachedDiscount.customer_id == customer_id)
    return newest_first(session, query, AttachedDiscount.id, limit, before_id)


def _check_customers_limit(session: Session, coupon: Coupon, customer: Customer) -> None:
    if coupon.max_redemptions_per_customer is None:
        return
    own = session.scalar(
        sa.select(sa.func.count()).where(
            AttachedDiscount.coupon_id == coupon.id, AttachedDiscount.customer_id == customer.id
        )
    )
    if (own or 0) >= coupon.max_redemptions_per_customer:
        raise Conflict(f"The customer has redeemed coupon {coupon.key} {own} times, which is its limit a customer.")
