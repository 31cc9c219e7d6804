"""Late usage that a billing run puts right by itself, by the organisation's policy, before it bills.

A mark says up to which sequence this was done. From there on the warehouse tells whose usage changed in time that was
billed, so that a run looks at the invoices of those alone. The mark moves when all of them are done: a run that dies is
repeated, and to put right again what was put right changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, selectinload

from justpaid.accounts import Actor, LateUsagePolicy, audit, find_organisation, settings_of
from justpaid.customers import Customer, CustomerKey, owners_of
from justpaid.invoicing.late_usage import CORRECTABLE, LateUsage, find_late_usage
from justpaid.invoicing.late_usage_documents import correct_late_usage
from justpaid.invoicing.late_usage_tables import LateUsageCorrection, LateUsageMark
from justpaid.invoicing.tables import BillingRun, Invoice
from justpaid.invoicing.turns import take_turn
from justpaid.kernel.errors import Conflict, EventsExpired
from justpaid.metering import Aggregation, Metering, Touched, load_definitions
from justpaid.platform.database import Database

log = structlog.get_logger(__name__)

T = TypeVar("T")

_CHUNK: Final = 50
_KEYS: Final = 5_000
#: By itself an organisation makes invoices and credit notes of late usage once in this time, so that usage that
#: trickles in makes one document.
DOCUMENTS_EVERY: Final = timedelta(days=1)
#: A key that is given in a transaction which ends this much later is still seen as new.
_OVERLAP: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a run looks at: `invoices` by id; and the mark to set afterwards."""

    policy: LateUsagePolicy
    invoices: Sequence[str]
    mark: int
    looked_at: datetime


def put_late_usage_right(
    database: Database, metering: Metering, run: BillingRun, now: datetime, *, by_itself: bool
) -> int:
    """How many invoices were corrected. `by_itself`: no person asked for this run.

    Raises: Overloaded; EngineUnavailable. What was put right by then stays.
    """
    look = _look(database, metering, run.organisation_id, now, by_itself=by_itself)
    if look is None:
        return 0
    corrected, documents, left = 0, 0, 0
    for ids in _parts(look.invoices, _CHUNK):
        for invoice_id in _late_among(database, metering, run.organisation_id, ids):
            with database.tenant(run.organisation_id) as session:
                audit(session, run.organisation_id, Actor("system", run.id, "billing run"))
                made = _corrected(session, metering, run, invoice_id, look.policy, now)
                corrected += made is not None
                documents += made is not None and made.policy != "next_invoice"
                left += made is None
    _set_mark(database, run, look, now if documents else None, move=run.finalize or not left)
    return corrected


