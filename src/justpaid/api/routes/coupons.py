"""Coupons: making, reading and retiring them."""

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.coupons import CouponIn, CouponOut
from justpaid.api.unit_of_work import Unit
from justpaid.coupons import create_coupon as create
from justpaid.coupons import find_coupon, retire_coupon
from justpaid.coupons import list_coupons as newest

router = new_router("coupons", "/v1/coupons")


@router.post("", status_code=201)
def create_coupon(body: CouponIn, unit: Unit) -> CouponOut:
    """Make a coupon."""
    return CouponOut.of(create(unit.session, unit.organisation_id, body.new()))


@router.get("")
def list_coupons(unit: Unit, paging: Paging) -> Page[CouponOut]:
    """All coupons, newest first."""
    return paging.page(newest(unit.session, limit=paging.fetch, before_id=paging.before_id("cpn")), CouponOut.of)


@router.get("/{coupon}")
def get_coupon(coupon: str, unit: Unit) -> CouponOut:
    """One coupon, by its key or id."""
    return CouponOut.of(find_coupon(unit.session, coupon))


@router.post("/{coupon}/retire")
def retire(coupon: str, unit: Unit) -> CouponOut:
    """Keep it from being attached any more. Whoever has it keeps it."""
    return CouponOut.of(retire_coupon(unit.session, find_coupon(unit.session, coupon)))
