"""Discounts: coupons given to customers and subscriptions."""

from typing import Annotated

from fastapi import Query

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.coupons import AttachedDiscountOut, AttachmentIn
from justpaid.api.unit_of_work import Unit
from justpaid.contracts import find_subscription
from justpaid.coupons import attach, detach, find_coupon, find_discount
from justpaid.coupons import list_discounts as newest
from justpaid.customers import find_customer
from justpaid.kernel.errors import InvalidRequest

router = new_router("coupons", "/v1/discounts")


@router.post("", status_code=201)
def attach_coupon(body: AttachmentIn, unit: Unit) -> AttachedDiscountOut:
    """Give a coupon to a customer or to one of its subscriptions, for the invoices to come and open drafts."""
    if (body.customer_id is None) == (body.subscription_id is None):
        raise InvalidRequest.of("customer_id", "give either customer_id or subscription_id")
    if body.subscription_id is not None:
        customer = find_subscription(unit.session, body.subscription_id).customer
    else:
        customer = find_customer(unit.session, body.customer_id or "")
    coupon = find_coupon(unit.session, body.coupon)
    discount = attach(unit.session, coupon, customer, subscription_id=body.subscription_id, now=unit.now())
    return AttachedDiscountOut.of(discount)


@router.get("")
def list_discounts(
    unit: Unit,
    paging: Paging,
    customer_id: Annotated[str | None, Query(description="Id, external id or alias of a customer.")] = None,
) -> Page[AttachedDiscountOut]:
    """All discounts, or one customer's, ended ones too, newest first."""
    customer = find_customer(unit.session, customer_id) if customer_id is not None else None
    found = newest(
        unit.session,
        limit=paging.fetch,
        before_id=paging.before_id("dis"),
        customer_id=customer.id if customer else None,
    )
    return paging.page(found, AttachedDiscountOut.of)


@router.delete("/{discount_id}")
def end_discount(discount_id: str, unit: Unit) -> AttachedDiscountOut:
    """Take a coupon away from whoever has it. What it took off issued invoices stays off."""
    return AttachedDiscountOut.of(detach(unit.session, find_discount(unit.session, discount_id), unit.now()))
