"""Billing what has elapsed."""

from datetime import datetime

from justpaid.accounts import MAX_YEARS_AHEAD
from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.billing_runs import BillingRunIn, BillingRunOut
from justpaid.api.unit_of_work import Unit
from justpaid.invoicing import find_run, list_runs, run_billing
from justpaid.kernel.errors import InvalidRequest

router = new_router("billing", "/v1/billing-runs")


@router.post("", status_code=201)
def create_billing_run(body: BillingRunIn, unit: Unit) -> BillingRunOut:
    """Make an invoice for every elapsed period of every subscription. Safe to repeat: each period is billed once."""
    as_of = _as_of(body.as_of, unit)
    # The run has transactions of its own, a chunk each; this request's has only its idempotency key in it.
    run = run_billing(
        unit.installation.database,
        unit.installation.metering,
        unit.clock,
        unit.organisation_id,
        as_of=as_of,
        finalize=body.finalize,
    )
    made = {
        name: (None, getattr(run, name)) for name in ("as_of", "finalize", "invoices_created", "invoices_finalized")
    }
    unit.note("created", "billing_runs", run.id, made)
    return BillingRunOut.of(run)


@router.get("")
def list_billing_runs(unit: Unit, paging: Paging) -> Page[BillingRunOut]:
    """All runs, newest first."""
    return paging.page(
        list_runs(unit.session, limit=paging.fetch, before_id=paging.before_id("run")),
        BillingRunOut.of,
    )


@router.get("/{run_id}")
def get_billing_run(run_id: str, unit: Unit) -> BillingRunOut:
    """One run."""
    return BillingRunOut.of(find_run(unit.session, run_id))


def _as_of(asked: datetime | None, unit: Unit) -> datetime:
    """Raises: InvalidRequest for the future, in live mode; for one beyond reason, in test mode."""
    now = unit.now()
    if asked is None:
        return now
    if asked > now and unit.identity.mode == "live":
        raise InvalidRequest.of("as_of", "is in the future: leave it out to bill up to now, or try it in test mode")
    if asked.year > now.year + MAX_YEARS_AHEAD:
        raise InvalidRequest.of("as_of", f"must be at most {MAX_YEARS_AHEAD} years ahead")
    return asked
