"""The report of usage that no invoice has and none will: who sent it, why, and where to look.

What is merely not billed yet is no part of it: an event with a customer, a meter and an agreed price waits for the end
of its period. An event may have several reasons.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, load_only, selectinload

from justpaid.contracts import PriceBook, Subscription, SubscriptionPhase, timeline_of
from justpaid.customers import owners_of
from justpaid.invoicing.late_usage import live_corrections
from justpaid.invoicing.tables import Invoice, InvoiceLine
from justpaid.kernel.period import Period
from justpaid.metering import Agreement, Counted, Gap, Metering, load_definitions

_CHUNK: Final = 10_000


def unbilled(session: Session, metering: Metering, organisation_id: str, period: Period) -> list[Gap]:
    """A gap for every reason, in the order of `Reason`, of the events with a timestamp in `period`.

    Raises: EngineUnavailable.
    """
    reader = metering.unbilled
    meters = load_definitions(session)
    present = reader.customer_keys(organisation_id, period)
    owners = _owners(session, list(present))
    unowned = {key: events for key, events in present.items() if key not in owners}
    agreements = _agreements(session, period, owners)
    counted = list(dict.fromkeys(_counted(session, period, owners)))
    return [
        reader.without_customer(organisation_id, period, unowned),
        *reader.without_meter(organisation_id, period, meters),
        *reader.without_agreement(organisation_id, period, meters, owners, agreements),
        reader.late(organisation_id, period, meters, counted),
    ]


def _owners(session: Session, keys: list[str]) -> dict[str, str]:
    owners: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        owners |= owners_of(session, keys[start : start + _CHUNK])
    return owners


def _keys_by_owner(owners: Mapping[str, str]) -> dict[str, list[str]]:
    keys: dict[str, list[str]] = {}
    for key, customer_id in owners.items():
        keys.setdefault(customer_id, []).append(key)
    return keys


def _agreements(session: Session, period: Period, owners: Mapping[str, str]) -> Iterator[Agreement]:
    """What each phase charges for, under each key of its customer that events have.

    In a trial and in a pause usage is free, which is an agreement too.
    """
    keys = _keys_by_owner(owners)
    query = (
        sa.select(Subscription)
        .where(Subscription.start_at < period.end)
        .where(sa.or_(Subscription.end_at.is_(None), Subscription.end_at > period.start))
        .options(selectinload(Subscription.phases).joinedload(SubscriptionPhase.plan_version))
    )
    subscriptions = session.scalars(query).all()
    timelines = [(one, timeline_of(one)) for one in subscriptions]
    book = PriceBook.load(session, [phase.agreed for _, timeline in timelines for phase in timeline.phases])
    for subscription, timeline in timelines:
        for phase, start, end in timeline.spans():
            meters = sorted(book.charges(phase.agreed, subscription.currency).meters)
            for key in keys.get(subscription.customer_id, ()):
                yield Agreement(key, start, end, meters)


def _counted(session: Session, period: Period, owners: Mapping[str, str]) -> Iterator[Counted]:
    """What invoices, and the last correction of each, have counted; of a key that became the customer's only
    afterwards, nothing."""
    keys = _keys_by_owner(owners)
    lines = session.execute(_lines_over(period)).all()
    corrections = live_corrections(session, {invoice.id for _, invoice in lines})
    for line, invoice in lines:
        assert line.meter is not None
        state = corrections[invoice.id][-1] if invoice.id in corrections else invoice
        known_then = set(state.customer_keys)
        for key in keys.get(invoice.customer_id, ()):
            cutoff = state.cutoff if key in known_then else 0
            yield Counted(key, line.period_start, line.period_end, line.meter, cutoff, invoice.id)


def _lines_over(period: Period) -> sa.Select[InvoiceLine, Invoice]:
    return (
        sa.select(InvoiceLine, Invoice)
        .join(Invoice, InvoiceLine.invoice_id == Invoice.id)
        # What is late for a threshold invoice is not for that of its period.
        .where(Invoice.status != "void", Invoice.kind.not_in(("threshold", "supplementary")))
        .where(InvoiceLine.meter.is_not(None))
        .where(InvoiceLine.period_start < period.end, InvoiceLine.period_end > period.start)
        .order_by(Invoice.id, InvoiceLine.position)
        .options(load_only(InvoiceLine.meter, InvoiceLine.period_start, InvoiceLine.period_end))
        .options(load_only(Invoice.customer_id, Invoice.customer_keys, Invoice.cutoff))
    )
