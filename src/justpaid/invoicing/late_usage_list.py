"""The list of issued invoices with late usage that is not put right."""

from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from justpaid.invoicing.late_usage import CORRECTABLE, LateUsage
from justpaid.invoicing.late_usage_run import late_usage_of
from justpaid.invoicing.tables import Invoice
from justpaid.metering import Metering
from justpaid.platform.finding import newest_first

_AT_ONCE: Final = 100
MAX_LOOKED_AT: Final = 500


def list_late_usage(
    session: Session, metering: Metering, *, limit: int, before_id: str | None = None, customer_id: str | None = None
) -> tuple[list[LateUsage], str | None]:
    """Newest invoice first, and the id of the last invoice looked at where there are more: each takes its questions of
    metering, so that a page looks at 500 at most. Invoices of which only expired events could tell are left out.

    Raises: Overloaded; EngineUnavailable.
    """
    found: list[LateUsage] = []
    for _ in range(MAX_LOOKED_AT // _AT_ONCE):
        query = sa.select(Invoice).where(Invoice.kind == "subscription", Invoice.status.in_(CORRECTABLE))
        if customer_id:
            query = query.where(Invoice.customer_id == customer_id)
        query = query.options(selectinload(Invoice.lines))
        invoices = newest_first(session, query, Invoice.id, _AT_ONCE, before_id)
        found += [late for late in late_usage_of(session, metering, invoices) if late.lines] if invoices else []
        if len(found) > limit:
            return found[:limit], found[limit - 1].invoice.id
        if len(invoices) < _AT_ONCE:
            return found, None
        before_id = invoices[-1].id
    return found, before_id
