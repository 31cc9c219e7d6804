"""The billing run: an invoice for every elapsed period of every subscription.

It works on chunks of subscriptions, each in one transaction that makes the invoices, moves `next_bill_at` and gives
the numbers. So a run may die anywhere and be repeated, and several may run side by side: what one has made, the unique
constraint on (subscription, period end) keeps the others from making again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from justpaid.catalog import Terms, terms_of
from justpaid.contracts import Subscription, boundary_following
from justpaid.customers import keys_of
from justpaid.invoicing.compose import Boundary, Line, Metered, boundary_at, compose_lines, total_of
from justpaid.invoicing.finalize import finalize_drafts
from justpaid.invoicing.quantities import Answers, Asked, read_quantities
from justpaid.invoicing.tables import BillingRun, Invoice, InvoiceLine
from justpaid.kernel.clock import Clock
from justpaid.kernel.ids import new_id
from justpaid.metering import Meter, MeterDefinition, Metering, definition_of
from justpaid.platform.database import Database
from justpaid.platform.failpoints import failpoint

_CHUNK: Final = 200
_TURNS: Final = 5_302_771_946  # so that these locks are apart from those of other purposes


@dataclass(frozen=True, slots=True)
class Due:
    """A subscription with the boundary to bill, and what is needed to compose its lines."""

    subscription: Subscription
    terms: Terms
    boundary: Boundary
    keys: tuple[str, ...]
    meters: tuple[MeterDefinition, ...]

    def asked(self) -> list[Asked]:
        if self.boundary.past is None:
            return []
        customer_id = self.subscription.customer_id
        return [Asked(customer_id, self.keys, meter, self.boundary.past) for meter in self.meters]

    def lines(self, answers: Answers) -> list[Line]:
        return compose_lines(self.subscription, self.terms, self.boundary, self.metered(answers))

    def metered(self, answers: Answers) -> dict[str, Metered]:
        if self.boundary.past is None:
            return {}
        found = {
            meter.key: answers.get((self.subscription.customer_id, meter.key, self.boundary.past))
            for meter in self.meters
        }
        return {key: metered for key, metered in found.items() if metered is not None}


def run_billing(
    database: Database,
    metering: Metering,
    clock: Clock,
    organisation_id: str,
    *,
    as_of: datetime,
    finalize: bool = True,
    made_before: datetime | None = None,
) -> BillingRun:
    """Bill all that has elapsed by `as_of`, counting what was journalled by now.

    `finalize`: also finalise it, and the drafts that wait. `made_before` leaves out subscriptions made later, and
    drafts that a run was asked not to finalise: those wait for a person.
    Raises: Overloaded if metering is far behind; EngineUnavailable. What was made by then stays, and counts.
    """
    run = BillingRun(
        id=new_id("run"), organisation_id=organisation_id, as_of=as_of, finalize=finalize, status="running",
        invoices_created=0, invoices_finalized=0, created_at=clock.now(),
    )  # fmt: skip
    with database.tenant(organisation_id) as session:
        session.add(run)
    while _bill_chunk(database, metering, run, made_before):
        failpoint("billing.between_chunks")
    if finalize:
        while _finalize_chunk(database, clock, run, leave_reviewed=made_before is not None):
            failpoint("billing.between_finalizations")
    with database.tenant(organisation_id) as session:
        run = session.merge(run)
        run.status = "completed"
        run.finished_at = clock.now()
    return run


def _bill_chunk(database: Database, metering: Metering, run: BillingRun, made_before: datetime | None) -> bool:
    """Bill up to a chunk of due boundaries, the oldest first; False when there was none."""
    with database.tenant(run.organisation_id) as session:
        _take_turn(session, run.organisation_id)
        due = load_due(session, _due_subscriptions(session, run.as_of, made_before))
        if not due:
            return False
        with metering.snapshot() as cutoff:
            answers = read_quantities(metering, [asked for one in due for asked in one.asked()])
        created = _store(session, run, due, answers, cutoff)
        failpoint("billing.before_commit")
        run.invoices_created += created
        session.execute(
            sa.update(BillingRun).where(BillingRun.id == run.id).values(invoices_created=run.invoices_created)
        )
    failpoint("billing.after_commit")
    return True


def _take_turn(session: Session, organisation_id: str) -> None:
    """Let one chunk of the organisation at a time go, until this transaction ends.

    What is due first changes with each chunk, so that two runs would lock the same subscriptions in different orders
    and wait for each other.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(organisation_id, _TURNS))))


