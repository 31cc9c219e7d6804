"""What became of an event: who it belongs to, what the meters took from it, where it was billed, or why it was not."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from justpaid.api.schemas.events import BilledLineOut, EventFate, MeasureOut, VersionOut, event_out_fields
from justpaid.api.unit_of_work import UnitOfWork
from justpaid.customers import owners_of
from justpaid.invoicing import Occurrence, Sought, lines_including, too_late_for
from justpaid.metering import Measure, StoredEvent, load_definitions

_LEFT_OUT: Final = {
    "held": "its backfill {} is open: close it, and the event counts",
    "reverted": "its backfill {} was reverted",
    "replaced": "backfill {} replaced it",
}


def fate_of(unit: UnitOfWork, event: StoredEvent) -> EventFate:
    metering = unit.installation.metering
    customer_id = owners_of(unit.session, [event.customer_key]).get(event.customer_key)
    metered = event.sequence < metering.drainer.position
    measures: list[Measure] = []
    lines: list[Occurrence] = []
    missed = None
    if metered:
        meters = [meter for meter in load_definitions(unit.session) if meter.event == event.event]
        measures = metering.events.measures(meters, event)
    if customer_id is not None and measures:
        sought = _sought(unit, event, measures)
        lines = lines_including(unit.session, sought)
        missed = too_late_for(unit.session, sought, customer_id) if event.counts and not lines else None
    return EventFate(
        **event_out_fields(event, customer_id, metered=metered),
        attributed=customer_id is not None,
        meters=[MeasureOut.of(measure) for measure in measures] if event.counts else [],
        lines=[BilledLineOut(**asdict(line)) for line in lines],
        reason=_waits(lines) if lines else _too_late(missed) or _why_not_billed(event, customer_id, metered, measures),
        versions=[VersionOut.of(change) for change in metering.events.history(unit.organisation_id, event.id)],
    )


def _sought(unit: UnitOfWork, event: StoredEvent, measures: Sequence[Measure]) -> Sought:
    return Sought(
        customer_key=event.customer_key,
        meters={measure.meter.key for measure in measures},
        timestamp=event.timestamp,
        counted=unit.installation.metering.events.counted_during(unit.organisation_id, event),
    )


def _waits(lines: Sequence[Occurrence]) -> str | None:
    if any(line.invoice_id or line.credit_note_number for line in lines):
        return None
    return f"it came after {lines[0].corrects} was issued: the customer's next invoice bills it"


def _too_late(missed: str | None) -> str | None:
    if missed is None:
        return None
    return f"it came after {missed} was issued: GET /v1/invoices/{missed}/late-usage says what that comes to"


def _why_not_billed(event: StoredEvent, customer_id: str | None, metered: bool, measures: Sequence[Measure]) -> str:
    if event.voided:
        return "it was voided before any invoice included it"
    if event.left_out is not None:
        return _LEFT_OUT[event.left_out.why].format(event.left_out.backfill_id)
    if not metered:
        return "it is not metered yet: ask again in a moment"
    if customer_id is None:
        return f"no customer has this key: give one {event.customer_key!r} as its external_id or as an alias"
    if not measures:
        return f"no meter takes this event: make one for {event.event!r}, or check the filters of those there are"
    return "no invoice line includes it so far"
