"""The standing checks: the invariants, asked of what is stored now.

They hold on a live installation: usage is recounted a slice at a time, for which metering stands still; receipts go on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
import structlog

from justpaid.credits import check_credits
from justpaid.installation.installation import Installation
from justpaid.invoicing import check_invoices
from justpaid.ledger import check_ledger
from justpaid.metering import load_definitions

log = structlog.get_logger(__name__)

_UNGUARDED: Final = """
    SELECT c.relname FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND NOT (
        c.relrowsecurity AND c.relforcerowsecurity
        AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
    ORDER BY c.relname"""
_TENANT_TABLES: Final = """
    SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'organisation_id' AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p')"""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`detail` says what was looked at where all is well, and what is wrong where not."""

    name: str
    ok: bool
    detail: str


def run_checks(installation: Installation) -> list[CheckResult]:
    """Every check, each by itself: one that can't be carried out fails and leaves the others be."""
    checks: dict[str, Callable[[Installation], CheckResult]] = {
        "events and usage": _events_and_usage,
        "invoices": _invoices,
        "ledger and credits": _ledger_and_credits,
        "isolation": _isolation,
    }
    return [_carried_out(name, check, installation) for name, check in checks.items()]


def _carried_out(name: str, check: Callable[[Installation], CheckResult], installation: Installation) -> CheckResult:
    try:
        return check(installation)
    except Exception as error:
        log.exception("check_failed", check=name)
        return CheckResult(name, False, f"could not be carried out: {error}")


def _events_and_usage(installation: Installation) -> CheckResult:
    """Every acknowledged event is in the warehouse exactly once, and usage equals a recount of the events."""
    metering = installation.metering
    head = installation.journal.head
    with installation.database.system() as session:
        meters = load_definitions(session)
    building = sum(metering.rollups.progress(meter) < 1 for meter in meters)
    # Waits until all that was accepted by now is metered; fails if that does not happen.
    wrong = [f"{difference.subject} ({difference.count})" for difference in metering.recount(meters)]
    well = f"{head} events, each counted once; {len(meters) - building} meters equal a recount"
    if building:
        well += f", {building} not looked at: their rollups are still being built"
    return CheckResult("events and usage", not wrong, "; ".join(wrong) or well)


def _invoices(installation: Installation) -> CheckResult:
    """Totals add up, and invoice numbers have no gaps."""
    with installation.database.system() as session:
        wrong = check_invoices(session)
        invoices = session.scalar(sa.text("SELECT count(*) FROM invoices"))
    return CheckResult(
        "invoices", not wrong, "; ".join(wrong) or f"{invoices} invoices add up, their numbers have no gap"
    )


def _ledger_and_credits(installation: Installation) -> CheckResult:
    """The ledger sums to zero per currency, and grants hold what it says."""
    with installation.database.system() as session:
        wrong = check_ledger(session) + check_credits(session)
        entries = session.scalar(sa.text("SELECT count(*) FROM ledger_entries"))
    detail = "; ".join(wrong) or f"{entries} ledger entries sum to zero, no credit is spent twice"
    return CheckResult("ledger and credits", not wrong, detail)


def _isolation(installation: Installation) -> CheckResult:
    """Row-level security is on, for their owner too, on every table of an organisation's rows."""
    with installation.database.system() as session:
        unguarded = session.scalars(sa.text(_UNGUARDED)).all()
        tables = session.scalar(sa.text(_TENANT_TABLES))
    detail = f"no row-level security on {', '.join(unguarded)}" if unguarded else f"{tables} tables are guarded by row"
    return CheckResult("isolation", not unguarded, detail)