def _due_subscriptions(session: Session, as_of: datetime, made_before: datetime | None) -> Sequence[Subscription]:
    query = sa.select(Subscription).where(Subscription.next_bill_at <= as_of)
    if made_before is not None:
        query = query.where(Subscription.created_at <= made_before)
    return session.scalars(
        query.order_by(Subscription.next_bill_at, Subscription.id)
        .limit(_CHUNK)
        .options(joinedload(Subscription.customer), joinedload(Subscription.plan_version))
        .with_for_update(of=Subscription)
    ).all()


def load_due(session: Session, subscriptions: Sequence[Subscription], at: datetime | None = None) -> list[Due]:
    """Each with its next boundary to bill, or with the boundary `at`."""
    keys = keys_of(session, [subscription.customer for subscription in subscriptions])
    meters = {meter.key: definition_of(meter) for meter in session.scalars(sa.select(Meter))} if subscriptions else {}
    terms = {s.plan_version_id: terms_of(s.plan_version) for s in subscriptions}
    due = []
    for subscription in subscriptions:
        boundary = at or subscription.next_bill_at
        assert boundary is not None
        agreed = terms[subscription.plan_version_id]
        named = dict.fromkeys(price.meter for price in agreed.prices if price.meter)
        due.append(
            Due(
                subscription=subscription,
                terms=agreed,
                boundary=boundary_at(subscription, boundary),
                keys=tuple(keys[subscription.customer_id]),
                meters=tuple(meters[key] for key in named),
            )
        )
    return due


def _store(session: Session, run: BillingRun, due: Sequence[Due], answers: Answers, cutoff: int) -> int:
    """Insert the invoices that are not there yet, with their lines, and move each subscription on; how many."""
    composed = {one.subscription.id: one.lines(answers) for one in due}
    definitions = {one.subscription.id: {meter.key: meter.as_json() for meter in one.meters} for one in due}
    rows = [_invoice_row(run, one, composed[one.subscription.id], cutoff) for one in due]
    inserted = session.execute(
        insert(Invoice)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["subscription_id", "period_end"])
        .returning(Invoice.id, Invoice.subscription_id)
    ).all()
    lines = [
        _line_row(run.organisation_id, invoice_id, position, line, definitions[subscription_id])
        for invoice_id, subscription_id in inserted
        for position, line in enumerate(composed[subscription_id], 1)
    ]
    if lines:
        session.execute(sa.insert(InvoiceLine), lines)
    session.execute(
        sa.update(Subscription),
        [
            {"id": one.subscription.id, "next_bill_at": boundary_following(one.subscription, one.boundary.at)}
            for one in due
        ],
    )
    return len(inserted)


def _invoice_row(run: BillingRun, due: Due, lines: Sequence[Line], cutoff: int) -> dict[str, Any]:
    subscription, customer, total = due.subscription, due.subscription.customer, total_of(lines)
    return {
        "id": new_id("inv"),
        "organisation_id": run.organisation_id,
        "status": "draft",
        "customer_id": customer.id,
        "subscription_id": subscription.id,
        "plan_version_id": subscription.plan_version_id,
        "billing_run_id": run.id,
        "currency": due.terms.currency,
        "timezone": subscription.timezone,
        "period_start": due.boundary.period.start,
        "period_end": due.boundary.period.end,
        "customer": {
            "name": customer.name,
            "email": customer.email,
            "external_id": customer.external_id,
            "address": customer.address,
        },
        "customer_keys": list(due.keys),
        "cutoff": cutoff,
        "subtotal": total,
        "discount": 0,
        "tax": 0,
        "credits_applied": 0,
        "total": total,
        "amount_paid": 0,
        "amount_due": total,
    }


def _line_row(
    organisation_id: str, invoice_id: str, position: int, line: Line, definitions: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": new_id("il"),
        "organisation_id": organisation_id,
        "invoice_id": invoice_id,
        "position": position,
        "description": line.description,
        "price_key": line.price_key,
        "meter": line.meter,
        "meter_definition": definitions[line.meter] if line.meter else None,
        "quantity": line.quantity,
        "unit_amount": line.unit_amount,
        "amount": line.amount,
        "amount_exact": line.amount_exact,
        "period_start": line.period.start,
        "period_end": line.period.end,
        "steps": line.steps_as_json(),
        "groups": line.groups_as_json(),
    }


def _finalize_chunk(database: Database, clock: Clock, run: BillingRun, *, leave_reviewed: bool) -> bool:
    with database.tenant(run.organisation_id) as session:
        finalized = finalize_drafts(
            session, run.organisation_id, clock.now(), until=run.as_of, limit=_CHUNK, leave_reviewed=leave_reviewed
        )
        failpoint("billing.before_finalize_commit")
        run.invoices_finalized += finalized
        session.execute(
            sa.update(BillingRun).where(BillingRun.id == run.id).values(invoices_finalized=run.invoices_finalized)
        )
    return finalized > 0
