"""One change at a time to a customer's credits."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.customers import Customer


def take_turn(session: Session, customer_ids: Collection[str]) -> None:
    """Hold these customers' credits until this transaction ends; what is read after it is what the last holder left.

    The customers' rows are locked and not their grants: a grant that another transaction is just making by roll-over
    could not be locked, and would be missed.
    """
    # In order, so that two transactions that hold several wait for each other in one direction only.
    query = sa.select(Customer.id).where(Customer.id.in_(customer_ids)).order_by(Customer.id)
    session.execute(query.with_for_update(key_share=True))
