"""Creating, reading and changing customers."""

from justpaid.api.paging import Page, Paging
from justpaid.api.route import router as new_router
from justpaid.api.schemas.customers import CustomerIn, CustomerOut, CustomerPatch
from justpaid.api.unit_of_work import Unit
from justpaid.customers import (
    Customer,
    NewCustomer,
    find_customer,
    keys_of,
)
from justpaid.customers import (
    create_customer as create,
)
from justpaid.customers import (
    list_customers as newest,
)
from justpaid.customers import (
    update_customer as update,
)

router = new_router("customers", "/v1/customers")

# `:path` because an external id may hold a slash.


@router.post("", status_code=201)
def create_customer(body: CustomerIn, unit: Unit) -> CustomerOut:
    """Create a customer. Events may have named it before; they count from the start."""
    customer = create(unit.session, unit.organisation_id, NewCustomer(**body.fields()))
    return _shown(unit, customer)


@router.get("")
def list_customers(unit: Unit, paging: Paging) -> Page[CustomerOut]:
    """All customers, newest first."""
    customers = newest(unit.session, limit=paging.fetch, before_id=paging.before_id("cus"))
    aliases = keys_of(unit.session, customers, "alias")
    return paging.page(customers, lambda customer: CustomerOut.of(customer, aliases[customer.id]))


@router.get("/{customer:path}")
def get_customer(customer: str, unit: Unit) -> CustomerOut:
    """One customer, by its id, external id or alias."""
    return _shown(unit, find_customer(unit.session, customer))


@router.patch("/{customer:path}")
def update_customer(customer: str, body: CustomerPatch, unit: Unit) -> CustomerOut:
    """Change the fields that are sent."""
    return _shown(unit, update(unit.session, customer, body.changes()))


def _shown(unit: Unit, customer: Customer) -> CustomerOut:
    return CustomerOut.of(customer, keys_of(unit.session, [customer], "alias")[customer.id])
