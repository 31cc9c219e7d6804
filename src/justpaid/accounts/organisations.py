"""Making and finding organisations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.accounts.settings import changed_settings
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
    name = _name(name)
    _check_defaults(timezone, currency)
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


def update_organisation(session: Session, organisation: Organisation, changes: Mapping[str, Any]) -> Organisation:
    """Set `name`, `timezone`, `currency` or `settings`, as far as they are given.

    `timezone` and `currency` are what later customers get; those there keep theirs.  Raises: InvalidRequest.
    """
    if "name" in changes:
        organisation.name = _name(changes["name"])
    if "timezone" in changes or "currency" in changes:
        timezone = changes.get("timezone", organisation.timezone)
        currency = changes.get("currency", organisation.currency)
        _check_defaults(timezone, currency)
        organisation.timezone, organisation.currency = timezone, currency
    if "settings" in changes:
        organisation.settings = changed_settings(organisation.settings, changes["settings"])
    session.flush()
    return organisation


def _name(name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME:
        raise InvalidRequest.of("name", f"must have 1 to {MAX_NAME} characters")
    return name


def _check_defaults(timezone: str, currency: str) -> None:
    try:
        zone(timezone)
        minor_places(currency)
    except UnknownTimezone as error:
        raise InvalidRequest.of("timezone", str(error)) from None
    except UnknownCurrency as error:
        raise InvalidRequest.of("currency", str(error)) from None
