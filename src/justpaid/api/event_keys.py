"""Which customer keys of events a reference in a request means."""

from sqlalchemy.orm import Session

from justpaid.customers import find_customer, keys_of
from justpaid.kernel.errors import NotFound


def event_keys(session: Session, reference: str) -> tuple[str, ...]:
    """All keys of the customer with this id, external id or alias; or, if there is none, the key itself, so that events
    that came before their customer can be found."""
    try:
        customer = find_customer(session, reference)
    except NotFound:
        return (reference,)
    return tuple(keys_of(session, [customer])[customer.id])
