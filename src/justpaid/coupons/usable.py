"""Which discounts an invoice may still use, and keeping count."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.coupons.tables import AttachedDiscount, Coupon, DiscountUse


@dataclass(slots=True)
class Usable:
    """`uses_left`: on how many more invoices; None: on all. Whoever settles several invoices counts it down."""

    discount: AttachedDiscount
    uses_left: int | None

    @property
    def coupon(self) -> Coupon:
        return self.discount.coupon


def usable_discounts(
    session: Session,
    customers: Collection[str],
    *,
    besides: Collection[str] = (),
    held: Collection[str] = (),
    lock: bool,
) -> dict[str, list[Usable]]:
    """By customer id, in the order of attachment. `besides`: invoices whose uses don't count, since they are remade.

    `held`: discounts that bear on an invoice in any case, also where they have ended. `lock`: keep others from using
    them until this transaction ends.
    """
    query = (
        sa.select(AttachedDiscount)
        .where(AttachedDiscount.customer_id.in_(customers))
        .where(sa.or_(AttachedDiscount.ended_at.is_(None), AttachedDiscount.id.in_(held)))
        .order_by(AttachedDiscount.id)
        .execution_options(populate_existing=True)
    )
    found = session.scalars(query.with_for_update(of=AttachedDiscount) if lock else query).all() if customers else []
    used: dict[str, int] = {}
    if found:
        uses = (
            sa.select(DiscountUse.discount_id, sa.func.count())
            .where(DiscountUse.discount_id.in_([one.id for one in found]), DiscountUse.invoice_id.not_in(besides))
            .group_by(DiscountUse.discount_id)
        )
        used = {discount_id: count for discount_id, count in session.execute(uses)}  # noqa: C416  (rows are no pairs)
    usable: dict[str, list[Usable]] = {}
    for discount in found:
        allowed = discount.coupon.uses_allowed
        left = None if allowed is None else allowed - used.get(discount.id, 0)
        usable.setdefault(discount.customer_id, []).append(Usable(discount, left))
    return usable


def record_uses(session: Session, organisation_id: str, uses: Iterable[tuple[str, str]]) -> None:
    """`uses`: pairs of discount id and invoice id."""
    rows = [
        {"organisation_id": organisation_id, "discount_id": discount_id, "invoice_id": invoice_id}
        for discount_id, invoice_id in uses
    ]
    if rows:
        session.execute(sa.insert(DiscountUse), rows)


def uses_of(session: Session, invoices: Collection[str]) -> set[str]:
    """The discounts that these invoices use."""
    return set(session.scalars(sa.select(DiscountUse.discount_id).where(DiscountUse.invoice_id.in_(invoices))))


def give_back_uses(session: Session, invoices: Collection[str]) -> None:
    session.execute(sa.delete(DiscountUse).where(DiscountUse.invoice_id.in_(invoices)))
