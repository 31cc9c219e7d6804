"""Moving a test clock forward: it stops at every boundary on the way, and what is due there is billed."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from justpaid.accounts import set_clock
from justpaid.contracts import Subscription
from justpaid.invoicing.credit_upkeep import keep_credits_of
from justpaid.invoicing.run import run_billing
from justpaid.invoicing.thresholds import bill_thresholds
from justpaid.kernel.clock import FixedClock
from justpaid.metering import Metering
from justpaid.platform.database import Database


@dataclass(frozen=True, slots=True)
class Advanced:
    """What was made on the way to `now`."""

    now: datetime
    invoices_created: int
    invoices_finalized: int


def advance(database: Database, metering: Metering, organisation_id: str, to: datetime) -> Advanced:
    """Bill boundary after boundary, each on its day, and leave the clock at `to`.

    The clock is moved before each run, so that an advance that was cut off can be repeated and goes on from there.
    Raises: as `run_billing`.
    """
    created = finalized = 0
    while (boundary := _next_boundary(database, organisation_id, to)) is not None:
        _move(database, organisation_id, boundary)
        keep_credits_of(database, metering, organisation_id, boundary)
        run = run_billing(database, metering, FixedClock(boundary), organisation_id, as_of=boundary)
        created += run.invoices_created
        finalized += run.invoices_finalized
    _move(database, organisation_id, to)
    issued = bill_thresholds(database, metering, organisation_id, to, to)
    created, finalized = created + issued, finalized + issued
    keep_credits_of(database, metering, organisation_id, to)
    return Advanced(to, created, finalized)


def _next_boundary(database: Database, organisation_id: str, until: datetime) -> datetime | None:
    query = sa.select(sa.func.min(Subscription.next_bill_at)).where(Subscription.next_bill_at <= until)
    with database.tenant(organisation_id) as session:
        return session.scalar(query)


def _move(database: Database, organisation_id: str, to: datetime) -> None:
    with database.tenant(organisation_id) as session:
        set_clock(session, organisation_id, to)
