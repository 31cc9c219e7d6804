"""Defining and reading meters."""

from sqlalchemy import event

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.meters import MeterIn, MeterOut, MeterPatch
from justpaid.api.unit_of_work import Unit
from justpaid.metering import Meter, Metering, change_meter, define_meter, definition_of, find_meter
from justpaid.metering import list_meters as newest

router = new_router("meters", "/v1/meters")


@router.post("", status_code=201)
def create_meter(body: MeterIn, unit: Unit) -> MeterOut:
    """Define a meter. It counts the events that came before it, too."""
    meter = define_meter(
        unit.session,
        unit.organisation_id,
        key=body.key,
        name=body.name or body.key,
        event=body.event,
        aggregation=body.aggregation,
        property=body.property,
        filters=body.as_filters(),
        dimensions=body.dimensions,
    )
    _take_up(unit)
    return _told(unit, meter)


@router.get("")
def list_meters(unit: Unit, paging: Paging) -> Page[MeterOut]:
    """All meters, newest first."""
    return paging.page(
        newest(unit.session, limit=paging.fetch, before_id=paging.before_id("mtr")),
        lambda meter: _told(unit, meter),
    )


@router.get("/{meter}")
def get_meter(meter: str, unit: Unit) -> MeterOut:
    """One meter, by its key or id."""
    return _told(unit, find_meter(unit.session, meter))


@router.patch("/{meter}")
def update_meter(meter: str, body: MeterPatch, unit: Unit) -> MeterOut:
    """Change the fields that are sent. What it counts now, it counts of the past too; invoices that exist stay."""
    found = find_meter(unit.session, meter)
    if change_meter(unit.session, found, body.changes()):
        _take_up(unit)
    return _told(unit, found)


def _take_up(unit: Unit) -> None:
    metering: Metering = unit.installation.metering
    # Metering reads the table itself, so it can take the meter up only once this transaction is committed.
    event.listen(unit.session, "after_commit", lambda _session: metering.meters_changed(), once=True)


def _told(unit: Unit, meter: Meter) -> MeterOut:
    metering: Metering = unit.installation.metering
    return MeterOut.of(meter, metering.rollups.progress(definition_of(meter)))
