"""Making plans and their versions, and reading them."""

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.plans import PlanIn, PlanOut, PlanVersionIn, PlanWithVersionsOut
from justpaid.api.unit_of_work import Unit
from justpaid.catalog import add_version, find_plan
from justpaid.catalog import create_plan as create
from justpaid.catalog import list_plans as newest

router = new_router("plans", "/v1/plans")


@router.post("", status_code=201)
def create_plan(body: PlanIn, unit: Unit) -> PlanOut:
    """Make a plan with its first version."""
    plan = create(
        unit.session,
        unit.organisation_id,
        key=body.key,
        name=body.name,
        currency=body.currency,
        interval=body.interval,
        prices=body.prices,
    )
    return PlanOut.of(plan)


@router.get("")
def list_plans(unit: Unit, paging: Paging) -> Page[PlanOut]:
    """All plans, each as its latest version has it, newest first."""
    return paging.page(newest(unit.session, limit=paging.fetch, before_id=paging.before_id("plan")), PlanOut.of)


@router.get("/{plan}")
def get_plan(plan: str, unit: Unit) -> PlanWithVersionsOut:
    """One plan, by its key or id, with all its versions."""
    return PlanWithVersionsOut.of(find_plan(unit.session, plan))


@router.post("/{plan}/versions", status_code=201)
def create_plan_version(plan: str, body: PlanVersionIn, unit: Unit) -> PlanOut:
    """Add a version, for new subscriptions; those that exist keep theirs."""
    found = find_plan(unit.session, plan)
    add_version(unit.session, found, currency=body.currency, interval=body.interval, prices=body.prices)
    return PlanOut.of(found)
