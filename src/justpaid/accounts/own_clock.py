"""The test clock: an organisation in test mode stops its time and moves it forward, a year of billing in seconds."""

from datetime import datetime
from typing import Final

from sqlalchemy import event
from sqlalchemy.orm import Session

from justpaid.accounts.organisations import find_organisation
from justpaid.accounts.recent import forget_organisation
from justpaid.accounts.tables import Organisation
from justpaid.kernel.clock import Clock, FixedClock
from justpaid.kernel.errors import Conflict, InvalidRequest

#: Ten years on, a daily plan makes thousands of invoices a customer; further is a mistyped year.
MAX_YEARS_AHEAD: Final = 10


def clock_of(organisation: Organisation, real: Clock) -> Clock:
    """The organisation's own clock where it has one, else the real one."""
    return FixedClock(organisation.clock_at) if organisation.clock_at is not None else real


def check_advance(organisation: Organisation, to: datetime, real: Clock) -> None:
    """Raises: Conflict in live mode; InvalidRequest for an instant that is not ahead, or too far ahead."""
    if organisation.mode != "test":
        raise Conflict("Only an organisation in test mode has a test clock. Use a key that starts with sk_test_.")
    now = clock_of(organisation, real).now()
    if to <= now:
        raise InvalidRequest.of("to", f"must be after the clock's present, {now.isoformat()}: it only goes forward")
    if to.year > real.now().year + MAX_YEARS_AHEAD:
        raise InvalidRequest.of("to", f"must be at most {MAX_YEARS_AHEAD} years ahead")


def set_clock(session: Session, organisation_id: str, at: datetime | None) -> Organisation:
    """Stop the organisation's time at `at`; None: let it follow the real time again. Acts with the commit."""
    organisation = find_organisation(session, organisation_id)
    organisation.clock_at = at
    session.flush()
    event.listen(session, "after_commit", lambda _session: forget_organisation(organisation_id), once=True)
    return organisation
