"""Creating, reading and changing customers."""

from typing import Annotated, Final

from fastapi import Query

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.customers import CustomerIn, CustomerOut, CustomerPatch
from justpaid.api.schemas.summaries import CustomerSummaryOut
from justpaid.api.unit_of_work import Unit
from justpaid.customers import (
    Customer,
    NewCustomer,
    Sort,
    find_customer,
    keys_of,
)
from justpaid.customers import (
    create_customer as create,
)
from justpaid.customers import (
    list_customers as found_in,
)
from justpaid.customers import (
    update_customer as update,
)
from justpaid.insights import customer_summary
from justpaid.metering import Metering

router = new_router("customers", "/v1/customers")

#: As for usage and estimates, so that all show the same number.
_FRESH_WITHIN_S: Final = 1.0

# `:path` because an external id may hold a slash.


@router.post("", status_code=201)
def create_customer(body: CustomerIn, unit: Unit) -> CustomerOut:
    """Create a customer. Events may have named it before; they count from the start."""
    customer = create(unit.session, unit.organisation_id, NewCustomer(**body.fields()))
    return _shown(unit, customer)


@router.get("")
def list_customers(
    unit: Unit,
    paging: Paging,
    search: Annotated[
        str | None, Query(max_length=200, description="What name, external id or e-mail contain, in any case.")
    ] = None,
    sort: Annotated[Sort, Query(description="`-` turns the order around.")] = "-created_at",
) -> Page[CustomerOut]:
    """All customers, or those that are searched for; newest first unless told otherwise."""
    customers = found_in(unit.session, limit=paging.fetch, before_id=paging.before_id("cus"), search=search, sort=sort)
    aliases = keys_of(unit.session, customers, "alias")
    return paging.page(customers, lambda customer: CustomerOut.of(customer, aliases[customer.id]))


@router.get("/{customer:path}/summary")
def get_customer_summary(customer: str, unit: Unit) -> CustomerSummaryOut:
    """What a customer used, what it costs so far and is going to, what is due, and what it has in credits."""
    metering: Metering = unit.installation.metering
    metering.catch_up(_FRESH_WITHIN_S)  # first, while no connection is held
    found = find_customer(unit.session, customer)
    return CustomerSummaryOut.of(found, customer_summary(unit.session, metering, found, unit.now()))


@router.get("/{customer:path}")
def get_customer(customer: str, unit: Unit) -> CustomerOut:
    """One customer, by its id, external id or alias."""
    return _shown(unit, find_customer(unit.session, customer))


@router.patch("/{customer:path}")
def update_customer(customer: str, body: CustomerPatch, unit: Unit) -> CustomerOut:
    """Change the fields that are sent."""
    changes = body.changes()
    before = _aliases(unit, find_customer(unit.session, customer))
    changed = update(unit.session, customer, changes)
    if before != (aliases := _aliases(unit, changed)):
        unit.note("updated", "customers", changed.id, {"aliases": (before, aliases)})
    return _shown(unit, changed)


def _aliases(unit: Unit, customer: Customer) -> list[str]:
    return keys_of(unit.session, [customer], "alias")[customer.id]


def _shown(unit: Unit, customer: Customer) -> CustomerOut:
    return CustomerOut.of(customer, _aliases(unit, customer))
