"""What comes to the usage and fees of due boundaries: pending items, discounts and tax, less what threshold invoices
billed; and storing the lines."""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from justpaid.catalog import Plan, PlanVersion
from justpaid.coupons import record_uses
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
        plans: Mapping[str, str],
        progress: Mapping[Running, Progress],
    ) -> None:
        self._conditions = conditions
        self._items = items
        self._plans = plans
        self._progress = progress

    def tally(self, due: Due, answers: Answers) -> Tally:
        """Without a line of its own, at a boundary in a pause, an invoice would be of items alone: they wait."""
        customer, bill = due.subscription.customer, due.bill
        lines = bill.lines(answers)
        before = self._progress.get(_running(due), Progress())
        whole = self._conditions.tally(
            customer,
            lines,
            currency=bill.currency,
            items=self._items.pop((customer.id, bill.currency), ()) if lines else (),
            subscription_id=due.subscription.id,
            plan=self._plans.get(bill.agreement.plan_version_id or "", ""),
            held=before.held,
        )
        return deducted(whole, before)


def load_additions(session: Session, due: Sequence[Due]) -> Additions:
    customers = {one.subscription.customer_id: one.subscription.customer for one in due}
    versions = {version for one in due if (version := one.bill.agreement.plan_version_id)}
    progress = load_progress(session, map(_running, due), lock=True)
    held = {discount for one in progress.values() for discount in one.held}
    conditions = load_conditions(session, customers.values(), held=held)
    return Additions(conditions, pending_items(session, customers), plan_keys(session, versions), progress)


def _running(due: Due) -> Running:
    return due.subscription.id, due.bill.agreement.period.start


def plan_keys(session: Session, versions: Iterable[str]) -> dict[str, str]:
    """By the id of the version."""
    query = sa.select(PlanVersion.id, Plan.key).join(Plan, Plan.id == PlanVersion.plan_id)
    rows = session.execute(query.where(PlanVersion.id.in_(list(versions))))
    return {version_id: key for version_id, key in rows}  # noqa: C416  (rows are no pairs to mypy)


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