def _parts(whole: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def _look(
    database: Database, metering: Metering, organisation_id: str, now: datetime, *, by_itself: bool
) -> _Look | None:
    with database.tenant(organisation_id) as session:
        policy = settings_of(find_organisation(session, organisation_id).settings).invoice.late_usage_policy
        if policy == "none":
            return None
        take_turn(session, organisation_id)  # so that no draft is on its way that can't be seen yet
        mark = session.get(LateUsageMark, organisation_id)
        if by_itself and policy != "next_invoice" and mark and _documented_lately(mark, now):
            return None
        since, looked_at = (mark.sequence, mark.looked_at) if mark else (0, None)
        reached, at = _reached(session, metering)
        billed_until = session.scalar(sa.select(sa.func.max(Invoice.period_end)).where(*_OF_PERIODS))
        if billed_until is None:
            return _Look(policy, (), reached, at)
        new_keys = _new_keys(session, looked_at)
        touched = [
            one
            for keys in (_parts(new_keys, _KEYS) if new_keys else [()])
            for one in metering.changes.since(organisation_id, since, billed_until, keys)
        ]
        return _Look(policy, _invoices(session, touched), reached, at)


def _documented_lately(mark: LateUsageMark, now: datetime) -> bool:
    at = mark.documented_at
    return at is not None and at <= now < at + DOCUMENTS_EVERY


#: Invoices that bill usage, as far as they are issued and stand.
_OF_PERIODS: Final = (Invoice.kind == "subscription", Invoice.status.in_(CORRECTABLE))


def _reached(session: Session, metering: Metering) -> tuple[int, datetime]:
    """How far usage is, and when it was there. A draft may be issued as it is: what came after its cut-off, though not
    late yet, will be looked for again."""
    at = session.scalars(sa.select(sa.func.now())).one()
    with metering.snapshot() as position:
        pass
    drafts = sa.select(sa.func.min(Invoice.cutoff)).where(Invoice.status == "draft", Invoice.agreement.is_not(None))
    oldest = session.scalar(drafts)
    return (position if oldest is None else min(position, oldest)), at


def _new_keys(session: Session, since: datetime | None) -> Sequence[str]:
    """Keys that customers were given after they were made, since then."""
    if since is None:
        return ()
    query = (
        sa.select(CustomerKey.key)
        .join(Customer, Customer.id == CustomerKey.customer_id)
        .where(CustomerKey.created_at > Customer.created_at, CustomerKey.created_at > since - _OVERLAP)
    )
    return session.scalars(query.order_by(CustomerKey.key)).all()


def _invoices(session: Session, touched: Sequence[Touched]) -> list[str]:
    """Oldest period first. A level goes on, so a change of one touches all that comes after it."""
    meters = load_definitions(session)
    levels = {meter.event for meter in meters if meter.aggregation is Aggregation.WEIGHTED_SUM}
    spans: dict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
    newest: dict[str, int] = defaultdict(int)
    for part in _parts(touched, _KEYS):
        owners = owners_of(session, {one.customer_key for one in part})
        for one in part:
            if owner := owners.get(one.customer_key):
                spans[owner].append((one.first, None if one.event in levels else one.last))
                newest[owner] = max(newest[owner], one.newest)
    found: dict[str, datetime] = {}
    for customers in _parts(list(spans.items()), _CHUNK):
        query = sa.select(Invoice.id, Invoice.period_end).where(*_OF_PERIODS, sa.or_(*_overlapping(customers, newest)))
        found |= {id_: end for id_, end in session.execute(query)}  # noqa: C416  (rows are no pairs to mypy)
    return sorted(found, key=lambda id_: (found[id_], id_))


def _overlapping(
    customers: Iterable[tuple[str, list[tuple[datetime, datetime | None]]]], newest: Mapping[str, int]
) -> Iterator[sa.ColumnElement[bool]]:
    """Invoices that bill time in which usage changed, and that were made before the newest change."""
    for customer_id, spans in customers:
        first = min(start for start, _ in spans)
        open_ended = any(last is None for _, last in spans)
        condition = sa.and_(
            Invoice.customer_id == customer_id, Invoice.period_end > first, Invoice.cutoff <= newest[customer_id]
        )
        if not open_ended:
            condition = sa.and_(condition, Invoice.period_start <= max(last for _, last in spans if last))
        yield condition


def _late_among(database: Database, metering: Metering, organisation_id: str, ids: Sequence[str]) -> list[str]:
    """Those of the invoices that have late usage, as far as it can be told still."""
    with database.tenant(organisation_id) as session:
        query = sa.select(Invoice).where(Invoice.id.in_(ids)).options(selectinload(Invoice.lines))
        by_id = {invoice.id: invoice for invoice in session.scalars(query)}
        late = late_usage_of(session, metering, [by_id[id_] for id_ in ids])
    return [one.invoice.id for one in late if one.lines]


def late_usage_of(session: Session, metering: Metering, invoices: Sequence[Invoice]) -> list[LateUsage]:
    """As `find_late_usage`, but without the invoices that only expired events could tell of."""
    try:
        return find_late_usage(session, metering, invoices)
    except EventsExpired as expired:
        if len(invoices) == 1:
            log.info("late_usage.events_expired", invoice=invoices[0].id, reason=expired.detail)
            return []
    return [late for invoice in invoices for late in late_usage_of(session, metering, [invoice])]


def _corrected(
    session: Session, metering: Metering, run: BillingRun, invoice_id: str, policy: LateUsagePolicy, now: datetime
) -> LateUsageCorrection | None:
    invoice = session.get_one(Invoice, invoice_id)
    try:
        return correct_late_usage(
            session, metering, invoice, policy, now, billing_run_id=run.id, documents=run.finalize
        )  # fmt: skip
    except (Conflict, EventsExpired) as refused:
        log.warning("late_usage.not_corrected", invoice=invoice.number, reason=refused.detail)
        session.rollback()
        return None


def _set_mark(database: Database, run: BillingRun, look: _Look, documented_at: datetime | None, *, move: bool) -> None:
    values: dict[str, object] = {"sequence": look.mark, "looked_at": look.looked_at} if move else {}
    if documented_at is not None:
        values["documented_at"] = documented_at
    if not values:
        return
    first = {"organisation_id": run.organisation_id, "sequence": 0, "looked_at": look.looked_at, **values}
    statement = insert(LateUsageMark).values(first)
    with database.tenant(run.organisation_id) as session:
        session.execute(statement.on_conflict_do_update(index_elements=["organisation_id"], set_=values))
