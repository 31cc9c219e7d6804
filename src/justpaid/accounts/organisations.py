"""Making and finding organisations."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts.tables import Organisation
from justpaid.kernel.errors import InvalidRequest, NotFound
from justpaid.kernel.ids import new_id
from justpaid.kernel.money import UnknownCurrency, minor_places
from justpaid.kernel.period import UnknownTimezone
from justpaid.kernel.period import timezone as zone

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """One company's two organisations."""

    test: Organisation
    live: Organisation


def create_organisation(session: Session, name: str, *, timezone: str = "UTC", currency: str = "USD") -> Pair:
    """Make a company's pair of organisations. `timezone` and `currency` are what its customers get by default.

    Needs a session that sees all organisations.  Raises: InvalidRequest.
    """
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidRequest.of("name", f"must have 1 to {MAX_NAME} characters")
    try:
        zone(timezone)
        minor_places(currency)
    except UnknownTimezone as error:
        raise InvalidRequest.of("timezone", str(error)) from None
    except UnknownCurrency as error:
        raise InvalidRequest.of("currency", str(error)) from None
    live_id = new_id("org")
    shared = {"pair_id": live_id, "name": name, "timezone": timezone, "currency": currency}
    pair = Pair(
        test=Organisation(id=new_id("org"), mode="test", **shared),
        live=Organisation(id=live_id, mode="live", **shared),
    )
    session.add_all([pair.test, pair.live])
    session.flush()
    return pair


def find_organisation(session: Session, organisation_id: str) -> Organisation:
    """Raises: NotFound, also where the session is bound to another organisation."""
    organisation = session.get(Organisation, organisation_id)
    if organisation is None:
        raise NotFound.of("organisation", organisation_id)
    return organisation


def list_organisations(session: Session) -> list[Organisation]:
    """All that the session may see, oldest first."""
    return list(session.scalars(sa.select(Organisation).order_by(Organisation.id)))
