"""The clock of an organisation in test mode: reading it, moving it forward, letting it run again."""

from justpaid.accounts import check_advance, find_organisation, set_clock
from justpaid.api.route import router as new_router
from justpaid.api.schemas.test_clock import AdvancedOut, AdvanceIn, TestClockOut
from justpaid.api.unit_of_work import Unit
from justpaid.invoicing import advance

router = new_router("accounts", "/v1/test-clock")


@router.get("")
def get_test_clock(unit: Unit) -> TestClockOut:
    """What time it is for this organisation."""
    return TestClockOut(now=unit.now(), frozen=unit.identity.clock_at is not None)


@router.post("/advance")
def advance_test_clock(body: AdvanceIn, unit: Unit) -> AdvancedOut:
    """Stop the time of this test organisation at a later instant, and bill what falls due on the way."""
    check_advance(find_organisation(unit.session, unit.organisation_id), body.to, unit.installation.clock)
    # Each step commits by itself, as a billing run's chunks do; this request's transaction has only its key in it.
    made = advance(unit.installation.database, unit.installation.metering, unit.organisation_id, body.to)
    unit.note("updated", "organisations", unit.organisation_id, {"clock_at": (unit.identity.clock_at, made.now)})
    return AdvancedOut(
        now=made.now,
        frozen=True,
        invoices_created=made.invoices_created,
        invoices_finalized=made.invoices_finalized,
    )


@router.delete("")
def release_test_clock(unit: Unit) -> TestClockOut:
    """Let this organisation follow the real time again. What was billed ahead stays billed."""
    set_clock(unit.session, unit.organisation_id, None)
    return TestClockOut(now=unit.installation.clock.now(), frozen=False)
