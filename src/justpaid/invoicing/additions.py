"""What comes to the usage and fees of due boundaries: pending items, discounts and tax, less what threshold invoices
billed; and storing the lines."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog import Plan, PlanVersion
from justpaid.coupons import record_uses
from justpaid.invoicing.bill import Bill
from justpaid.invoicing.consolidated import Part, SharedBill
from justpaid.invoicing.due import Due
from justpaid.invoicing.items import pending_items
from justpaid.invoicing.progress import Progress, Running, deducted, load_progress
from justpaid.invoicing.quantities import Answers
from justpaid.invoicing.tables import InvoiceItem, InvoiceLine
from justpaid.invoicing.tally import Conditions, Tally, load_conditions
from justpaid.metering import MeterDefinition
from justpaid.platform.bulk import insert_rows

#: An invoice's id, its tally, and the meters that were counted for it.
Stored = tuple[str, Tally, Mapping[str, MeterDefinition]]


class Additions:
    """Each pending item, and each use of a discount, goes to the first invoice that can take it."""

    def __init__(
        self,
        conditions: Conditions,
        items: dict[tuple[str, str], list[InvoiceItem]],
        plans: Mapping[str, tuple[str, str]],
        progress: Mapping[Running, Progress],
    ) -> None:
        self._conditions = conditions
        self._items = items
        self._plans = plans
        self._progress = progress

    def tally(self, bill: Bill | SharedBill, billed: Sequence[Due], answers: Answers) -> Tally:
        """Of `billed`, whose bills `bill` has. Without a line of its own, at a boundary in a pause, an invoice would be
        of items alone: they wait."""
        customer, currency = billed[0].subscription.customer, billed[0].bill.currency
        lines = bill.lines(answers)
        before = self._before(bill, billed)
        whole = self._conditions.tally(
            customer,
            lines,
            currency=currency,
            items=self._items.pop((customer.id, currency), ()) if lines else (),
            plans={one.subscription.id: self._plan_of(one)[0] for one in billed},
            held=before.held,
        )
        return deducted(whole, before)

    def bill_of(self, due: Sequence[Due]) -> Bill | SharedBill:
        """Of what shares an invoice."""
        if len(due) == 1:
            return due[0].bill
        return SharedBill(tuple(Part(one.subscription.id, self._plan_of(one)[1], one.bill) for one in due))

    def _before(self, bill: Bill | SharedBill, billed: Sequence[Due]) -> Progress:
        found = [self._progress.get(_running(one), Progress()) for one in billed]
        if isinstance(bill, Bill):
            return found[0]
        return Progress.shared(found, {part.subscription_id: part.plan_name for part in bill.parts})

    def _plan_of(self, due: Due) -> tuple[str, str]:
        return self._plans.get(due.bill.agreement.plan_version_id or "", ("", ""))


def load_additions(session: Session, due: Sequence[Due]) -> Additions:
    customers = {one.subscription.customer_id: one.subscription.customer for one in due}
    versions = {version for one in due if (version := one.bill.agreement.plan_version_id)}
    progress = load_progress(session, map(_running, due), lock=True)
    held = {discount for one in progress.values() for discount in one.held}
    conditions = load_conditions(session, customers.values(), held=held)
    return Additions(conditions, pending_items(session, customers), _plans(session, versions), progress)


def _running(due: Due) -> Running:
    return due.subscription.id, due.bill.agreement.period.start


def plan_keys(session: Session, versions: Iterable[str]) -> dict[str, str]:
    """By the id of the version."""
    query = sa.select(PlanVersion.id, Plan.key).join(Plan, Plan.id == PlanVersion.plan_id)
    rows = session.execute(query.where(PlanVersion.id.in_(list(versions))))
    return {version_id: key for version_id, key in rows}  # noqa: C416  (rows are no pairs to mypy)


def _plans(session: Session, versions: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Key and name, by the id of the version."""
    query = sa.select(PlanVersion.id, Plan.key, Plan.name).join(Plan, Plan.id == PlanVersion.plan_id)
    rows = session.execute(query.where(PlanVersion.id.in_(list(versions))))
    return {version_id: (key, name) for version_id, key, name in rows}


def store_lines(session: Session, organisation_id: str, stored: Iterable[Stored]) -> None:
    """Insert the lines of new or remade invoices; their items and discounts are theirs from now on."""
    stored = list(stored)
    rows = [row for id_, tally, meters in stored for row in tally.line_rows(organisation_id, id_, meters)]
    for id_, tally, _ in stored:
        for item in tally.items:
            item.invoice_id = id_
    session.flush()
    insert_rows(session, InvoiceLine, rows)
    record_uses(session, organisation_id, [(used, id_) for id_, tally, _ in stored for used in tally.used_discounts()])
