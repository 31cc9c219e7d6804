"""Backfills: ranges of history as units. Their events are sent to `POST /v1/events?backfill=…`."""

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Final

from justpaid.api.event_keys import event_keys
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.backfills import BackfillIn, BackfillOut
from justpaid.api.unit_of_work import Unit
from justpaid.ingest import BackfillRecord, Stage, backfill_of, find_backfill, open_backfill
from justpaid.ingest import list_backfills as newest
from justpaid.kernel.errors import EventsExpired, InvalidRequest
from justpaid.metering import Metering

router = new_router("backfills", "/v1/backfills")

#: How long a reader waits for what was accepted before its question to be metered.
_PATIENCE_S: Final = 1.0


@router.post("", status_code=201)
def create_backfill(body: BackfillIn, unit: Unit) -> BackfillOut:
    """Open a backfill: a range of history that is sent, counted and, if need be, taken out again as a unit."""
    _require_events_from(unit, body.start)
    record = open_backfill(
        unit.session,
        unit.organisation_id,
        start=body.start,
        end=body.end,
        event=body.event,
        customer_id=body.customer_id,
        customer_keys=None if body.customer_id is None else event_keys(unit.session, body.customer_id),
        replace=body.replace,
        reason=body.reason,
    )
    with unit.installation.metering.expired.replacing(backfill_of(record)):
        pass  # or it could never be closed
    return _told(unit, [record])[0]


def _require_events_from(unit: Unit, start: datetime) -> None:
    """What it replaces could not be told any more.  Raises: InvalidRequest."""
    metering: Metering = unit.installation.metering
    try:
        metering.expired.require(unit.organisation_id, start)
    except EventsExpired as error:
        raise InvalidRequest.of("from", error.detail, code=error.code) from None


@router.get("")
def list_backfills(unit: Unit, paging: Paging) -> Page[BackfillOut]:
    """All backfills, newest first."""
    records = newest(unit.session, limit=paging.fetch, before_id=paging.before_id("bf"))
    told = {one.id: one for one in _told(unit, records)}
    return paging.page(records, lambda record: told[record.id])


@router.get("/{backfill_id}")
def get_backfill(backfill_id: str, unit: Unit) -> BackfillOut:
    """One backfill, and how many events it has."""
    return _told(unit, [find_backfill(unit.session, backfill_id)])[0]


@router.post("/{backfill_id}/close")
def close_backfill(backfill_id: str, unit: Unit) -> BackfillOut:
    """Let its events count, and those that it replaces no longer. It takes no more events."""
    record = find_backfill(unit.session, backfill_id)
    backfill, installation = backfill_of(record), unit.installation
    is_open = installation.backfills.steps(backfill).stage is Stage.OPEN
    with installation.metering.expired.replacing(backfill) if is_open else nullcontext():
        installation.backfills.close(backfill)
    unit.note("updated", "backfills", backfill_id, {"status": ("open" if is_open else "closed", "closed")})
    return _told(unit, [record])[0]


@router.post("/{backfill_id}/revert")
def revert_backfill(backfill_id: str, unit: Unit) -> BackfillOut:
    """Take its events out again, for good, and let what it replaced count. An open one is given up. Issued invoices
    stay as they are; the ids of its events may be sent anew."""
    record = find_backfill(unit.session, backfill_id)
    before = unit.installation.backfills.steps(backfill_of(record)).stage
    unit.installation.backfills.revert(backfill_of(record))
    unit.note("updated", "backfills", backfill_id, {"status": (str(before), "reverted")})
    return _told(unit, [record])[0]


def _told(unit: Unit, records: Sequence[BackfillRecord]) -> list[BackfillOut]:
    """Who sends or closes and then asks sees it counted, as long as metering keeps up."""
    installation = unit.installation
    steps = {record.id: installation.backfills.steps(backfill_of(record)) for record in records}
    installation.metering.drain(_PATIENCE_S)
    reader = installation.metering.backfills
    extents = reader.extents(unit.organisation_id, map(backfill_of, records))
    taken = [step for of in steps.values() for step in (of.closed, of.reverted) if step is not None]
    times = reader.times(unit.organisation_id, taken)
    return [BackfillOut.of(record, steps[record.id], extents[record.id], times) for record in records]
